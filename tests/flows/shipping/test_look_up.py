"""Lost messages: parcels without news and payments that stay open are looked up at the partner, and calls that end later."""

from __future__ import annotations

from datetime import timedelta

from tests import clock
from tests.builders import JACKET, NOON, Retailer, line, order_snapshot
from tests.delivery.test_api import client
from tests.flows.test_pending import check_now

from doorstep.domain.identity.model import Role
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus
from doorstep.domain.shipping.model import LabelState, Scan, TrackingStatus
from doorstep.flows.payments import look_up as payments
from doorstep.flows.shipping import look_up as parcels


def scanned(retailer: Retailer, number: str, *scans: Scan) -> None:
    """What the carrier would answer."""
    for key in ("shiphawk", "store-parcels"):
        carrier = retailer.client(key)
        if number in carrier.scans:
            carrier.scans[number] = scans


def test_a_parcel_without_news_for_half_a_day_is_looked_up(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    shipped = retailer.ship(order_id)
    at = NOON + timedelta(hours=9)
    for each in shipped:
        scanned(retailer, each.tracking_number, Scan(at, TrackingStatus.DELIVERED, "DL"))
    with clock.at(NOON + timedelta(hours=11)):
        assert parcels.find_silent(retailer.app.context) == 0
    with clock.at(NOON + timedelta(hours=13)):
        assert parcels.find_silent(retailer.app.context) == len(shipped)
        assert parcels.find_silent(retailer.app.context) == 0
        retailer.settle()
    assert {each.delivered_at for each in retailer.parcels(order_id)} == {at}
    assert retailer.dead_letters() == []
    with clock.at(NOON + timedelta(days=2)):
        assert parcels.find_silent(retailer.app.context) == 0


def test_a_mapped_code_is_understood_when_it_is_looked_up(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    parcel = retailer.ship(order_id)[0]
    key = next(key for key, each in retailer.connection_ids.items() if each == parcel.connection_id)
    wanted = {"kind": "status", "external_value": "ZX-9", "our_value": "delivered"}
    client(retailer, Role.ADMINISTRATOR).put(f"/api/v1/connections/{key}/maps", json=wanted)
    scanned(retailer, parcel.tracking_number, Scan(NOON + timedelta(hours=9), TrackingStatus.UNKNOWN, "ZX-9"))
    with clock.at(NOON + timedelta(hours=13)):
        parcels.find_silent(retailer.app.context)
        retailer.settle()
    assert retailer.parcels(order_id)[0].tracking_status is TrackingStatus.DELIVERED


def test_a_payment_that_stays_open_is_looked_up(retailer: Retailer) -> None:
    order = order_snapshot(paid=False)
    seen = PaymentSnapshot(
        "sandbox", "pay-7", order.external_id, PaymentStatus.AUTHORIZED, order.total_minor, order.currency, "upi", NOON
    )  # fmt: skip
    retailer.receive("shop", "order", order)
    retailer.receive("pay", "payment", seen)
    retailer.settle()
    captured = PaymentSnapshot(
        "sandbox", "pay-7", order.external_id, PaymentStatus.CAPTURED, order.total_minor, order.currency, "upi", NOON
    )  # fmt: skip
    retailer.client("pay").payments["pay-7"] = captured
    assert payments.find_open(retailer.app.context) == 0
    with clock.at(NOON + timedelta(hours=2)):
        assert payments.find_open(retailer.app.context) == 1
        retailer.settle()
        assert payments.find_open(retailer.app.context) == 0
    status = retailer.read(
        lambda tx: tx.value(str, "SELECT status FROM payments WHERE external_id = 'pay-7'")
    )
    assert status == "captured"
    assert "payment.captured" in retailer.event_types(retailer.order_id(order))


def test_a_label_that_the_carrier_makes_later_is_followed(retailer: Retailer) -> None:
    carriers = [retailer.client(key) for key in ("shiphawk", "store-parcels")]
    for each in carriers:
        each.finishes_later = True
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    for work in retailer.work(order_id):
        retailer.pack(work)
    retailer.settle()
    assert {each.label_state for each in retailer.parcels(order_id)} == {LabelState.REQUESTED}
    check_now(retailer)
    for each in carriers:
        each.finishes_later = False
    check_now(retailer)
    parcels_now = retailer.parcels(order_id)
    assert {each.label_state for each in parcels_now} == {LabelState.PURCHASED}
    assert sum(len(each.labels) for each in carriers) == len(parcels_now)


def test_an_invoice_that_the_erp_posts_later_is_followed(retailer: Retailer) -> None:
    books = retailer.client("books")
    books.finishes_later = True
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    retailer.ship(order_id)
    check_now(retailer)
    assert books.documents == {}
    books.finishes_later = False
    check_now(retailer)
    states = retailer.read(
        lambda tx: tx.column(str, "SELECT state FROM invoices WHERE order_id = %s", (order_id,))
    )
    assert set(states) == {"issued"}
    assert len(books.documents) == len(states)
