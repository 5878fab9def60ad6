"""Change routing data: decisions, rule sets, runs, trials and simulations."""

from __future__ import annotations

from doorstep.domain.routing.actions.decisions import Block, Exclusion, block, exclude, record, reserve_ids

__all__ = ["Block", "Exclusion", "block", "exclude", "record", "reserve_ids"]
