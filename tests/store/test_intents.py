"""Calls to partners are stored as intents first, and one cause has one intent however often it is requested."""

from __future__ import annotations

import pytest
from tests import builders
from tests.builders import NOON, SHIRT
from tests.clock import day

from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.actions import Subject
from doorstep.domain.invoicing.model import Buyer, Document, DocumentState, Kind, Seller
from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications.actions import Draft, Message
from doorstep.domain.notifications.model import MessageState
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import ChannelUpdate, Incoming
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.actions import Contents, NewParcel, ShipmentLine
from doorstep.domain.shipping.model import Direction, Label, LabelState
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, InvoiceId, LocationId, MessageId, OrderId, ShipmentId

ORDER, LOCATION, WORK = OrderId(1), LocationId(1), FulfillmentOrderId(1)
LABEL = Label("ext-1", "TRK1", "http://track/TRK1", "Carrier", "ground", b"%PDF")


@pytest.fixture
def channel(database: Database) -> int:
    """A channel with one order, which one location works on."""
    with database.write(actor="system") as tx:
        found = builders.channel(tx)
        builders.stock(tx, A={SHIRT: 1})
        reported = orders.classify(tx, incoming=[Incoming(found, "shop", builders.order_snapshot(), "trace")])
        orders.upsert(tx, reported=reported, now=NOON)
        tx.execute(
            "INSERT INTO fulfillment_orders (id, order_id, location_id, state, created_at) VALUES (1, 1, 1, 'packed', business_now())"
        )
    return found


def parcel(channel: int) -> NewParcel:
    contents = Contents(ORDER, WORK, None, (ShipmentLine(2, SHIRT, 2),))
    return NewParcel(Direction.OUTBOUND, LOCATION, channel, 320, (contents,))


def intent(database: Database, channel: int) -> ShipmentId:
    with database.write(actor="system") as tx:
        (shipment_id,) = shipping.request_label(tx, parcel=parcel(channel), at=NOON)
    return shipment_id


def event_types(database: Database, prefix: str) -> list[str]:
    with database.read() as tx:
        return [
            each.type
            for each in event_log.of_stream(tx, stream="order", stream_id=1)
            if each.type.startswith(prefix)
        ]


def test_a_parcel_has_one_label_under_the_reference_of_its_first_shipment(
    database: Database, channel: int
) -> None:
    first = intent(database, channel)
    with database.read() as tx:
        (shipment,) = parcels.of_order(tx, order_id=1)
    assert shipment.reference == shipment.label_reference == f"DS-{first:08d}"
    assert shipment.label_state is LabelState.REQUESTED
    assert shipment.lines == [ShipmentLine(2, SHIRT, 2)]
    assert event_types(database, "shipment") == ["shipment.label_requested"]


def test_a_label_is_bought_once_and_its_intent_records_the_attempt(database: Database, channel: int) -> None:
    shipment_id = intent(database, channel)
    with database.write(actor="system") as tx:
        assert [shipping.mark_requested(tx, shipment_id=shipment_id, at=NOON)[1] for _ in range(2)] == [
            False,
            True,
        ]
        for _ in range(2):
            shipping.purchased(tx, shipment_id=shipment_id, label=LABEL, at=NOON)
        assert parcels.label(tx, shipment_id=shipment_id) == b"%PDF"
        assert (
            shipping.mark_requested(tx, shipment_id=shipment_id, at=NOON)[0].label_state
            is LabelState.PURCHASED
        )
    assert event_types(database, "shipment") == ["shipment.label_requested", "shipment.label_purchased"]


def test_a_parcel_leaves_once_and_only_with_its_label(database: Database, channel: int) -> None:
    shipment_id = intent(database, channel)
    with database.write(actor="system") as tx:
        with pytest.raises(errors.Refused, match="no label yet"):
            shipping.dispatch(tx, shipments=[shipping.lock(tx, shipment_id=shipment_id)], at=NOON)
        with pytest.raises(errors.NotFound):
            parcels.label(tx, shipment_id=shipment_id)
        shipping.purchased(tx, shipment_id=shipment_id, label=LABEL, at=NOON)
        for _ in range(2):
            shipping.dispatch(tx, shipments=[shipping.lock(tx, shipment_id=shipment_id)], at=NOON)
    assert event_types(database, "shipment").count("shipment.dispatched") == 1


def test_a_label_that_was_bought_is_not_wished_for_again(database: Database, channel: int) -> None:
    shipment_id = intent(database, channel)
    with database.write(actor="system") as tx:
        for _ in range(2):
            shipping.failed(tx, shipment_id=shipment_id, reason="no such street", at=NOON)
        shipping.retry(tx, shipment_id=shipment_id, at=NOON)
        shipping.purchased(tx, shipment_id=shipment_id, label=LABEL, at=NOON)
        with pytest.raises(states.IllegalMove):
            shipping.retry(tx, shipment_id=shipment_id, at=NOON)
        with pytest.raises(states.IllegalMove):
            shipping.failed(tx, shipment_id=shipment_id, reason="late news", at=NOON)


