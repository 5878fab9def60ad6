"""SQL of the fulfillment board and of the station page of one fulfillment order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.analytics.store.order import LOCATION, TITLE, WorkLocation
from doorstep.domain.analytics.store.orders import SHIP_BY
from doorstep.domain.fulfillment.model import State
from doorstep.domain.shipping.model import LabelState
from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class CardLine:
    """Units of one SKU to pick, with what a picker needs to recognize them."""

    line_no: int
    sku: str
    title: str
    color: str
    size: str
    barcode: str
    quantity: int
    picked: int
    packed: int


_URGENT_FIRST = (LabelState.FAILED, LabelState.IN_DOUBT, LabelState.REQUESTED, LabelState.PURCHASED)


@dataclass(frozen=True, slots=True)
class CardParcel:
    """A parcel of a fulfillment order: its label and what is in it, units by SKU."""

    shipment_id: int
    reference: str
    label_state: LabelState
    has_label: bool
    tracking_number: str
    carrier: str
    error: str
    weight_grams: int
    dispatched_at: datetime | None
    contents: dict[str, int]


@dataclass(frozen=True, slots=True)
class Card:
    """A fulfillment order on the board or at the station.

    `warehouse` is the name of the partner's warehouse that does it, `warehouse_state` what it has of it.
    """

    id: int
    order_id: int
    order_number: str
    location: WorkLocation
    state: State
    version: int
    is_held: bool
    recall_reason: str
    warehouse: str
    warehouse_state: str
    pickup: str
    customer: str
    city: str
    shipping_method: str
    note: str
    created_at: datetime
    ship_by: datetime
    shipped_at: datetime | None
    weight_grams: int
    parcels: tuple[CardParcel, ...]
    lines: tuple[CardLine, ...]

    @property
    def label_state(self) -> str:
        """The state of all labels together: the one that needs a person first; empty without a parcel."""
        states = {each.label_state for each in self.parcels}
        return next((state.value for state in _URGENT_FIRST if state in states), "")


_CARD = f"""
    SELECT f.id, f.order_id, o.number AS order_number, {LOCATION}, f.state, f.version,
           EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = o.id AND h.released_at IS NULL) AS is_held,
           CASE WHEN f.recall_requested_at IS NULL THEN '' ELSE f.recall_reason END AS recall_reason, o.pickup,
           coalesce(w.name, v.name, '') AS warehouse, coalesce(w.state, '') AS warehouse_state, coalesce(a.name, '') AS customer, coalesce(a.city, '') AS city, o.shipping_method, o.note, f.created_at,
           {SHIP_BY} AS ship_by, f.shipped_at, lines.weight_grams, lines.lines,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('shipment_id', s.id, 'reference', b.reference,
                   'label_state', b.state, 'tracking_number', b.tracking_number, 'carrier', b.carrier, 'error', b.error,
                   'has_label', EXISTS (SELECT 1 FROM label_documents d WHERE d.label_purchase_id = b.id),
                   'weight_grams', p.weight_grams, 'dispatched_at', p.dispatched_at,
                   'contents', (SELECT jsonb_object_agg(n.sku, n.quantity) FROM (
                        SELECT sku, sum(quantity) AS quantity FROM shipment_lines WHERE shipment_id = s.id GROUP BY sku) n))
                   ORDER BY s.id), '[]')
              FROM shipments s JOIN parcels p ON p.id = s.parcel_id
              JOIN label_purchases b ON b.parcel_id = p.id AND b.state <> 'voided'
             WHERE s.fulfillment_order_id = f.id) AS parcels
      FROM fulfillment_orders f
      JOIN orders o ON o.id = f.order_id
      JOIN locations l ON l.id = f.location_id
      LEFT JOIN LATERAL (SELECT c.name, w.state FROM warehouse_orders w JOIN connections c ON c.id = w.connection_id
                          WHERE w.fulfillment_order_id = f.id) w ON true
      LEFT JOIN LATERAL (SELECT c.name FROM connection_maps m JOIN connections c ON c.id = m.connection_id
                          WHERE m.kind = 'location' AND m.our_value = l.code AND c.kind = 'warehouses' AND c.mode <> 'off'
                          ORDER BY c.key LIMIT 1) v ON w.name IS NULL
      LEFT JOIN order_addresses a ON a.order_id = o.id AND a.kind = 'shipping'
      CROSS JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object('line_no', w.line_no, 'sku', w.sku, 'title', {TITLE},
                  'color', coalesce(k.color, ''), 'size', coalesce(k.size, ''), 'barcode', coalesce(k.barcode, ''),
                  'quantity', w.quantity, 'picked', w.picked, 'packed', w.packed) ORDER BY w.line_no) AS lines,
                  coalesce(sum(w.quantity * k.weight_grams), 0)::bigint AS weight_grams
             FROM fulfillment_lines w JOIN order_lines n ON (n.order_id, n.line_no) = (w.order_id, w.line_no)
             LEFT JOIN skus k ON k.sku = w.sku WHERE w.fulfillment_order_id = f.id) lines
