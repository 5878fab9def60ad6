"""SQL of parcels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.shipping.model import Direction, Label, LabelState, Scan, TrackingStatus
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId, ReturnId, ShipmentId, Sku


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """Units of an order line in a parcel."""

    line_no: int
    sku: Sku
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel as stored."""

    id: ShipmentId
    order_id: OrderId
    fulfillment_order_id: FulfillmentOrderId | None
    return_id: ReturnId | None
    direction: Direction
    location_id: LocationId
    connection_id: int
    reference: str
    label_state: LabelState
    external_id: str
    tracking_number: str
    tracking_url: str
    carrier: str
    service: str
    weight_grams: int
    tracking_status: TrackingStatus
    channel_ref: str
    error: str
    requested_at: datetime
    dispatched_at: datetime | None
    delivered_at: datetime | None
    rides_with: ShipmentId | None
    lines: list[ShipmentLine]


@dataclass(frozen=True, slots=True)
class Intent:
    """The intent to buy a label for a parcel."""

    order_id: OrderId
    fulfillment_order_id: FulfillmentOrderId | None
    return_id: ReturnId | None
    direction: Direction
    location_id: LocationId
    connection_id: int
    weight_grams: int
    lines: tuple[ShipmentLine, ...]
    rides_with: ShipmentId | None = None


_SHIPMENT = """
    SELECT s.id, s.order_id, s.fulfillment_order_id, s.return_id, s.direction, s.location_id, s.connection_id,
           s.reference, s.label_state, s.external_id, s.tracking_number, s.tracking_url, s.carrier, s.service,
           s.weight_grams, s.tracking_status, s.channel_ref, s.error, s.requested_at, s.dispatched_at, s.delivered_at,
           s.rides_with,
           (SELECT jsonb_agg(jsonb_build_object('line_no', l.line_no, 'sku', l.sku, 'quantity', l.quantity)
                             ORDER BY l.line_no) FROM shipment_lines l WHERE l.shipment_id = s.id) AS lines
      FROM shipments s
"""


def insert_intent(tx: WriteTx, intent: Intent, *, at: datetime) -> ShipmentId | None:
    """Store the intent to buy a label; None if the same work or return has an active one already."""
    found = tx.column(
        int,
        """
        WITH fresh AS (SELECT nextval(pg_get_serial_sequence('shipments', 'id')) AS id)
        INSERT INTO shipments (id, order_id, fulfillment_order_id, return_id, direction, location_id, connection_id,
                               reference, weight_grams, rides_with, requested_at)
        OVERRIDING SYSTEM VALUE
        SELECT id, %s, %s, %s, %s, %s, %s, 'DS-' || lpad(id::text, 8, '0'), %s, %s, %s FROM fresh
        ON CONFLICT DO NOTHING RETURNING id
        """,
        (
            intent.order_id,
            intent.fulfillment_order_id,
            intent.return_id,
            intent.direction.value,
            intent.location_id,
            intent.connection_id,
            intent.weight_grams,
            intent.rides_with,
            at,
        ),
    )
    if not found:
        return None
    tx.execute(
        """
        INSERT INTO shipment_lines (shipment_id, order_id, line_no, sku, quantity)
        SELECT %s, %s, * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])
        """,
        (
            found[0],
            intent.order_id,
            [line.line_no for line in intent.lines],
            [line.sku for line in intent.lines],
            [line.quantity for line in intent.lines],
        ),
    )
    return ShipmentId(found[0])


def select_shipment(tx: ReadTx, *, shipment_id: int) -> Shipment | None:
    """One parcel."""
    return tx.one(Shipment, f"{_SHIPMENT} WHERE s.id = %s", (shipment_id,))


def lock_shipment(tx: WriteTx, *, shipment_id: int) -> Shipment | None:
    """One parcel, locked (the order's row is locked before)."""
    return tx.one(Shipment, f"{_SHIPMENT} WHERE s.id = %s FOR NO KEY UPDATE OF s", (shipment_id,))


def select_of_work(tx: ReadTx, *, fulfillment_order_id: int) -> Shipment | None:
    """The active parcel of a fulfillment order."""
    return tx.one(
        Shipment,
        f"{_SHIPMENT} WHERE s.fulfillment_order_id = %s AND s.label_state <> 'voided'",
        (fulfillment_order_id,),
    )


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Shipment]:
    """All parcels of an order."""
    return tx.all(Shipment, f"{_SHIPMENT} WHERE s.order_id = %s ORDER BY s.id", (order_id,))


def select_consolidated(tx: ReadTx, *, shipment_id: int) -> list[Shipment]:
    """The contents of other orders in a parcel under its label, by order."""
    return tx.all(Shipment, f"{_SHIPMENT} WHERE s.rides_with = %s ORDER BY s.order_id, s.id", (shipment_id,))


