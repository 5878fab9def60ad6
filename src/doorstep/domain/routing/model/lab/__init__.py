"""The rule lab: what rules would have made of the past, measured side by side."""

from __future__ import annotations

from doorstep.domain.routing.model.lab.replay import Arrival, Change, Outcome, Past, replay

__all__ = ["Arrival", "Change", "Outcome", "Past", "replay"]