"""


def select_open(tx: ReadTx, *, location_id: int, limit: int) -> list[Card]:
    """Select open work of a location, most urgent first."""
    return tx.all(
        Card,
        f"""
        {_CARD} WHERE f.location_id = %s AND f.state IN ('open', 'accepted', 'picked', 'packed')
         ORDER BY ship_by, f.id LIMIT %s
        """,
        (location_id, limit),
    )


def select_open_page(
    tx: ReadTx, *, location_id: int, limit: int, after: tuple[datetime, int] | None
) -> list[Card]:
    """Select open work of a location, most urgent first, after a position in the list (ship-by, id)."""
    ship_by, work_id = after or (None, None)
    return tx.all(
        Card,
        f"""
        SELECT * FROM ({_CARD} WHERE f.location_id = %(location)s
                          AND f.state IN ('open', 'accepted', 'picked', 'packed')) c
         WHERE %(ship_by)s::timestamptz IS NULL OR (c.ship_by, c.id) > (%(ship_by)s, %(id)s::bigint)
         ORDER BY c.ship_by, c.id LIMIT %(limit)s
        """,
        {"location": location_id, "ship_by": ship_by, "id": work_id, "limit": limit},
    )


def select_shipped(tx: ReadTx, *, location_id: int, since: datetime, limit: int) -> list[Card]:
    """Select work that a location finished lately, newest first."""
    return tx.all(
        Card,
        f"{_CARD} WHERE f.location_id = %s AND f.state = 'shipped' AND f.shipped_at >= %s ORDER BY f.shipped_at DESC LIMIT %s",
        (location_id, since, limit),
    )


def select_card(tx: ReadTx, *, fulfillment_order_id: int) -> Card | None:
    """Select one fulfillment order, or None."""
    return tx.one(Card, f"{_CARD} WHERE f.id = %s", (fulfillment_order_id,))


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Count the open work of a location."""

    location: WorkLocation
    to_accept: int
    to_pick: int
    to_pack: int
    to_ship: int
    late: int

    @property
    def waiting(self) -> int:
        return self.to_accept + self.to_pick + self.to_pack + self.to_ship


def select_loads(tx: ReadTx, *, now: datetime) -> list[OpenWork]:
    """Select every active location with its count of open work."""
    return tx.all(
        OpenWork,
        f"""
        SELECT {LOCATION}, count(*) FILTER (WHERE f.state = 'open') AS to_accept,
               count(*) FILTER (WHERE f.state = 'accepted') AS to_pick,
               count(*) FILTER (WHERE f.state = 'picked') AS to_pack,
               count(*) FILTER (WHERE f.state = 'packed') AS to_ship,
               count(*) FILTER (WHERE {SHIP_BY} < %(now)s) AS late
          FROM locations l LEFT JOIN fulfillment_orders f
            ON f.location_id = l.id AND f.state IN ('open', 'accepted', 'picked', 'packed')
         WHERE l.active GROUP BY l.id ORDER BY l.kind DESC, l.name
        """,
        {"now": now},
    )
