"""The go-live report names what is ready, what needs attention and what blocks; going live follows it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import clock
from tests.builders import NOON, SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_shadow import switch_to
from tests.flows.comparison.test_look_ups import later_on

from doorstep.domain.connections import views
from doorstep.domain.connections.actions import checks, feeds
from doorstep.domain.connections.model import CheckFinding, Kind, Mode, ReadingState
from doorstep.domain.connections.model.comparison import Operation, Result
from doorstep.domain.connections.model.readiness import CatchUp, Kept, Readiness, Report, Topic
from doorstep.flows import connection_checks
from doorstep.flows.go_live import report
from doorstep.flows.go_live.switch import NotConfirmed, Wanted, go_live
from doorstep.flows.operations import CaughtUp
from doorstep.flows.stock import publish
from doorstep.kernel import errors
from doorstep.kernel.message import Message


def of(retailer: Retailer, key: str = "shop") -> Report:
    return retailer.read(lambda tx: report.of(retailer.app.context, tx, key=key))


def lines(retailer: Retailer, topic: Topic, key: str = "shop") -> list[tuple[Readiness, str, str]]:
    """State, sentence and page of the lines of a topic."""
    return [
        (each.standing, str(each.message), each.path)
        for each in of(retailer, key).lines
        if each.topic is topic
    ]


def live(retailer: Retailer, key: str, wanted: Wanted) -> CaughtUp:
    done = retailer.write(lambda tx: go_live(retailer.app.context, tx, key=key, wanted=wanted))
    retailer.app.registry.look_again()
    return done


def mode(retailer: Retailer, key: str) -> str:
    return {row.key: row.mode for row in retailer.read(views.all_connections)}[key]


@pytest.fixture
def shop(retailer: Retailer) -> Retailer:
    """The shop is in shadow mode, and has never sent anything."""
    switch_to(retailer, "shop", Mode.SHADOW)
    return retailer


def test_a_new_connection_needs_attention(shop: Retailer) -> None:
    found = {each.topic: each for each in of(shop).lines}
    assert {topic: each.standing for topic, each in found.items()} == {
        Topic.SETTINGS: Readiness.READY,
        Topic.CREDENTIALS: Readiness.READY,
        Topic.TEST: Readiness.ATTENTION,
        Topic.ADDRESS: Readiness.ATTENTION,
        Topic.WEBHOOKS: Readiness.READY,
        Topic.FEEDS: Readiness.ATTENTION,
        Topic.LIMITS: Readiness.READY,
        Topic.NAMES: Readiness.READY,
        Topic.ORDERS: Readiness.READY,
        Topic.FAILURES: Readiness.READY,
        Topic.STOCK: Readiness.ATTENTION,
        Topic.COMPARISON: Readiness.ATTENTION,
        Topic.UNSENT: Readiness.READY,
    }
    assert of(shop).standing is Readiness.ATTENTION
    assert lines(shop, Topic.WEBHOOKS) == [
        (Readiness.ATTENTION, "No webhook has come yet.", "/connections/shop/messages"),
        (
            Readiness.READY,
            "Missing webhooks are set up at the vendor within a minute of going live.",
            "",
        ),
    ]


def test_a_test_is_good_failed_or_old(shop: Retailer) -> None:
    connection = shop.app.registry.by_key("shop")
    connection_checks.check(shop.app.context, connection=connection)
    assert lines(shop, Topic.TEST) == [(Readiness.READY, "The last test found no problem.", "")]
    with clock.at(clock.CLOCK.now() + timedelta(days=3)):
        assert lines(shop, Topic.TEST)[0][1] == "The last test is old: test it again."
    wrong = CheckFinding(Message("Sign-in"), is_ok=False, message=Message("The key is refused."))
    now = shop.app.clock.now()
    shop.write(lambda tx: checks.record(tx, connection_id=connection.id, findings=[wrong], at=now))
    assert lines(shop, Topic.TEST) == [
        (Readiness.BLOCKED, "The test failed: The key is refused.", "/connections/shop")
    ]


def test_messages_feeds_names_and_held_orders(shop: Retailer) -> None:
    shop.receive(
        "shop", "order", order_snapshot(line("NO-SUCH", 1, 79_900)), order_snapshot(paid=False), b"{"
    )
    shop.settle()
    assert lines(shop, Topic.WEBHOOKS)[0] == (
        Readiness.READY,
        "The last message of the topic order came.",
        "/connections/shop/messages",
    )
    assert lines(shop, Topic.FEEDS) == [(Readiness.READY, "Orders is read without a gap.", "")]
    assert lines(shop, Topic.NAMES)[0][:2] == (Readiness.ATTENTION, "Not mapped: 1 product.")
    assert [each[:2] for each in lines(shop, Topic.ORDERS)] == [
        (Readiness.ATTENTION, "1 order held: unknown SKU."),
        (Readiness.ATTENTION, "1 order held: unpaid."),
    ]
    assert lines(shop, Topic.FAILURES) == [
        (Readiness.ATTENTION, "1 message could not be read.", "/dead-letters")
    ]


def test_a_paused_feed_blocks_and_a_back_fill_is_named(shop: Retailer) -> None:
    shop.settle()
    shop.write(lambda tx: feeds.change_state(tx, reading_id=1, to=ReadingState.PAUSED))
    connection = shop.app.registry.by_key("shop")
    (feed,) = shop.app.registry.feeds(connection.id)
    since = NOON - timedelta(days=4)
    shop.write(
        lambda tx: feeds.start_backfill(
            tx, connection_id=connection.id, feed=feed, since=since, until=NOON, now=NOON
        )
    )
    assert lines(shop, Topic.FEEDS) == [
        (
            Readiness.BLOCKED,
            "Orders is paused: resume it, or nothing new is read.",
            "/connections/shop",
        )
    ]
    assert lines(shop, Topic.HISTORY)[0][1] == "The back-fill of Orders is under way: 0%."
    with pytest.raises(NotConfirmed, match="Orders is paused"):
        live(shop, "shop", Wanted())
    assert mode(shop, "shop") == Mode.SHADOW
    live(shop, "shop", Wanted(is_confirmed=True))
    assert mode(shop, "shop") == Mode.LIVE


@pytest.mark.parametrize(
    ("statement", "topic", "sentence"),
    [
        (
            "INSERT INTO connection_tokens (connection_id, sealed, refreshed_at, error) SELECT id, '', now(), 'Revoked.' FROM connections WHERE key = 'shop'",
            Topic.CREDENTIALS,
            "The vendor gives no token: Revoked.",
        ),
        (
            "INSERT INTO partner_circuits VALUES ('shop', 7, now())",
            Topic.LIMITS,
            "The partner does not answer: 7 calls failed in a row.",
        ),
    ],
)
def test_what_the_partner_refuses_blocks(shop: Retailer, statement: str, topic: Topic, sentence: str) -> None:
    shop.write(lambda tx: tx.execute(statement))  # type: ignore[arg-type]  # not a literal
    assert [each[:2] for each in lines(shop, topic)] == [(Readiness.BLOCKED, sentence)]


def test_a_channel_that_refuses_levels_does_not_have_every_level(retailer: Retailer) -> None:
    retailer.client("shop").unknown_listings = {SHIRT}
    publish.find_changes(retailer.app.context)
    retailer.settle()
    assert lines(retailer, Topic.STOCK) == [
        (
            Readiness.ATTENTION,
            "The channel refuses the stock levels of 1 SKU.",
            "/connections/shop/stock?state=refused",
        ),
    ]


@pytest.mark.parametrize(
    ("days", "standing", "sentence"),
    [
        (1, Readiness.ATTENTION, "The sign-in ends soon: connect again before then."),
        (300, Readiness.READY, "Somebody has connected; the sign-in ends then."),
        (None, Readiness.READY, "The access token is renewed by itself before it ends."),
    ],
)
def test_a_sign_in_that_ends_soon_is_named(
    shop: Retailer, days: int | None, standing: Readiness, sentence: str
) -> None:
    shop.write(
        lambda tx: tx.execute(
            """
            INSERT INTO connection_tokens (connection_id, sealed, refreshed_at, by_person, expires_at, refresh_ends_at)
            SELECT id, '', now(), true, now() + interval '1 h', now() + make_interval(days => %s)
              FROM connections WHERE key = 'shop'
            """,
            (days,),
        )
    )
    assert [each[:2] for each in lines(shop, Topic.CREDENTIALS)] == [(standing, sentence)]


def test_a_weak_secret_refuses_to_go_live(shop: Retailer) -> None:
    shop.write(
        lambda tx: tx.execute("UPDATE connections SET secrets = NULL, changed_at = now() WHERE key = 'shop'")
    )
    shop.app.registry.look_again()
    (found,) = (each for each in of(shop).lines if each.topic is Topic.SETTINGS)
    assert (found.standing, found.is_certain, found.path) == (
        Readiness.BLOCKED,
        True,
        "/connections/shop/edit",
    )
    with pytest.raises(errors.Refused) as caught:
        live(shop, "shop", Wanted(is_confirmed=True))
    assert not isinstance(caught.value, NotConfirmed)
    assert mode(shop, "shop") == Mode.SHADOW


def test_the_same_account_is_never_live_twice(shop: Retailer) -> None:
    connector = shop.app.registry.connector(Kind.CHANNELS, "sandbox")
    settings = shop.app.registry.by_key("shop").settings
    shop.write(
        lambda tx: shop.app.registry.configure(
            tx, key="again", connector=connector, name="Again", settings=settings, mode=Mode.LIVE
        )
    )
    shop.app.registry.look_again()
    assert lines(shop, Topic.TWICE) == [
        (
            Readiness.BLOCKED,
            "again is live with the same account: everything would be done twice. Switch it off first.",
            "/connections/again",
        )
    ]
    with pytest.raises(errors.Refused, match="everything would be done twice"):
        live(shop, "shop", Wanted(is_confirmed=True))


@pytest.fixture
def books(retailer: Retailer) -> Retailer:
    """The ERP kept three documents in shadow mode; another system has posted one of them."""
    switch_to(retailer, "books", Mode.SHADOW)
    for _order in range(3):
        retailer.ship(retailer.place_order(order_snapshot(line(SHIRT, 1))))
    found = later_on(retailer, "books")
    retailer.client("books")._numbers[found[0].reference] = "INV-77"
    later_on(retailer, "books", hours=2)
    return retailer


def test_kept_calls_are_counted_by_how_they_compare(books: Retailer) -> None:
    assert of(books, "books").kept == [Kept(Operation.POST_DOCUMENT, {Result.SAME: 1, Result.ONLY_OURS: 2})]
    assert lines(books, Topic.COMPARISON, "books") == [
        (
            Readiness.READY,
            "Others did 1 call just so; only Doorstep has 2 calls.",
            "/connections/books/comparison",
        )
    ]
    assert lines(books, Topic.UNSENT, "books") == [
        (
            Readiness.ATTENTION,
            "Others have done 1 of 3 calls: sending everything would do them twice.",
            "/connections/books/unsent",
        )
    ]


def test_everything_is_not_sent_where_others_have_done_a_part(books: Retailer) -> None:
    with pytest.raises(errors.Refused, match="Others have done 1 of the kept calls"):
        live(books, "books", Wanted(CatchUp.ALL, is_confirmed=True))
    assert mode(books, "books") == Mode.SHADOW


@pytest.mark.parametrize(
    ("catch_up", "ends", "documents"),
    [(CatchUp.MISSING, (2, 1, 0), 2), (CatchUp.NONE, (0, 3, 0), 0), (CatchUp.LATER, (0, 0, 3), 0)],
)
def test_kept_calls_are_sent_discarded_or_kept(
    books: Retailer, catch_up: CatchUp, ends: tuple[int, int, int], documents: int
) -> None:
    done = live(books, "books", Wanted(catch_up, is_confirmed=True))
    assert (done.sent, done.discarded, done.left) == ends
    books.settle()
    assert len(books.client("books").documents) == documents


def test_nobody_has_no_report(retailer: Retailer) -> None:
    with pytest.raises(errors.NotFound, match="There is no connection 'nobody'"):
        of(retailer, "nobody")
