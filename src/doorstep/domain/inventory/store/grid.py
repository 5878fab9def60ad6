"""SQL of the inventory grid: totals per SKU, sorted by any of them, and the movements of one position."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from doorstep.domain.inventory.store.ledger import MovementRow
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Key, Keyset, Sorting

GRID = Sorting(
    {
        "sku": Key("text"),
        "title": Key("text"),
        "available": Key(),
        "on_hand": Key(),
        "claimed": Key(),
        "incoming": Key(),
    },
    tie="sku",
    tie_kind="text",
    tie_of=attrgetter("sku"),
)
MOVEMENTS = Sorting(
    {
        "id": Key(),
        "type": Key("text"),
        "on_hand_change": Key(),
        "reserved_change": Key(),
        "incoming_change": Key(),
    }
)


@dataclass(frozen=True, slots=True)
class SkuTotals:
    """New stock of a SKU at all locations, or at one: what carts and backorders claim is of no location."""

    sku: str
    title: str
    color: str
    size: str
    on_hand: int
    reserved: int
    incoming: int
    held: int
    committed: int
    claimed: int
    available: int


@dataclass(frozen=True, slots=True)
class GridFilter:
    """The filter of the inventory grid."""

    page: Keyset
    text: str = ""
    location_id: int | None = None
    only_available: bool = False
    only_missing: bool = False


def select_totals(tx: ReadTx, wanted: GridFilter) -> list[SkuTotals]:
    """A page of SKUs with their totals."""
    rows = """
        SELECT k.sku, k.title, k.color, k.size, t.on_hand, t.reserved, t.incoming, n.held, n.committed,
               n.held + n.committed AS claimed, t.on_hand - t.reserved - n.held - n.committed AS available
          FROM skus k
          JOIN LATERAL (
               SELECT coalesce(sum(s.on_hand) FILTER (WHERE s.condition = 'new'), 0)::bigint AS on_hand,
                      coalesce(sum(s.reserved) FILTER (WHERE s.condition = 'new'), 0)::bigint AS reserved,
                      coalesce(sum(s.incoming) FILTER (WHERE s.condition = 'new'), 0)::bigint AS incoming
                 FROM stock s WHERE s.sku = k.sku AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
               HAVING count(*) > 0 AND (NOT %(available)s OR bool_or(s.on_hand > s.reserved))
                  AND (NOT %(missing)s OR bool_or(s.missing > 0))) t ON true
          JOIN LATERAL (
               SELECT coalesce(sum(r.held), 0)::bigint AS held, coalesce(sum(r.committed), 0)::bigint AS committed
                 FROM network_stock r
                WHERE r.sku = k.sku AND r.condition = 'new' AND %(location)s::bigint IS NULL) n ON true
         WHERE %(text)s = '' OR k.sku ILIKE %(like)s OR k.title ILIKE %(like)s OR k.barcode = %(text)s
    """
    parameters = {
        "text": wanted.text,
        "like": f"%{wanted.text}%",
        "location": wanted.location_id,
        "available": wanted.only_available,
        "missing": wanted.only_missing,
        **wanted.page.parameters,
    }
    return tx.all(SkuTotals, GRID.page(rows, wanted.page), parameters)


def select_movements(tx: ReadTx, page: Keyset, *, sku: str, location_id: int) -> list[MovementRow]:
    """A page of the movements of a SKU at a location."""
    rows = """
        SELECT id, type, sku, location_id, condition, on_hand_change, reserved_change, incoming_change, cause,
               reason, order_id, reverses, actor, occurred_at
          FROM stock_movements WHERE sku = %(sku)s AND location_id = %(location)s
    """
    return tx.all(
        MovementRow, MOVEMENTS.page(rows, page), {"sku": sku, "location": location_id, **page.parameters}
    )
