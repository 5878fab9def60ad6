"""Feeds, fetches and back-fills: what a vendor has is stored once, in any order of failures, and read like a webhook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests import clock
from tests.builders import NOON, Retailer, later, order_snapshot

from doorstep.adapters.channels.sandbox.client import PlacedOrder
from doorstep.delivery.worker.feeds import FeedReader
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import feeds as actions
from doorstep.domain.connections.model import Feed, Mode, Page, ReadingState, Window
from doorstep.domain.connections.views import feeds as views
from doorstep.domain.connections.views.feeds import FeedState
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.flows import operations
from doorstep.flows.capture import feeds, fetches
from doorstep.kernel import errors, http, jobs
from doorstep.kernel.http.fake_partner import Fault

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEFORE = NOON - 3 * DAY  # the shop was connected a day before the tests begin


def place(retailer: Retailer, *orders: OrderSnapshot, at: datetime = NOON) -> None:
    """The shop has these orders, changed at that time of its clock; it sends no webhook."""
    for order in orders:
        event_id = f"{order.external_id}@{order.version_at.isoformat()}"
        body = msgspec.json.encode({"id": event_id, "topic": "order", "data": order})
        retailer.client("shop").placed[order.external_id] = PlacedOrder(event_id, body, at)


def read(retailer: Retailer) -> None:
    """Workers read what is due at the vendor, and then what is stored."""
    reader = FeedReader(retailer.app)
    while reader.take():
        reader.wait()
    reader.close()
    retailer.settle()


def due(retailer: Retailer) -> None:
    """The waits of all readings and fetches are over."""
    for table in ("feed_readings SET due_at", "fetches SET run_at"):
        retailer.write(lambda tx, table=table: tx.execute(f"UPDATE {table} = now(), leased_until = NULL"))


def feed(retailer: Retailer) -> FeedState:
    (found,) = [each for each in states(retailer) if each.ends_at is None]
    return found


def states(retailer: Retailer) -> list[FeedState]:
    shop = retailer.connection_ids["shop"]
    return retailer.read(lambda tx: views.states(tx, connection_id=shop))


def waiting(retailer: Retailer) -> dict[str, int]:
    shop = retailer.connection_ids["shop"]
    return retailer.read(lambda tx: views.waiting_fetches(tx, connection_id=shop))


def captured(retailer: Retailer) -> list[str]:
    return sorted(retailer.read(lambda tx: tx.column(str, "SELECT external_id FROM orders")))


def names(orders: Sequence[OrderSnapshot]) -> list[str]:
    return sorted(each.external_id for each in orders)


def test_orders_without_a_webhook_are_read_page_by_page(retailer: Retailer) -> None:
    orders = [order_snapshot() for _ in range(5)]
    place(retailer, *orders)
    with clock.at(NOON + MINUTE):
        read(retailer)
    assert captured(retailer) == names(orders)
    state = feed(retailer)
    assert (state.documents, state.new_documents, state.failures, state.error) == (5, 5, 0, None)


def test_what_is_read_twice_is_stored_once_and_a_changed_order_again(retailer: Retailer) -> None:
    order = order_snapshot()
    place(retailer, order)
    for after in (1, 2):
        with clock.at(NOON + after * MINUTE):
            due(retailer)
            read(retailer)
    place(retailer, later(order, note="Ring twice"), at=NOON + 3 * MINUTE)
    with clock.at(NOON + 4 * MINUTE):
        due(retailer)
        read(retailer)
    assert feed(retailer).documents == 3
    assert feed(retailer).new_documents == 2
    assert captured(retailer) == [order.external_id]


class KilledError(BaseException):
    """A process is killed: nothing after it happens, not even what handles errors."""


def test_a_reader_that_dies_between_pages_loses_nothing(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor's clock is 90 seconds behind ours, and the reader dies after the first and before the second page."""
    orders = [order_snapshot() for _ in range(6)]
    for number, order in enumerate(orders):
        place(retailer, order, at=NOON - timedelta(seconds=90 - number))
    shop: Any = retailer.app.registry.puller(retailer.connection_ids["shop"])
    pull, calls = shop.pull, []

    def dying(name: str, window: Window) -> Page:
        calls.append(window.token)
        if len(calls) == 2:
            raise KilledError
        return pull(name, window)

    monkeypatch.setattr(shop, "pull", dying)
    for after in (1, 2):
        with clock.at(NOON + after * MINUTE):
            read(retailer)
            retailer.write(lambda tx: tx.execute("UPDATE feed_readings SET leased_until = now()"))
    assert calls[:3] == ["", "2", "2"]
    assert captured(retailer) == names(orders)
    assert feed(retailer).new_documents == 6


