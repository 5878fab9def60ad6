"""Read routing data."""

from __future__ import annotations

from doorstep.domain.routing.views.decisions import (
    DecisionRow,
    Exclusion,
    blocked,
    decisions,
    decisions_of,
    exclusions,
)

__all__ = ["DecisionRow", "Exclusion", "blocked", "decisions", "decisions_of", "exclusions"]
