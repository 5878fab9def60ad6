"""Forms of simulations and trials."""

from __future__ import annotations

from typing import Annotated

import pydantic

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.routing.model.lab import Guardrails, TrialKind, guardrails
from doorstep.kernel.i18n import mark as _m


class Simulation(Form):
    """A simulation of rules on past orders."""

    draft: int | None = None
    days: int = pydantic.Field(default=7, ge=1, le=366)
    every: int = pydantic.Field(default=15, ge=1)


class Trial(Form):
    """A trial of a draft on new orders, with the limits at which it ends."""

    draft: Annotated[int, required(_m("Choose a draft."))]
    kind: Annotated[TrialKind, required(_m("Choose how the draft is tried."))]
    percent: int = pydantic.Field(default=10, ge=1, le=100)
    cost_ratio: float | None = None
    split_points: float | None = None
    miss_points: float | None = None
    reject_points: float | None = None
    sample: float | None = None
    why: Annotated[str, required(_m("Enter a reason. It is kept in the history."), max_length=500)]

    @property
    def share(self) -> int:
        """Percent of the orders that the draft decides; a shadow trial compares all."""
        return 100 if self.kind is TrialKind.SHADOW else self.percent

    @property
    def limits(self) -> Guardrails:
        """The guardrails that were entered; the others have their defaults."""
        names = ("cost_ratio", "split_points", "miss_points", "reject_points", "sample")
        return guardrails.guardrails(
            {name: value for name in names if (value := getattr(self, name)) is not None}
        )


class Promote(Form):
    """Why a draft on trial is activated."""

    why: Annotated[str, required(_m("Enter a reason. It is kept in the history."), max_length=500)]