def test_a_process_whose_lease_is_over_cannot_store_its_page(retailer: Retailer) -> None:
    place(retailer, order_snapshot(), order_snapshot(), order_snapshot())
    context = retailer.app.context
    feeds.declare(context)
    slow = feeds.lease(context, context.partners.readable())
    assert slow is not None
    assert feeds.lease(context, context.partners.readable()) is None
    retailer.write(lambda tx: tx.execute("UPDATE feed_readings SET leased_until = now() - interval '1 s'"))
    with clock.at(NOON + MINUTE):
        read(retailer)
        before = feed(retailer)
        feeds.run(context, slow, policy=None, stopped=lambda: False)  # type: ignore[arg-type]  # needed by fetches only
    assert feed(retailer) == before
    assert before.new_documents == 3


def test_a_vendor_that_is_down_is_asked_again_later_and_nothing_is_lost(retailer: Retailer) -> None:
    place(retailer, order_snapshot())
    retailer.client("shop").partner.fail(Fault.RATE_LIMIT, reads=True)
    with clock.at(NOON + MINUTE):
        read(retailer)
        state = feed(retailer)
        assert (state.failures, state.error, state.error_class) == (1, "shop asks to wait.", "transient")
        assert captured(retailer) == []
        due(retailer)
        read(retailer)
    assert len(captured(retailer)) == 1
    assert (feed(retailer).failures, feed(retailer).error) == (0, None)