def invoice(number: int) -> Document:
    return Document(
        InvoiceId(number), Kind.INVOICE, f"DSINV-{number:08d}", "#1", day(0), "INR",
        Seller("NotNaked", "27AABCN9999N1ZB", "MH", "1 Some Road", "IN"),
        Buyer("Meera", "", "", "12 Garden Lane", "", "New Delhi", "DL", "110001", "IN"), "07-Delhi", (),
    )  # fmt: skip


def test_one_shipment_has_one_invoice_with_one_number(database: Database, channel: int) -> None:
    shipment_id = intent(database, channel)
    with database.write(actor="system") as tx:
        for number in (1, 2):
            invoicing.request(
                tx, subject=Subject(ORDER, shipment_id, None), document=invoice(number), at=NOON
            )
        for name in ("SINV-1", "SINV-2"):
            invoicing.issued(tx, invoice_id=InvoiceId(1), number=name, at=NOON)
    with database.read() as tx:
        (found,) = documents.of_order(tx, order_id=1)
    assert (found.state, found.number, found.document) == (DocumentState.ISSUED, "SINV-1", invoice(1))
    assert event_types(database, "invoice") == ["invoice.requested", "invoice.issued"]


def test_a_refused_invoice_keeps_the_words(database: Database, channel: int) -> None:
    with database.write(actor="system") as tx:
        invoicing.request(
            tx, subject=Subject(ORDER, requested_in(tx, channel), None), document=invoice(1), at=NOON
        )
        invoicing.failed(tx, invoice_id=InvoiceId(1), reason="Customer is missing")
        with pytest.raises(errors.NotFound):
            invoicing.issued(tx, invoice_id=InvoiceId(9), number="SINV-9", at=NOON)
        (found,) = documents.of_order(tx, order_id=1)
    assert (found.state, found.error) == (DocumentState.FAILED, "Customer is missing")


def requested_in(tx: WriteTx, channel: int) -> ShipmentId:
    (shipment_id,) = shipping.request_label(tx, parcel=parcel(channel), at=NOON)
    return shipment_id


def prepared(database: Database, channel: int, fact: str = "DS-1", subject: str = "On its way") -> Message:
    draft = Draft(
        ORDER, fact, "shipped", channel, "meera@customers.example", "Meera", subject, "text", "<p>html</p>"
    )
    with database.write(actor="system") as tx:
        (message,) = notifications.prepare(tx, drafts=[draft], at=NOON)
        return message


def test_a_fact_has_one_mail_and_keeps_its_first_words(database: Database, channel: int) -> None:
    first = prepared(database, channel)
    assert prepared(database, channel, subject="Other words") == first
    assert prepared(database, channel, fact="DS-2").id != first.id


def test_a_mail_that_is_gone_is_not_sent_again(database: Database, channel: int) -> None:
    message = prepared(database, channel)
    with database.write(actor="system") as tx:
        notifications.sending(tx, message_ids=[message.id])
        with pytest.raises(states.IllegalMove):
            notifications.sending(tx, message_ids=[message.id])
        notifications.sent(tx, provider_ids={message.id: "<1@mail>"}, at=NOON)
        with pytest.raises(states.IllegalMove):
            notifications.sending(tx, message_ids=[message.id])
    assert prepared(database, channel).state is MessageState.SENT
    assert event_types(database, "message") == ["message.sent"]


def test_a_mail_that_certainly_did_not_go_may_be_tried_again(database: Database, channel: int) -> None:
    message = prepared(database, channel)
    with database.write(actor="system") as tx:
        for _ in range(2):
            notifications.sending(tx, message_ids=[message.id])
            notifications.not_sent(tx, errors_of={message.id: "greylisted"})
        with pytest.raises(errors.NotFound):
            notifications.sending(tx, message_ids=[MessageId(99)])
    assert (prepared(database, channel).state, prepared(database, channel).error) == (
        MessageState.REQUESTED,
        "greylisted",
    )


def test_a_channel_is_updated_once(database: Database, channel: int) -> None:
    with database.write(actor="system") as tx:
        accepted = [
            orders.intend_channel_update(
                tx, order_id=ORDER, connection_id=channel, what="shipped", reference="DS-1"
            )
            for _ in range(2)
        ]
        for answer in ("first", "second"):
            update = ChannelUpdate(channel, "shipped", "DS-1", answer, NOON)
            orders.record_channel_update(tx, order_id=ORDER, channel="shop", update=update)
        accepted.append(
            orders.intend_channel_update(
                tx, order_id=ORDER, connection_id=channel, what="shipped", reference="DS-1"
            )
        )
        assert tx.value(str, "SELECT external_ref FROM channel_updates") == "first"
    assert accepted == [False, False, True]
    assert event_types(database, "channel") == ["channel.updated"]
