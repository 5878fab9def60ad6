"""Fill the shelves: suggestions become drafts of transfers, a page of SKUs per transaction."""

from __future__ import annotations

from doorstep.domain.inventory.actions import replenishment
from doorstep.flows.context import Context
from doorstep.kernel.ids import TransferId


def draft(context: Context, *, actor: str = "system") -> list[TransferId]:
    """Draft what every place lacks; returns the transfers that were made or that grew. Twice is harmless."""
    drafted: dict[TransferId, None] = {}
    after = ""
    while True:
        with context.db.write(actor=actor) as tx:
            page = replenishment.draft(tx, after=after, at=context.clock.now())
        drafted |= dict.fromkeys(page.transfer_ids)
        after = page.next_after
        if not after:
            return list(drafted)
