"""Create draft transfers from replenishment rules."""

from __future__ import annotations

import functools

from doorstep.domain.inventory.actions import replenishment
from doorstep.flows.context import Context
from doorstep.kernel.ids import TransferId


def draft(context: Context, *, actor: str = "system") -> list[TransferId]:
    """Draft transfers for what locations lack; returns transfers created or extended. Repeating it changes nothing."""
    drafted: dict[TransferId, None] = {}
    after = ""
    while True:
        work = functools.partial(replenishment.draft, after=after, at=context.clock.now())
        page = context.db.transact(work, actor=actor)
        drafted |= dict.fromkeys(page.transfer_ids)
        after = page.next_after
        if not after:
            return list(drafted)
