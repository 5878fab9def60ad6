"""SQL of what decision explanations refer to: locations, orders, the currency of rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Site:
    """A location that an explanation refers to."""

    code: str
    name: str
    kind: str
    latitude: float
    longitude: float


def select_sites(tx: ReadTx) -> list[Site]:
    """Select every location, closed ones included: old explanations refer to them."""
    return tx.all(Site, "SELECT code, name, kind, latitude, longitude FROM locations ORDER BY id")


@dataclass(frozen=True, slots=True)
class RelatedOrder:
    """Another order of the same customer."""

    id: int
    number: str


def select_related_orders(tx: ReadTx, *, ids: Sequence[int]) -> list[RelatedOrder]:
    """Select these orders by their numbers."""
    if not ids:
        return []
    return tx.all(RelatedOrder, "SELECT id, number FROM orders WHERE id = ANY(%s) ORDER BY id", (list(ids),))


def select_currency(tx: ReadTx, *, order_id: int) -> str:
    """Select the currency of the rates; the order's currency if there are none."""
    return tx.value(
        str,
        """
        SELECT coalesce((SELECT nullif(document->>'currency', '') FROM network_documents ORDER BY version DESC LIMIT 1),
                        (SELECT currency FROM orders WHERE id = %s), '')
        """,
        (order_id,),
    )
