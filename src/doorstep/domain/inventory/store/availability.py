"""SQL of availability: one statement per table, for any number of SKUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model.availability import Incoming, Node
from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class StockLevels:
    """All positions of a SKU in one condition, as parallel lists: one row per SKU is cheaper than one per position."""

    sku: str
    condition: str
    locations: list[int]
    on_hand: list[int]
    reserved: list[int]
    missing: list[int]


def select_stock_levels(tx: ReadTx, *, skus: Sequence[str], conditions: Sequence[str]) -> list[StockLevels]:
    """The counters of these SKUs at all locations."""
    return tx.all(
        StockLevels,
        """
        SELECT sku, condition, array_agg(location_id) AS locations, array_agg(on_hand) AS on_hand,
               array_agg(reserved) AS reserved, array_agg(missing) AS missing
          FROM (SELECT * FROM stock WHERE sku = ANY(%s) AND condition = ANY(%s) ORDER BY sku, condition, location_id) s
         GROUP BY sku, condition
        """,
        (list(skus), list(conditions)),
    )


@dataclass(frozen=True, slots=True)
class RequestedUnits:
    """Units of a SKU that the network has committed."""

    sku: str
    condition: str
    held: int
    committed: int


def select_requested_units(tx: ReadTx, *, skus: Sequence[str]) -> list[RequestedUnits]:
    """Units that carts hold and that captured orders still need."""
    statement = "SELECT sku, condition, held, committed FROM network_stock WHERE sku = ANY(%s)"
    return tx.all(RequestedUnits, statement, (list(skus),))


@dataclass(frozen=True, slots=True)
class Promised:
    """Units of a SKU that are promised from future supply."""

    sku: str
    waiting: int
    arrived: int
    undated: int


def select_promised(tx: ReadTx, *, skus: Sequence[str]) -> list[Promised]:
    """Open promises: committed units that wait for supply; units that arrived for uncommitted lines; units without supply."""
    return tx.all(
        Promised,
        """
        SELECT p.sku, coalesce(sum(p.quantity - p.arrived) FILTER (WHERE c.sku IS NOT NULL), 0)::bigint AS waiting,
               coalesce(sum(p.arrived) FILTER (WHERE c.sku IS NULL), 0)::bigint AS arrived,
               coalesce(sum(p.quantity - p.arrived) FILTER (WHERE p.supply_id IS NULL), 0)::bigint AS undated
          FROM supply_promises p
          LEFT JOIN stock_commitments c ON (c.order_id, c.line_no, c.sku, c.condition) = (p.order_id, p.line_no, p.sku, 'new')
         WHERE p.sku = ANY(%s) AND p.state = 'open' GROUP BY p.sku
        """,
        (list(skus),),
    )


def select_incoming(tx: ReadTx, *, skus: Sequence[str]) -> list[Incoming]:
    """Open supply of these SKUs beyond what is promised from it, soonest first."""
    return tx.all(
        Incoming,
        """
        SELECT s.sku, s.id AS supply_id, s.kind || ' ' || s.number AS document, s.location_id, s.eta_date,
               greatest(s.quantity - s.received - coalesce(p.promised, 0), 0)::bigint AS free, s.confidence
          FROM supplies s LEFT JOIN LATERAL (
               SELECT sum(quantity - arrived) AS promised FROM supply_promises
                WHERE supply_id = s.id AND state = 'open') p ON true
         WHERE s.sku = ANY(%s) AND s.state = 'open' ORDER BY s.sku, s.eta_date, s.id
        """,
        (list(skus),),
    )


def select_nodes(tx: ReadTx, *, at: datetime) -> list[Node]:
    """Every location with the time of its oldest stock update; `stale` names the sources that are overdue."""
    return tx.all(
        Node,
        """
        SELECT l.id, l.code, l.name, l.kind, l.ships, l.active, coalesce(s.stale, '') AS stale, s.updated_at,
               l.latitude, l.longitude
          FROM locations l LEFT JOIN (
               SELECT location_id, min(last_message_at) AS updated_at,
                      string_agg(format('%%s: %%s', name, CASE WHEN last_message_at IS NULL THEN 'no update yet'
                          ELSE format('last update %%s UTC', to_char(last_message_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'))
                          END), ', ' ORDER BY name)
                      FILTER (WHERE last_message_at IS NULL
                                 OR last_message_at < %(at)s - make_interval(secs => max_age_seconds)) AS stale
                 FROM stock_sources GROUP BY location_id) s ON s.location_id = l.id
         ORDER BY l.id
        """,
        {"at": at},
    )
