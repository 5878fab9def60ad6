"""SQL of the fulfillments that channels report with their orders, whoever made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from doorstep.domain.orders.model import ReportedFulfillment
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class StoredFulfillment:
    """A fulfillment as a channel reported it last."""

    connection_id: int
    external_id: str
    order_id: int
    is_void: bool
    lines: Mapping[str, int]
    tracking_numbers: list[str]
    carrier: str
    shipped_at: datetime | None
    delivered_at: datetime | None
    reported_at: datetime


_STORED = "connection_id, external_id, order_id, is_void, lines, tracking_numbers, carrier, shipped_at, delivered_at, reported_at"


@dataclass(frozen=True, slots=True)
class Source:
    """Which channel reported the fulfillments of which order, with which version of it."""

    connection_id: int
    order_id: int
    version_at: datetime


def upsert(tx: WriteTx, *, source: Source, fulfillments: Sequence[ReportedFulfillment], at: datetime) -> None:
    """Store fulfillments of an order; what a later version said of one stays."""
    for each in fulfillments:
        tx.execute(
            """
            INSERT INTO reported_fulfillments AS f (connection_id, external_id, order_id, is_void, lines, tracking_numbers,
                                                    carrier, shipped_at, delivered_at, version_at, reported_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (connection_id, external_id) DO UPDATE SET is_void = excluded.is_void, lines = excluded.lines,
                tracking_numbers = excluded.tracking_numbers, carrier = excluded.carrier, shipped_at = excluded.shipped_at,
                delivered_at = coalesce(f.delivered_at, excluded.delivered_at), version_at = excluded.version_at,
                is_compared = false
             WHERE f.version_at <= excluded.version_at
               AND (f.is_void, f.lines, f.tracking_numbers, f.carrier, f.delivered_at)
                   IS DISTINCT FROM (excluded.is_void, excluded.lines, excluded.tracking_numbers, excluded.carrier,
                                     coalesce(f.delivered_at, excluded.delivered_at))
            """,
            (
                source.connection_id,
                each.external_id,
                source.order_id,
                each.is_void,
                Jsonb(dict(each.lines)),
                list(each.tracking_numbers),
                each.carrier,
                each.shipped_at,
                each.delivered_at,
                source.version_at,
                at,
            ),
        )


def select_of_orders(tx: ReadTx, *, order_ids: Sequence[int]) -> list[StoredFulfillment]:
    """The fulfillments of orders, in the order in which they came."""
    return tx.all(
        StoredFulfillment,
        f"SELECT {_STORED} FROM reported_fulfillments WHERE order_id = ANY(%s) ORDER BY reported_at, external_id",
        (list(order_ids),),
    )


def select_new(tx: ReadTx, *, limit: int) -> list[int]:
    """Orders with fulfillments that have not been compared since they changed."""
    return tx.column(
        int,
        "SELECT DISTINCT order_id FROM reported_fulfillments WHERE NOT is_compared ORDER BY order_id LIMIT %s",
        (limit,),
    )


def mark_compared(tx: WriteTx, *, order_ids: Sequence[int]) -> None:
    """The fulfillments of these orders, which the caller has locked, have been compared."""
    tx.execute(
        "UPDATE reported_fulfillments SET is_compared = true WHERE order_id = ANY(%s) AND NOT is_compared",
        (list(order_ids),),
    )
