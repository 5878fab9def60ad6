"""Reads for screens, of orders that were brought there by verbs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders import Shop

from doorstep.domain.analytics import model
from doorstep.domain.analytics.model import OrderView, ReturnStage
from doorstep.domain.analytics.views import dead_letters, health, home, order, orders, returns, stock, work
from doorstep.domain.analytics.views.orders import OrderFilter
from doorstep.domain.fulfillment.model import Action, RejectReason
from doorstep.domain.orders.model import OrderStatus
from doorstep.domain.shipping.model import TrackingStatus
from doorstep.flows.capture import approve
from doorstep.flows.fulfillment import fulfill
from doorstep.flows.returns import receive_returns
from doorstep.kernel import errors
from doorstep.kernel.ids import OrderId, ReturnId
from doorstep.kernel.money import Money

JACKET, SHIRT = "DJ-BL-01", "GT-WH-02"


def found(shop: Shop, **wanted: object) -> list[int]:
    with shop.app.db.read() as tx:
        page = orders.page(tx, wanted=OrderFilter(**wanted), now=shop.now)  # type: ignore[arg-type]  # fields by name
    return [row.order.id for row in page.rows]


def detail(shop: Shop, order_id: OrderId) -> order.OrderDetail:
    with shop.app.db.read() as tx:
        return order.detail(tx, order_id=order_id, now=shop.now)


@pytest.mark.parametrize(
    "text",
    ["1001x", "meera", "iyer", "MEERA@customers.example", "10000012345", "dj-bl-01", "trk0000001", "100%"],
)
def test_search_finds_an_order_by_number_customer_or_sku(shop: Shop, text: str) -> None:
    order_id = shop.delivered((JACKET, 1))
    tracking = f"trk{shop.work(order_id)[0].id:07d}"
    wanted = {"trk0000001": tracking, "1001x": detail(shop, order_id).header.number.lstrip("#")}.get(
        text, text
    )
    assert found(shop, text=wanted) == ([] if text == "100%" else [order_id])


def test_every_view_has_its_orders(shop: Shop) -> None:
    back = shop.delivered((JACKET, 1))
    shop.report_return(back)
    waits, unpaid = shop.order((JACKET, 1)), shop.order((JACKET, 1), paid=False)
    late = shop.order((SHIRT, 2), at=shop.now - timedelta(days=3))
    short = shop.order((JACKET, 900))
    views = {view: set(found(shop, view=view)) for view in OrderView}
    assert views == {
        OrderView.ALL: {waits, unpaid, short, late, back},
        OrderView.ATTENTION: {short},
        OrderView.HELD: {unpaid},
        OrderView.UNALLOCATED: {short},
        OrderView.IN_FULFILLMENT: {waits, late},
        OrderView.LATE: {late},
        OrderView.RETURNS: {back},
    }


def test_filters_narrow_by_channel_location_and_payment(shop: Shop) -> None:
    jacket, shirts = shop.order((JACKET, 1), cash=True), shop.order((SHIRT, 2))
    assert found(shop, channel="shopify") == [shirts, jacket]
    assert found(shop, channel="elsewhere") == []
    assert found(shop, payment="on_delivery") == [jacket]
    assert found(shop, location_id=shop.location_ids["ST-22"]) == [shirts]


def test_pages_follow_each_other_without_gap_or_overlap(shop: Shop) -> None:
    placed = [shop.order((JACKET, 1), paid=False, at=shop.now - timedelta(minutes=m // 2)) for m in range(5)]
    seen: list[int] = []
    cursor = ""
    with shop.app.db.read() as tx:
        for size in (2, 2, 1):
            page = orders.page(tx, wanted=OrderFilter(limit=2), now=shop.now, cursor=cursor)
            assert len(page.rows) == size
            seen += [row.order.id for row in page.rows]
            cursor = page.next_cursor
        assert cursor == ""
        with pytest.raises(errors.Invalid):
            orders.page(tx, wanted=OrderFilter(), now=shop.now, cursor="nonsense")
    assert sorted(seen) == placed


def test_a_row_derives_its_headline_payment_and_slack(shop: Shop) -> None:
    order_id = shop.order((SHIRT, 2), at=shop.now - timedelta(days=2))
    with shop.app.db.read() as tx:
        (row,) = orders.page(tx, wanted=OrderFilter(), now=shop.now).rows
    assert (row.order.id, row.headline, row.payment, row.total) == (
        order_id,
        OrderStatus.ALLOCATED,
        "paid",
        Money(299_800, "INR"),
    )
    assert row.order.locations == ("Store 22",)
    assert row.time_left is not None
    assert row.time_left.is_late


def test_the_demo_order_explains_its_location(shop: Shop) -> None:
    page = detail(shop, shop.order((JACKET, 1), (SHIRT, 2)))
    reported = [
        (group.work.location.name, [(line.sku, count) for line, count in group.lines])
        for group in page.groups
    ]
    assert reported == [("Warehouse A", [(JACKET, 1)]), ("Store 22", [(SHIRT, 2)])]
    assert str(page.groups[1].why[0].sentence).endswith("the only location with all 2.")
    assert page.unallocated == []
    assert page.balance == order.Balance(
        total=Money(449_700, "INR"),
        paid=Money(449_700, "INR"),
        is_reported=False,
        refunded=Money(0, "INR"),
        owed=Money(0, "INR"),
    )
    assert page.timeline[-1].words == "Placed through shopify: 2 lines, INR 4,497.00"
    assert page.timeline[0].words == "Allocated to ST-22, WH-A"


def test_a_delivered_order_shows_its_parcels_and_who_did_what(shop: Shop) -> None:
    page = detail(shop, shop.delivered((JACKET, 1)))
    (group,) = page.groups
    (parcel,) = group.parcels
    assert (parcel.tracking_status, parcel.has_label) == (TrackingStatus.DELIVERED, True)
    assert [scan.status for scan in parcel.scans] == [TrackingStatus.DELIVERED]
    assert page.headline is OrderStatus.COMPLETED
    assert page.names["user:3"] == "Ravi"
    assert group.time_left is None


def test_holds_and_rejected_work_stay_readable(shop: Shop) -> None:
    order_id = shop.order((SHIRT, 2))
    (before,) = shop.work(order_id)
    with shop.app.db.write(actor="user:2") as tx:
        fulfill.reject(
            tx,
            fulfillment_order_id=before.id,
            reason=RejectReason.NO_CAPACITY,
            note="sale day",
            now=shop.now,
        )
        approve.hold(tx, order_id=order_id, reason="Ask the customer", now=shop.now)
    page = detail(shop, order_id)
    assert page.is_held
    assert [group.work.reject_note for group in page.past_groups] == ["sale day"]
    assert [(line.sku, count) for line, count in page.unallocated] == [(SHIRT, 2)]
    assert "ST-22 rejected the work: no capacity sale day" in [fact.words for fact in page.timeline]


def test_an_unknown_order_is_not_found(shop: Shop) -> None:
    with pytest.raises(errors.NotFound):
        detail(shop, OrderId(1))


def test_the_board_sorts_work_by_urgency(shop: Shop) -> None:
    location = shop.location_ids["ST-22"]
    first, second = (shop.work(shop.order((sku, 1)))[0] for sku in ("GT-WH-02", "DJ-BL-01"))
    late = shop.work(shop.order((SHIRT, 2), at=shop.now - timedelta(days=2)))
    assert second.location_id != location
    shop.pack(first, tracking="TRK1")
    with shop.app.db.read() as tx:
        board = work.board(tx, location_id=first.location_id, timezone="Asia/Kolkata", now=shop.now)
        loads = {load.location.id: load for load in work.loads(tx, now=shop.now)}
    assert [(job.card.id, job.actions) for job in board.to_ship] == [(first.id, (Action.SHIP,))]
    assert loads[first.location_id].to_ship == 1
    assert sum(load.late for load in loads.values()) == len(late)
    shop_first = loads[first.location_id]
    assert shop_first.waiting == shop_first.to_ship + shop_first.to_accept


def test_work_without_a_label_cannot_ship_yet(shop: Shop) -> None:
    (each,) = shop.work(shop.order((JACKET, 1)))
    shop.pack(each)
    with shop.app.db.read() as tx:
        job = work.job(tx, fulfillment_order_id=each.id, now=shop.now)
        with pytest.raises(errors.NotFound):
            work.job(tx, fulfillment_order_id=999, now=shop.now)
    assert (job.actions, job.card.label_state, job.units, job.picked) == ((), "requested", 1, 1)
    assert job.card.weight_grams == 780


def test_closing_stock_follows_the_movements(shop: Shop) -> None:
    (each,) = shop.work(shop.order((SHIRT, 2)))
    with shop.app.db.read() as tx:
        days = stock.closings(
            tx, sku=SHIRT, location_id=each.location_id, timezone="Asia/Kolkata", now=shop.now
        )
    assert len(days) == 30
    assert (days[0].on_hand, days[-1].on_hand, days[-1].reserved) == (0, 3, 2)


def test_a_return_moves_through_the_stages_with_its_refund(shop: Shop) -> None:
    order_id = shop.delivered((SHIRT, 2))
    return_id = shop.report_return(order_id)
    with shop.app.db.write(actor="user:3") as tx:
        assert returns.counts(tx)[ReturnStage.ARRIVING] == 1
        receive_returns.receive(tx, return_id=ReturnId(return_id), now=shop.now)
        (row,) = returns.stage(tx, stage=ReturnStage.TO_INSPECT)
        opened = returns.detail(tx, return_id=return_id, now=shop.now)
        assert returns.stage(tx, stage=ReturnStage.TO_INSPECT, location_id=shop.location_ids["WH-B"]) == []
        with pytest.raises(errors.NotFound):
            returns.detail(tx, return_id=999, now=shop.now)
    assert (row.items, row.location, row.reason) == ("1 × GT-WH-02", "Store 22", "Size issue")
    assert (opened.may_receive, opened.may_inspect) == (False, True)


def test_dead_letters_are_grouped_and_show_their_payload(shop: Shop) -> None:
    with shop.app.db.write(actor="system") as tx:
        for number, body in enumerate((b'{"sku":4711}', b"\xff<broken"), start=1):
            tx.execute(
                "INSERT INTO inbox (connection_id, external_event_id, topic, headers, body, trace_id, state, attempts,"
                " error, error_class, last_failed_at) VALUES (%s, %s, 'orders/create', '{}', %s, 't', 3, 1, 'wrong', 'data', now())",
                (shop.connection_ids["shopify"], f"e{number}", body),
            )
    with shop.app.db.read() as tx:
        (group,) = dead_letters.groups(tx)
        first, second = sorted(letter.id for letter in dead_letters.dead_letters(tx, error_class="data"))
        assert dead_letters.dead_letters(tx, error_class="auth") == []
        assert dead_letters.opened(tx, source="inbox", letter_id=first).payload == '{\n  "sku": 4711\n}'
        assert dead_letters.opened(tx, source="inbox", letter_id=second).is_json is False
        with pytest.raises(errors.NotFound):
            dead_letters.opened(tx, source="delivery", letter_id=first)
        (channel,) = [each for each in health.connections(tx, now=shop.now) if each.key == "shopify"]
    assert (group.count, group.connection, group.error_class) == (2, "shopify", "data")
    assert (channel.dead, channel.mode) == (2, "live")


def test_home_ranks_by_money_at_risk_and_counts_today(shop: Shop) -> None:
    shop.order((JACKET, 1), paid=False)
    shop.order((JACKET, 3), at=shop.now - timedelta(days=3))
    with shop.app.db.read() as tx:
        page = home.home(tx, now=shop.now + timedelta(seconds=1), timezone="UTC")
        badges = home.badges(tx, now=shop.now)
        assert home.head(tx) == f"{page.feed[0].position}.{len(page.feed)}"
    assert [(need.key, need.at_risk.minor) for need in page.needs] == [
        ("late", 449_700),
        ("held", 149_900),
    ]
    assert (page.today.orders, page.today.value_minor, page.before.orders) == (1, 149_900, 0)
    assert (badges.late, badges.attention, badges.dead_letters) == (1, 0, 0)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (40, "40 min left"),
        (200, "3 h 20 min left"),
        (120, "2 h left"),
        (-600, "10 h late"),
        (-7300, "5 d late"),
        (0, "0 min left"),
    ],
)
def test_slack_is_shown_in_suitable_units(shop: Shop, minutes: int, words: str) -> None:
    time_left = model.time_left(shop.now + timedelta(minutes=minutes), now=shop.now)
    assert time_left is not None
    assert time_left.words() == words


def test_an_event_without_a_sentence_is_shown_by_its_name() -> None:
    assert model.describe("stock.counted_again", {}) == "Stock counted again"
    assert (
        model.describe("order.held", {"reasons": ["unpaid", "something_new"]})
        == "Held: unpaid, something_new"
    )
    assert model.describe("order.held", {}) == "Held"
