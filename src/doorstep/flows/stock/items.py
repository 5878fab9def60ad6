"""Create or replace SKUs; the availability rules apply to them in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.inventory.actions import rules
from doorstep.kernel.db import WriteTx


def put(tx: WriteTx, *, items: Sequence[Item]) -> None:
    """Create or replace SKUs. Raises Invalid for an unknown currency."""
    if items:
        catalog.put(tx, items=items)
        rules.apply_to(tx, skus=[item.sku for item in items])
