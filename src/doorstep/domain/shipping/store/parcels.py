"""SQL of parcels and of the shipments in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.shipping.model import Direction, LabelState, Size, TrackingStatus
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId, ParcelId, ReturnId, ShipmentId, Sku


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """Units of an order line in a parcel."""

    line_no: int
    sku: Sku
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one parcel has of one fulfillment order or return, with the parcel's label and tracking.

    `reference` is the shipment's own (the channel knows it); `label_reference` is the one that the carrier knows.
    """

    id: ShipmentId
    parcel_id: ParcelId
    order_id: OrderId
    fulfillment_order_id: FulfillmentOrderId | None
    return_id: ReturnId | None
    direction: Direction
    location_id: LocationId
    connection_id: int
    reference: str
    label_reference: str
    label_state: LabelState
    external_id: str
    tracking_number: str
    tracking_url: str
    carrier: str
    service: str
    weight_grams: int
    size: Size | None
    tracking_status: TrackingStatus
    channel_ref: str
    error: str
    requested_at: datetime
    dispatched_at: datetime | None
    delivered_at: datetime | None
    lines: list[ShipmentLine]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a parcel will have of one fulfillment order or one return."""

    order_id: OrderId
    fulfillment_order_id: FulfillmentOrderId | None
    return_id: ReturnId | None
    lines: tuple[ShipmentLine, ...]


@dataclass(frozen=True, slots=True)
class NewParcel:
    """A parcel to ship, with everything in it; `size` is None for the standard parcel."""

    direction: Direction
    location_id: LocationId
    connection_id: int
    weight_grams: int
    contents: tuple[Contents, ...]
    size: Size | None = None


_SHIPMENT = """
    SELECT s.id, s.parcel_id, s.order_id, s.fulfillment_order_id, s.return_id, p.direction, p.location_id, b.connection_id,
           s.reference, b.reference AS label_reference, b.state AS label_state, b.external_id, b.tracking_number,
           b.tracking_url, b.carrier, b.service, p.weight_grams,
           CASE WHEN p.length_mm IS NOT NULL THEN jsonb_build_object(
                'length_mm', p.length_mm, 'width_mm', p.width_mm, 'height_mm', p.height_mm) END AS size,
           p.tracking_status, s.channel_ref, b.error, b.requested_at, p.dispatched_at, p.delivered_at,
           (SELECT jsonb_agg(jsonb_build_object('line_no', l.line_no, 'sku', l.sku, 'quantity', l.quantity)
                             ORDER BY l.line_no) FROM shipment_lines l WHERE l.shipment_id = s.id) AS lines
      FROM shipments s JOIN parcels p ON p.id = s.parcel_id
      JOIN label_purchases b ON b.parcel_id = p.id AND b.state <> 'voided'
