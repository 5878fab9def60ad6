"""Verbs of routing."""

from __future__ import annotations

from doorstep.domain.routing.actions.decisions import Exclusion, exclude, number, record

__all__ = ["Exclusion", "exclude", "number", "record"]