def find_tracked(
    tx: ReadTx, *, connection_id: int, tracking_number: str, external_id: str
) -> Shipment | None:
    """The parcel with this carrier shipment id or tracking number; not the ones consolidated into it."""
    return tx.one(
        Shipment,
        f"""
        {_SHIPMENT} WHERE s.connection_id = %(connection)s AND s.rides_with IS NULL
           AND ((%(external)s <> '' AND s.external_id = %(external)s)
                OR (%(number)s <> '' AND s.tracking_number = %(number)s))
         ORDER BY s.id DESC LIMIT 1
        """,
        {"connection": connection_id, "external": external_id, "number": tracking_number},
    )


def update_purchased(tx: WriteTx, *, shipment_id: int, label: Label, at: datetime) -> None:
    """Store the carrier's answer."""
    tx.execute(
        """
        UPDATE shipments SET label_state = 'purchased', external_id = %s, tracking_number = %s, tracking_url = %s,
               carrier = %s, service = %s, cost_minor = %s, tracking_status = 'label_purchased', purchased_at = %s,
               error = ''
         WHERE id = %s
        """,
        (
            label.external_id,
            label.tracking_number,
            label.tracking_url,
            label.carrier,
            label.service,
            label.cost_minor,
            at,
            shipment_id,
        ),
    )
    if label.pdf:
        tx.execute(
            """
            INSERT INTO shipment_labels (shipment_id, pdf) VALUES (%s, %s)
            ON CONFLICT (shipment_id) DO UPDATE SET pdf = excluded.pdf
            """,
            (shipment_id, label.pdf),
        )


def mark_requested(tx: WriteTx, *, shipment_id: int, at: datetime) -> bool:
    """Mark as requested; returns whether it was requested before."""
    return tx.value(
        bool,
        """
        UPDATE shipments s SET asked_at = %s, label_state = 'requested' FROM shipments old
         WHERE s.id = %s AND old.id = s.id RETURNING old.asked_at IS NOT NULL
        """,
        (at, shipment_id),
    )


def update_label_state(tx: WriteTx, *, shipment_id: int, state: LabelState, error: str) -> None:
    """Mark as failed or in doubt, together with what is consolidated into it."""
    tx.execute(
        "UPDATE shipments SET label_state = %s, error = %s WHERE id = %s OR rides_with = %s",
        (state.value, error, shipment_id, shipment_id),
    )


def update_dispatched(tx: WriteTx, *, shipment_id: int, at: datetime) -> None:
    """Mark as shipped."""
    tx.execute("UPDATE shipments SET dispatched_at = %s WHERE id = %s", (at, shipment_id))


def update_tracking(tx: WriteTx, *, shipment_id: int, scan: Scan, delivered_at: datetime | None) -> None:
    """Store the state derived from the scans."""
    tx.execute(
        "UPDATE shipments SET tracking_status = %s, tracking_at = %s, delivered_at = coalesce(delivered_at, %s) WHERE id = %s",
        (scan.status.value, scan.at, delivered_at, shipment_id),
    )


def update_channel_ref(tx: WriteTx, *, shipment_id: int, channel_ref: str) -> None:
    """Store the sales channel's reference."""
    tx.execute("UPDATE shipments SET channel_ref = %s WHERE id = %s", (channel_ref, shipment_id))


def insert_scans(tx: WriteTx, *, shipment_id: int, scans: Sequence[Scan]) -> int:
    """Store scans, each once; returns how many were new."""
    return tx.execute(
        """
        INSERT INTO tracking_scans (shipment_id, at, raw_code, location, status, description)
        SELECT %s, * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[])
        ON CONFLICT DO NOTHING
        """,
        (
            shipment_id,
            [scan.at for scan in scans],
            [scan.raw_code for scan in scans],
            [scan.location for scan in scans],
            [scan.status.value for scan in scans],
            [scan.description for scan in scans],
        ),
    )


def select_scans(tx: ReadTx, *, shipment_id: int) -> list[Scan]:
    """All scans of a parcel, by the carrier's time."""
    return tx.all(
        Scan,
        "SELECT at, status, raw_code, description, location FROM tracking_scans WHERE shipment_id = %s ORDER BY at, raw_code",
        (shipment_id,),
    )


def select_label(tx: ReadTx, *, shipment_id: int) -> list[bytes]:
    """The PDF of its label."""
    return tx.column(
        bytes,
        """
        SELECT b.pdf FROM shipments s JOIN shipment_labels b ON b.shipment_id = coalesce(s.rides_with, s.id)
         WHERE s.id = %s
        """,
        (shipment_id,),
    )


@dataclass(frozen=True, slots=True)
class LabelCost:
    """What the labels of an order cost in minor units."""

    order_id: int
    cost_minor: int


def select_label_costs(tx: ReadTx, *, order_ids: Sequence[int]) -> list[LabelCost]:
    """Orders of which every box has a label whose price is known."""
    return tx.all(
        LabelCost,
        """
        SELECT order_id, sum(cost_minor)::bigint AS cost_minor FROM shipments
         WHERE order_id = ANY(%s) AND direction = 'outbound' AND label_state <> 'voided' AND rides_with IS NULL
         GROUP BY order_id HAVING bool_and(label_state = 'purchased' AND cost_minor > 0)
        """,
        (list(order_ids),),
    )
