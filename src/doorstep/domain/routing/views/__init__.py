"""Reads of routing."""

from __future__ import annotations

from doorstep.domain.routing.views.decisions import DecisionRow, Exclusion, decisions, exclusions

__all__ = ["DecisionRow", "Exclusion", "decisions", "exclusions"]