def test_a_page_token_that_is_no_longer_valid_begins_the_window_anew(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [order_snapshot() for _ in range(5)]
    place(retailer, *orders)
    shop: Any = retailer.app.registry.puller(retailer.connection_ids["shop"])
    pull, expired = shop.pull, [True]

    def forgetful(name: str, window: Window) -> Page:
        if window.token and expired:
            expired.clear()
            raise http.Rejected("The page token has expired.")
        return pull(name, window)

    monkeypatch.setattr(shop, "pull", forgetful)
    with clock.at(NOON + MINUTE):
        read(retailer)
        due(retailer)
        read(retailer)
    assert captured(retailer) == names(orders)


def test_a_hint_is_fetched_and_hints_for_one_order_are_one_call(retailer: Retailer) -> None:
    order = order_snapshot()
    place(retailer, order, at=BEFORE)
    for _ in range(3):
        retailer.receive("shop", "order_changed", json.dumps({"order_id": order.external_id}).encode())
    retailer.settle()
    assert waiting(retailer) in ({}, {"orders": 1})
    read(retailer)
    assert captured(retailer) == [order.external_id]
    assert waiting(retailer) == {}


def test_a_hint_that_comes_while_its_order_is_fetched_has_it_fetched_again(retailer: Retailer) -> None:
    shop = retailer.connection_ids["shop"]
    hint = actions.Hint("orders", "order-7")
    retailer.write(lambda tx: actions.want(tx, connection_id=shop, hints=[hint]))
    leased = retailer.write(lambda tx: actions.lease_fetches(tx, connection_ids=[shop], limit=9))
    retailer.write(lambda tx: actions.want(tx, connection_id=shop, hints=[hint]))
    retailer.write(lambda tx: actions.store_fetched(tx, done=leased, documents=[], trace_id="0" * 32))
    assert waiting(retailer) == {"orders": 1}


def test_a_fetch_that_fails_for_good_is_a_dead_letter_that_can_be_retried(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_snapshot()
    place(retailer, order, at=BEFORE)
    shop: Any = retailer.app.registry.fetcher(retailer.connection_ids["shop"])
    fetch = shop.fetch

    def refused(_feed: str, _ids: Sequence[str]) -> object:
        raise http.Rejected("The order is archived.")

    monkeypatch.setattr(shop, "fetch", refused)
    retailer.receive("shop", "order_changed", json.dumps({"order_id": order.external_id}).encode())
    retailer.settle()
    read(retailer)
    (letter,) = retailer.dead_letters()
    assert (letter["error"], letter["topic"]) == ("The order is archived.", actions.FETCH_TOPIC)
    monkeypatch.setattr(shop, "fetch", fetch)
    retailer.write(lambda tx: operations.retry(tx, messages=[int(str(letter["id"]))]))
    retailer.settle()
    read(retailer)
    assert captured(retailer) == [order.external_id]
    assert retailer.dead_letters() == []


def test_one_bad_resource_does_not_hold_the_others(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = order_snapshot(), order_snapshot()
    place(retailer, good, bad, at=BEFORE)
    shop: Any = retailer.app.registry.fetcher(retailer.connection_ids["shop"])
    fetch = shop.fetch

    def picky(feed_name: str, ids: Sequence[str]) -> object:
        if bad.external_id in ids:
            raise http.Rejected("The order is broken.")
        return fetch(feed_name, ids)

    monkeypatch.setattr(shop, "fetch", picky)
    for order in (bad, good):
        retailer.receive("shop", "order_changed", json.dumps({"order_id": order.external_id}).encode())
    retailer.settle()
    read(retailer)
    assert captured(retailer) == [good.external_id]
    assert [each["error"] for each in retailer.dead_letters()] == ["The order is broken."]


def test_what_was_fetched_before_the_vendor_fails_stays(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [order_snapshot() for _ in range(25)]
    place(retailer, *orders, at=BEFORE)
    shop: Any = retailer.app.registry.fetcher(retailer.connection_ids["shop"])
    fetch, asked = shop.fetch, []

    def fails_in_the_middle(feed_name: str, ids: Sequence[str]) -> object:
        asked.append(len(ids))
        if len(asked) == 2:
            raise http.Unanswered("The shop does not answer.", maybe_done=False)
        return fetch(feed_name, ids)

    monkeypatch.setattr(shop, "fetch", fails_in_the_middle)
    bodies = [json.dumps({"order_id": each.external_id}).encode() for each in orders]
    retailer.receive("shop", "order_changed", *bodies)
    retailer.settle()
    due(retailer)
    read(retailer)
    assert (len(captured(retailer)), asked, waiting(retailer)) == (25, [10, 10, 10, 5], {})


def test_what_there_is_no_time_for_is_given_back(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = retailer.connection_ids["shop"]
    hints = [actions.Hint("orders", f"order-{number}") for number in range(12)]
    retailer.write(lambda tx: actions.want(tx, connection_id=shop, hints=hints))
    leased = retailer.write(lambda tx: actions.lease_fetches(tx, connection_ids=[shop], limit=50))
    monkeypatch.setattr(fetches, "_TURN_SECONDS", -1.0)
    context, policy = retailer.app.context, jobs.RetryPolicy(3, 0.1)
    connection = retailer.app.registry.by_key("shop")
    fetches.fetch(context, connection=connection, feed="orders", leased=leased, policy=policy)
    again = retailer.write(lambda tx: actions.lease_fetches(tx, connection_ids=[shop], limit=50))
    assert [each.attempts for each in again] == [each.attempts for each in leased] == [1] * 12


def test_a_gap_is_found_by_comparing_complete_hours(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor's list by time forgot an order; its hour is compared once it is complete, and the order is fetched."""
    lost, seen = order_snapshot(), order_snapshot()
    place(retailer, lost, seen, at=NOON + 5 * MINUTE)
    shop: Any = retailer.app.registry.puller(retailer.connection_ids["shop"])
    pull = shop.pull

    def forgetful(name: str, window: Window) -> Page:
        page = pull(name, window)
        return Page([each for each in page.documents if lost.external_id not in each.event_id])

    monkeypatch.setattr(shop, "pull", forgetful)
    with clock.at(NOON + HOUR):
        read(retailer)
        assert captured(retailer) == [seen.external_id]
    with clock.at(NOON + 3 * HOUR):
        for _ in range(6):
            due(retailer)
            read(retailer)
    assert captured(retailer) == names([lost, seen])
    assert feed(retailer).missing_documents == 1


def start(retailer: Retailer, since: datetime, until: datetime) -> int:
    connection_id = retailer.connection_ids["shop"]
    (declared,) = retailer.app.registry.feeds(connection_id)
    return retailer.write(
        lambda tx: actions.start_backfill(
            tx, connection_id=connection_id, feed=declared, since=since, until=until, now=NOON
        )
    )


def test_a_back_fill_reads_history_to_its_end(retailer: Retailer) -> None:
    old = [order_snapshot(placed_at=NOON - DAY, version_at=BEFORE) for _ in range(3)]
    for number, order in enumerate(old):
        place(retailer, order, at=NOON - (number + 2) * DAY - HOUR)
    start(retailer, NOON - 5 * DAY, NOON)
    read(retailer)
    assert captured(retailer) == names(old)
    state = next(each for each in states(retailer) if each.ends_at)
    assert (state.state, state.watermark_at, state.new_documents) == ("done", NOON, 3)
    assert state.finished_at is not None


def test_history_is_read_after_everything_else(retailer: Retailer) -> None:
    old, new = order_snapshot(), order_snapshot()
    place(retailer, old, at=BEFORE)
    start(retailer, NOON - 4 * DAY, NOON)
    reader = FeedReader(retailer.app)
    while reader.take():
        reader.wait()
    reader.close()
    retailer.receive("shop", "order", new)
    claimed = "SELECT external_event_id FROM inbox WHERE state = 0 ORDER BY is_background, run_at, id"
    first, second = retailer.read(lambda tx: tx.column(str, claimed))
    assert first.startswith("event-")
    assert second.startswith(old.external_id)


def test_a_back_fill_can_be_paused_resumed_and_canceled(retailer: Retailer) -> None:
    place(retailer, order_snapshot(), at=BEFORE)
    reading_id = start(retailer, NOON - 4 * DAY, NOON)

    def change(to: ReadingState) -> str:
        return retailer.write(lambda tx: actions.change_state(tx, reading_id=reading_id, to=to)).state

    assert change(ReadingState.PAUSED) == "paused"
    read(retailer)
    assert captured(retailer) == []
    with pytest.raises(errors.Refused, match="only what is running"):
        retailer.write(lambda tx: actions.read_now(tx, reading_id=reading_id))
    assert change(ReadingState.RUNNING) == "running"
    read(retailer)
    assert len(captured(retailer)) == 1
    with pytest.raises(errors.Conflict, match="The back-fill is done: it cannot become canceled"):
        change(ReadingState.CANCELED)


def test_a_back_fill_that_is_canceled_while_it_is_read_stays_canceled(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person cancels during a page: it is stored, no further one is read, and the end of the back-fill stays."""
    place(retailer, *[order_snapshot() for _ in range(5)], at=BEFORE)
    reading_id = start(retailer, NOON - 4 * DAY, NOON)
    shop: Any = retailer.app.registry.puller(retailer.connection_ids["shop"])
    pull, history = shop.pull, []

    def interrupted(name: str, window: Window) -> Page:
        page = pull(name, window)
        if window.since < NOON - 2 * DAY:
            history.append(window.token)
            if page.documents:
                retailer.write(
                    lambda tx: actions.change_state(tx, reading_id=reading_id, to=ReadingState.CANCELED)
                )
        return page

    monkeypatch.setattr(shop, "pull", interrupted)
    read(retailer)
    ended = next(each for each in states(retailer) if each.id == reading_id)
    assert (ended.state, ended.finished_at is not None, ended.new_documents) == ("canceled", True, 2)
    assert history[-1] == ""


def test_a_bug_of_a_connector_is_shown_on_its_feed(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop: Any = retailer.app.registry.puller(retailer.connection_ids["shop"])
    monkeypatch.setattr(shop, "pull", lambda *_given: 1 / 0)
    monkeypatch.setattr(shop, "fetch", lambda *_given: {}["line_items"])
    retailer.receive("shop", "order_changed", json.dumps({"order_id": "7"}).encode())
    retailer.settle()
    read(retailer)
    assert feed(retailer).error == "The connector failed: ZeroDivisionError: division by zero"
    (letter,) = retailer.dead_letters()
    assert (letter["topic"], "KeyError: 'line_items'" in str(letter["error"])) == (actions.FETCH_TOPIC, True)


def test_the_next_time_of_a_feed_is_known_and_none_while_the_connection_is_off(retailer: Retailer) -> None:
    with clock.at(NOON + MINUTE):
        read(retailer)
    due_in = retailer.read(views.next_due_seconds)
    assert due_in is not None
    assert 30 < due_in <= 60
    retailer.write(lambda tx: connections.switch(tx, key="shop", mode=Mode.OFF))
    assert retailer.read(views.next_due_seconds) is None


@pytest.mark.parametrize(
    ("since", "until", "refusal"),
    [
        (NOON, NOON - DAY, "needs a start before its end"),
        (NOON - DAY, NOON + DAY, "not in the future"),
        (NOON - 31 * DAY, NOON, "goes back at most 30 days"),
    ],
)
def test_a_back_fill_outside_the_vendors_history_is_refused(
    retailer: Retailer, since: datetime, until: datetime, refusal: str
) -> None:
    with pytest.raises(errors.Invalid, match=refusal):
        start(retailer, since, until)


def test_one_back_fill_of_a_feed_at_a_time(retailer: Retailer) -> None:
    start(retailer, NOON - DAY, NOON)
    with pytest.raises(errors.Conflict, match="A back-fill of Orders is running"):
        start(retailer, NOON - DAY, NOON)


def test_a_feed_can_be_paused_and_never_canceled(retailer: Retailer) -> None:
    read(retailer)
    reading_id = feed(retailer).id
    with pytest.raises(errors.Refused, match="pause it"):
        retailer.write(lambda tx: actions.change_state(tx, reading_id=reading_id, to=ReadingState.CANCELED))
    retailer.write(lambda tx: actions.change_state(tx, reading_id=reading_id, to=ReadingState.PAUSED))
    with pytest.raises(errors.Conflict, match="already paused") as caught:
        retailer.write(lambda tx: actions.change_state(tx, reading_id=reading_id, to=ReadingState.PAUSED))
    assert caught.value.data["allowed_states"] == ["running"]
    place(retailer, order_snapshot())
    due(retailer)
    with clock.at(NOON + MINUTE):
        read(retailer)
    assert captured(retailer) == []


def test_a_feed_without_history_has_no_back_fill(retailer: Retailer) -> None:
    shop = retailer.connection_ids["shop"]
    with pytest.raises(errors.Refused, match="has no history"):
        retailer.write(
            lambda tx: actions.start_backfill(
                tx, connection_id=shop, feed=Feed("q", "Queue", 1), since=NOON - DAY, until=NOON, now=NOON
            )
        )