"""


def insert_parcel(tx: WriteTx, *, parcel: NewParcel) -> ParcelId:
    """Store a parcel, without its contents."""
    size = parcel.size
    return ParcelId(
        tx.value(
            int,
            """
            INSERT INTO parcels (direction, location_id, weight_grams, length_mm, width_mm, height_mm)
            VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
            """,
            (
                parcel.direction.value,
                parcel.location_id,
                parcel.weight_grams,
                size and size.length_mm,
                size and size.width_mm,
                size and size.height_mm,
            ),
        )
    )


def insert_shipment(tx: WriteTx, *, parcel_id: ParcelId, contents: Contents) -> ShipmentId:
    """Store what a parcel has of one fulfillment order or return."""
    shipment_id = tx.value(
        int,
        """
        WITH fresh AS (SELECT nextval(pg_get_serial_sequence('shipments', 'id')) AS id)
        INSERT INTO shipments (id, parcel_id, order_id, fulfillment_order_id, return_id, reference)
        OVERRIDING SYSTEM VALUE
        SELECT id, %s, %s, %s, %s, 'DS-' || lpad(id::text, 8, '0') FROM fresh RETURNING id
        """,
        (parcel_id, contents.order_id, contents.fulfillment_order_id, contents.return_id),
    )
    tx.execute(
        """
        INSERT INTO shipment_lines (shipment_id, order_id, line_no, sku, quantity)
        SELECT %s, %s, * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])
        """,
        (
            shipment_id,
            contents.order_id,
            [line.line_no for line in contents.lines],
            [line.sku for line in contents.lines],
            [line.quantity for line in contents.lines],
        ),
    )
    return ShipmentId(shipment_id)


def select_shipment(tx: ReadTx, *, shipment_id: int) -> Shipment | None:
    """One shipment."""
    return tx.one(Shipment, f"{_SHIPMENT} WHERE s.id = %s", (shipment_id,))


def select_shipments(tx: ReadTx, *, shipment_ids: Sequence[int]) -> list[Shipment]:
    """These shipments."""
    return tx.all(Shipment, f"{_SHIPMENT} WHERE s.id = ANY(%s) ORDER BY s.id", (list(shipment_ids),))


def lock_shipment(tx: WriteTx, *, shipment_id: int) -> Shipment | None:
    """One shipment, its parcel locked with its label (the order's row is locked before)."""
    return tx.one(Shipment, f"{_SHIPMENT} WHERE s.id = %s FOR NO KEY UPDATE OF p, b", (shipment_id,))


def select_in_parcel(tx: ReadTx, *, parcel_id: int) -> list[Shipment]:
    """Everything in a parcel, by id: the first one gave the label its reference."""
    return tx.all(Shipment, f"{_SHIPMENT} WHERE s.parcel_id = %s ORDER BY s.id", (parcel_id,))


def select_of_work(tx: ReadTx, *, fulfillment_order_id: int) -> list[Shipment]:
    """The parcels of a fulfillment order, by id."""
    return tx.all(
        Shipment, f"{_SHIPMENT} WHERE s.fulfillment_order_id = %s ORDER BY s.id", (fulfillment_order_id,)
    )


def select_of_return(tx: ReadTx, *, return_id: int) -> list[Shipment]:
    """The parcel of a return."""
    return tx.all(Shipment, f"{_SHIPMENT} WHERE s.return_id = %s ORDER BY s.id", (return_id,))


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Shipment]:
    """All shipments of an order, both ways."""
    return tx.all(Shipment, f"{_SHIPMENT} WHERE s.order_id = %s ORDER BY s.id", (order_id,))


def find_tracked(tx: ReadTx, *, connection_id: int, tracking_number: str, external_id: str) -> list[int]:
    """The parcel with this carrier shipment id or tracking number; the newest if a number was used again."""
    return tx.column(
        int,
        """
        SELECT b.parcel_id FROM label_purchases b WHERE b.connection_id = %(connection)s
           AND ((%(external)s <> '' AND b.external_id = %(external)s)
                OR (%(number)s <> '' AND b.tracking_number = %(number)s))
         ORDER BY b.id DESC LIMIT 1
        """,
        {"connection": connection_id, "external": external_id, "number": tracking_number},
    )


def claim_silent(
    tx: WriteTx,
    *,
    connection_ids: Sequence[int],
    silent_since: datetime,
    shipped_since: datetime,
    at: datetime,
    limit: int,
) -> list[int]:
    """Mark parcels on the way without news since then as looked up; returns the first shipment of each."""
    return tx.column(
        int,
        """
        WITH silent AS (
            SELECT p.id FROM parcels p
             WHERE p.dispatched_at BETWEEN %(shipped)s AND %(silent)s AND p.delivered_at IS NULL
               AND coalesce(p.tracking_at, p.dispatched_at) < %(silent)s
               AND (p.looked_up_at IS NULL OR p.looked_up_at < %(silent)s) AND p.tracking_status <> ALL(%(ended)s)
               AND EXISTS (SELECT FROM label_purchases b WHERE b.parcel_id = p.id AND b.connection_id = ANY(%(ids)s)
                              AND b.tracking_number <> '')
             ORDER BY p.dispatched_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
        ), marked AS (
            UPDATE parcels SET looked_up_at = %(at)s WHERE id IN (SELECT id FROM silent) RETURNING id
        )
        SELECT min(s.id) FROM shipments s JOIN marked m ON m.id = s.parcel_id GROUP BY s.parcel_id ORDER BY 1
        """,
        {
            "ids": list(connection_ids),
            "silent": silent_since,
            "shipped": shipped_since,
            "ended": [TrackingStatus.LOST.value, TrackingStatus.CANCELED.value],
            "at": at,
            "limit": limit,
        },
    )


def update_dispatched(tx: WriteTx, *, parcel_id: int, at: datetime) -> None:
    """Mark as shipped."""
    tx.execute("UPDATE parcels SET dispatched_at = %s WHERE id = %s", (at, parcel_id))


def update_channel_ref(tx: WriteTx, *, shipment_id: int, channel_ref: str) -> None:
    """Store the sales channel's reference."""
    tx.execute("UPDATE shipments SET channel_ref = %s WHERE id = %s", (channel_ref, shipment_id))
