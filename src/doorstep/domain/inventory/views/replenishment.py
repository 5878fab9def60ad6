"""Read replenishment rules."""

from __future__ import annotations

from doorstep.domain.inventory.model.replenishment import Rule
from doorstep.domain.inventory.store import replenishment as store
from doorstep.kernel.db import ReadTx


def rules(tx: ReadTx) -> list[Rule]:
    """Every rule, general ones first."""
    return store.select_rules(tx)
