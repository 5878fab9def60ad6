"""SQL of fulfillment orders that may share a parcel: same customer, address and location."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.fulfillment.model import State
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import FulfillmentOrderId, OrderId


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A location with unpacked work for a customer at a place."""

    customer: str
    latitude: float
    longitude: float
    location_id: int


def select_unpacked(tx: ReadTx, *, customers: Sequence[str], besides: Sequence[int]) -> list[Unpacked]:
    """Unpacked work of other orders of these customers ("channel/customer").

    One look into the indexes per customer: the planner would rather read every order there is, and each batch more of them.
    """
    return tx.all(
        Unpacked,
        """
        SELECT DISTINCT k.customer, a.latitude, a.longitude, f.location_id
          FROM unnest(%s::text[]) AS k(customer)
         CROSS JOIN LATERAL (
               SELECT id, connection_id FROM orders
                WHERE customer_external_id = substr(k.customer, strpos(k.customer, '/') + 1) AND customer_external_id <> ''
                  AND canceled_at IS NULL AND completed_at IS NULL OFFSET 0) o
          JOIN connections c ON c.id = o.connection_id AND c.key = split_part(k.customer, '/', 1)
         CROSS JOIN LATERAL (
               SELECT location_id FROM fulfillment_orders
                WHERE order_id = o.id AND state IN ('planned', 'open', 'accepted', 'picked') OFFSET 0) f
         CROSS JOIN LATERAL (
               SELECT latitude, longitude FROM order_addresses
                WHERE order_id = o.id AND kind = 'shipping' AND latitude IS NOT NULL OFFSET 0) a
         WHERE o.id <> ALL(%s)
        """,
        (list(customers), list(besides)),
    )


@dataclass(frozen=True, slots=True)
class Companion:
    """A fulfillment order whose units may share a parcel with those of another order of the same customer."""

    fulfillment_order_id: FulfillmentOrderId
    order_id: OrderId
    order_number: str
    state: State
    units: int
    packed_at: datetime | None


def select_companions(tx: ReadTx, *, fulfillment_order_id: int) -> list[Companion]:
    """A fulfillment order and those that share its parcel: same location, customer, address and day of arrival; by order.

    Cash on delivery ships alone (a driver collects for one order), and so does what is held or is in a parcel already. Pickup
    orders ship in no parcel.
    """
    return tx.all(
        Companion,
        """
        SELECT f.id AS fulfillment_order_id, f.order_id, o.number AS order_number, f.state, f.packed_at,
               (SELECT sum(n.quantity) FROM fulfillment_lines n WHERE n.fulfillment_order_id = f.id)::bigint AS units
          FROM fulfillment_orders w
          JOIN orders m ON m.id = w.order_id JOIN locations l ON l.id = w.location_id
          JOIN order_addresses b ON b.order_id = m.id AND b.kind = 'shipping'
          JOIN orders o ON o.id = m.id OR (o.customer_external_id = m.customer_external_id
               AND o.customer_external_id <> '' AND o.connection_id = m.connection_id
               AND NOT o.on_delivery AND NOT m.on_delivery AND o.canceled_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = o.id AND h.released_at IS NULL))
          JOIN order_addresses a ON a.order_id = o.id AND a.kind = 'shipping'
           AND (lower(a.name), lower(a.line1), lower(a.line2), a.postal_code, a.country)
             = (lower(b.name), lower(b.line1), lower(b.line2), b.postal_code, b.country)
          JOIN fulfillment_orders f ON f.order_id = o.id AND f.location_id = w.location_id
           AND f.state IN ('open', 'accepted', 'picked', 'packed')
           AND (f.arrives_at AT TIME ZONE l.timezone)::date IS NOT DISTINCT FROM (w.arrives_at AT TIME ZONE l.timezone)::date
         WHERE w.id = %s AND m.pickup = ''
           AND NOT EXISTS (SELECT 1 FROM shipments s WHERE s.fulfillment_order_id = f.id)
         ORDER BY f.order_id, f.id
        """,
        (fulfillment_order_id,),
    )


def select_unlabeled(tx: ReadTx, *, packed_before: datetime) -> list[FulfillmentOrderId]:
    """Packed fulfillment orders without a parcel since before then."""
    rows = tx.column(
        int,
        """
        SELECT f.id FROM fulfillment_orders f JOIN orders o ON o.id = f.order_id AND o.pickup = ''
         WHERE f.state = 'packed' AND f.packed_at < %s
           AND NOT EXISTS (SELECT 1 FROM shipments s WHERE s.fulfillment_order_id = f.id)
         ORDER BY f.id LIMIT 200
        """,
        (packed_before,),
    )
    return [FulfillmentOrderId(each) for each in rows]
