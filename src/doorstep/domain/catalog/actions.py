"""Verbs of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.catalog import store
from doorstep.domain.catalog.model import Item
from doorstep.kernel import money
from doorstep.kernel.db import WriteTx


def put(tx: WriteTx, *, items: Sequence[Item]) -> None:
    """Create or replace items by SKU; raises Invalid for an unknown currency."""
    for item in items:
        money.exponent(item.currency)
    store.upsert_items(tx, items)
