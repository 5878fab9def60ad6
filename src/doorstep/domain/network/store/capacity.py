"""SQL of capacity: usage of shifts, pauses, throughput. Shifts are locked in key order, after stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.network.model import CapacityUse, Load, Pause, Throughput
from doorstep.domain.network.model.capacity import ShiftKey
from doorstep.kernel.db import ReadTx, WriteTx

_SHIFTS = "unnest(%(locations)s::bigint[], %(starts)s::timestamptz[]) AS s (location_id, starts_at)"


def _keys(shifts: Sequence[ShiftKey]) -> dict[str, object]:
    ordered = sorted(shifts)
    return {
        "locations": [location for location, _ in ordered],
        "starts": [starts_at for _, starts_at in ordered],
    }


def ensure_loads(tx: WriteTx, shifts: Sequence[ShiftKey]) -> None:
    """Insert missing shifts; existing rows are neither changed nor locked."""
    tx.execute(
        f"""
        INSERT INTO shift_loads (location_id, starts_at)
        SELECT s.location_id, s.starts_at FROM {_SHIFTS}
         WHERE NOT EXISTS (SELECT FROM shift_loads l WHERE (l.location_id, l.starts_at) = (s.location_id, s.starts_at))
         ORDER BY 1, 2
        ON CONFLICT DO NOTHING
        """,
        _keys(shifts),
    )


def lock_loads(tx: WriteTx, shifts: Sequence[ShiftKey]) -> list[Load]:
    """Lock shifts in key order."""
    return tx.all(
        Load,
        f"""
        SELECT l.location_id, l.starts_at, l.orders, l.lines, l.units FROM shift_loads l JOIN {_SHIFTS}
               USING (location_id, starts_at)
         ORDER BY l.location_id, l.starts_at FOR NO KEY UPDATE OF l
        """,
        _keys(shifts),
    )


def select_loads(tx: ReadTx, shifts: Sequence[ShiftKey]) -> list[Load]:
    """Select the usage of these shifts."""
    return tx.all(
        Load,
        f"SELECT l.location_id, l.starts_at, l.orders, l.lines, l.units FROM shift_loads l JOIN {_SHIFTS} USING (location_id, starts_at)",
        _keys(shifts),
    )


def add_loads(tx: WriteTx, loads: Sequence[Load]) -> None:
    """Add to the usage of locked shifts (negative numbers release it)."""
    tx.execute(
        """
        UPDATE shift_loads l SET orders = l.orders + g.orders, lines = l.lines + g.lines, units = l.units + g.units
          FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[])
               AS g (location_id, starts_at, orders, lines, units)
         WHERE (l.location_id, l.starts_at) = (g.location_id, g.starts_at)
        """,
        (
            [each.location_id for each in loads],
            [each.starts_at for each in loads],
            [each.orders for each in loads],
            [each.lines for each in loads],
            [each.units for each in loads],
        ),
    )


def copy_work(tx: WriteTx, takes: Sequence[CapacityUse]) -> None:
    """Store in which shift a fulfillment order counts."""
    tx.copy(
        "COPY shift_work (fulfillment_order_id, location_id, starts_at, lines, units) FROM STDIN",
        [
            (each.fulfillment_order_id, each.location_id, each.starts_at, each.lines, each.units)
            for each in takes
        ],
    )


def delete_work(tx: WriteTx, *, fulfillment_order_ids: Sequence[int]) -> list[CapacityUse]:
    """Delete these entries. Whoever deletes the row releases the capacity, so it is released once."""
    return tx.all(
        CapacityUse,
        """
        DELETE FROM shift_work WHERE fulfillment_order_id = ANY(%s)
        RETURNING fulfillment_order_id, location_id, starts_at, lines, units
        """,
        (list(fulfillment_order_ids),),
    )


def upsert_pause(tx: WriteTx, pause: Pause) -> None:
    """Pause a location, or change its pause."""
    tx.execute(
        """
        INSERT INTO location_pauses (location_id, reason, since_at, until_at, actor) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (location_id) DO UPDATE SET (reason, since_at, until_at, actor)
          = (excluded.reason, excluded.since_at, excluded.until_at, excluded.actor)
        """,
        (pause.location_id, pause.reason, pause.since_at, pause.until_at, pause.actor),
    )


def delete_pause(tx: WriteTx, *, location_id: int) -> int:
    """End a pause; returns whether there was one."""
    return tx.execute("DELETE FROM location_pauses WHERE location_id = %s", (location_id,))


def delete_pauses_over(tx: WriteTx, *, at: datetime) -> list[int]:
    """Delete expired pauses; returns the locations."""
    found = tx.column(int, "DELETE FROM location_pauses WHERE until_at <= %s RETURNING location_id", (at,))
    return sorted(found)


def select_pauses(tx: ReadTx, *, at: datetime) -> list[Pause]:
    """Select the locations that are paused at an instant."""
    return tx.all(
        Pause,
        """
        SELECT location_id, reason, since_at, until_at, actor FROM location_pauses
         WHERE until_at IS NULL OR until_at > %s ORDER BY location_id
        """,
        (at,),
    )


def upsert_throughput(tx: WriteTx, throughput: Sequence[Throughput]) -> None:
    """Store the measurements."""
    tx.execute(
        """
        INSERT INTO location_throughput (location_id, units_per_hour, open_units, reject_rate, measured_at)
        SELECT * FROM unnest(%s::bigint[], %s::float8[], %s::bigint[], %s::float8[], %s::timestamptz[]) ORDER BY 1
        ON CONFLICT (location_id) DO UPDATE SET (units_per_hour, open_units, reject_rate, measured_at)
          = (excluded.units_per_hour, excluded.open_units, excluded.reject_rate, excluded.measured_at)
        """,
        (
            [each.location_id for each in throughput],
            [each.units_per_hour for each in throughput],
            [each.open_units for each in throughput],
            [each.reject_rate for each in throughput],
            [each.measured_at for each in throughput],
        ),
    )


def select_throughput(tx: ReadTx) -> list[Throughput]:
    """Select the measured performance of every location."""
    return tx.all(
        Throughput,
        "SELECT location_id, units_per_hour, open_units, reject_rate, measured_at FROM location_throughput ORDER BY location_id",
    )


def delete_shifts(tx: WriteTx, *, before: datetime) -> int:
    """Delete shifts that began before this time, with the work counted in them; returns how many."""
    tx.execute("DELETE FROM shift_work WHERE starts_at < %s", (before,))
    return tx.execute("DELETE FROM shift_loads WHERE starts_at < %s", (before,))
