"""SQL of the work of locations: recent picks, open and planned work, unaccepted work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId


@dataclass(frozen=True, slots=True)
class PickedUnits:
    """Units that a location picked, the hours in which it picked any, and how many orders it did or rejected."""

    location_id: LocationId
    units: int
    hours: int
    works: int
    rejected: int


def select_picked(tx: ReadTx, *, since: datetime) -> list[PickedUnits]:
    """What locations did since then. Hours without a pick do not count: there may have been no work."""
    return tx.all(
        PickedUnits,
        """
        WITH picked AS (
            SELECT f.location_id, sum(l.picked)::bigint AS units, count(DISTINCT date_trunc('hour', f.picked_at)) AS hours,
                   count(DISTINCT f.id) AS works
              FROM fulfillment_orders f JOIN fulfillment_lines l ON l.fulfillment_order_id = f.id
             WHERE f.picked_at >= %(since)s AND f.state <> 'rejected' GROUP BY f.location_id),
        rejected AS (
            SELECT location_id, count(*) AS works FROM fulfillment_orders
             WHERE state = 'rejected' AND created_at >= %(since)s GROUP BY location_id)
        SELECT location_id, coalesce(p.units, 0) AS units, coalesce(p.hours, 0) AS hours,
               coalesce(p.works, 0) + coalesce(r.works, 0) AS works, coalesce(r.works, 0) AS rejected
          FROM picked p FULL JOIN rejected r USING (location_id) ORDER BY location_id
        """,
        {"since": since},
    )


@dataclass(frozen=True, slots=True)
class OpenUnits:
    """Units that a location was assigned and has not picked."""

    location_id: LocationId
    units: int


def select_open_units(tx: ReadTx) -> list[OpenUnits]:
    """Units that every location still has to pick."""
    return tx.all(
        OpenUnits,
        """
        SELECT f.location_id, sum(l.quantity - l.picked)::bigint AS units
          FROM fulfillment_orders f JOIN fulfillment_lines l ON l.fulfillment_order_id = f.id
         WHERE f.state IN ('open', 'accepted') GROUP BY f.location_id ORDER BY f.location_id
        """,
    )


@dataclass(frozen=True, slots=True)
class ReleasableWork:
    """A planned fulfillment order that may be released, with the run that decided it."""

    id: FulfillmentOrderId
    order_id: OrderId
    location_id: LocationId
    units: int
    release_after: datetime | None
    ship_by: datetime
    run: str


def select_releasable(tx: ReadTx, *, limit: int) -> list[ReleasableWork]:
    """Planned work that does not wait for the rest of its order, the most urgent of each location first."""
    return tx.all(
        ReleasableWork,
        """
        SELECT f.id, f.order_id, f.location_id, f.release_after, coalesce(d.run, '') AS run,
               ship_by(f.leaves_at, f.created_at, p.cut_off, p.timezone, o.channel_ship_by) AS ship_by,
               (SELECT sum(quantity)::bigint FROM fulfillment_lines l WHERE l.fulfillment_order_id = f.id) AS units
          FROM fulfillment_orders f JOIN orders o ON o.id = f.order_id JOIN locations p ON p.id = f.location_id
          LEFT JOIN routing_decisions d ON d.id = f.decision_id
         WHERE f.state = 'planned' AND NOT f.held_back
           AND NOT EXISTS (SELECT FROM order_holds h WHERE h.order_id = f.order_id AND h.released_at IS NULL)
         ORDER BY ship_by, f.id LIMIT %s
        """,
        (limit,),
    )


@dataclass(frozen=True, slots=True)
class UnacceptedWork:
    """An open fulfillment order that its location has not accepted, and its stage ("", warned, escalated)."""

    id: FulfillmentOrderId
    order_id: OrderId
    location_id: LocationId
    version: int
    since_at: datetime
    stage: str


def select_unaccepted(tx: ReadTx, *, before: datetime, limit: int) -> list[UnacceptedWork]:
    """Open work that its location has had since before then, oldest first, without held orders."""
    return tx.all(
        UnacceptedWork,
        """
        SELECT f.id, f.order_id, f.location_id, f.version, coalesce(f.released_at, f.created_at) AS since_at,
               coalesce(i.stage, '') AS stage
          FROM fulfillment_orders f LEFT JOIN unaccepted_work i ON i.fulfillment_order_id = f.id
         WHERE f.state = 'open' AND coalesce(f.released_at, f.created_at) <= %s
           AND NOT EXISTS (SELECT FROM order_holds h WHERE h.order_id = f.order_id AND h.released_at IS NULL)
         ORDER BY since_at, f.id LIMIT %s
        """,
        (before, limit),
    )
