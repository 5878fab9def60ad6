"""Verbs of routing."""

from __future__ import annotations

from doorstep.domain.routing.actions.decisions import Block, Exclusion, block, exclude, number, record

__all__ = ["Block", "Exclusion", "block", "exclude", "number", "record"]
