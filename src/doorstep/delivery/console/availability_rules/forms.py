"""Forms of availability rules and stock sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.inventory.actions.rules import RuleChange
from doorstep.domain.inventory.model.rules import Rule, RuleKind, Scope, Terms
from doorstep.kernel.i18n import mark as _m


class RuleFields(Form):
    """A rule, without the boxes that are ticked for its scope."""

    kind: Annotated[RuleKind, required(_m("Choose the rule type."))]
    name: Annotated[str, required(_m("Enter a name."), max_length=120)]
    value: Annotated[int, required(_m("Enter the number of units, or choose one of the two."), ge=0)]
    skus: str = ""
    styles: str = ""
    audience: str = ""
    precedence: int = 100
    active: str = ""
    reason: Annotated[str, required(_m("Enter a reason. It is kept with the rule."), max_length=500)]
    version: int | None = None


class Switch(Form):
    """Why a rule is turned on or off."""

    active: str = ""
    reason: Annotated[str, required(_m("Enter a reason. It is kept with the rule."), max_length=500)]


class Source(Form):
    """A system that the stock of a location depends on."""

    location_id: Annotated[int, required(_m("Choose a location."))]
    name: Annotated[str, required(_m("Enter the name that its feed carries."))]
    minutes: Annotated[int, required(_m("Enter the longest time between two updates."), ge=1)]


class SourceName(Form):
    """Which source is removed."""

    location_id: Annotated[int, required(_m("Choose a location."))]
    name: str = ""


def change_of(values: Mapping[str, str], rule_id: int | None) -> RuleChange:
    """The rule that was entered; raises WrongFields."""
    form = RuleFields.of(values)
    scope = Scope(
        skus=_listed(form.skus),
        styles=_listed(form.styles, spaces=False),
        categories=_ticked(values, "category"),
        locations=_ticked(values, "location"),
        location_kinds=_ticked(values, "location_kind"),
        channels=_ticked(values, "channel"),
    )
    terms = Terms(
        form.kind,
        form.name,
        form.value,
        scope,
        form.audience,
        form.precedence,
        active=form.active == "yes",
    )
    return RuleChange(terms, form.reason, rule_id, form.version)


def _listed(text: str, *, spaces: bool = True) -> tuple[str, ...]:
    """Names from a field: separated by commas or lines, SKUs by spaces too."""
    parts = re.split(r"[,;\s]+" if spaces else r"[,;\n]+", text)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _ticked(form: Mapping[str, str], prefix: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(f"{prefix}-") for name in form if name.startswith(f"{prefix}-"))


def fields_of(rule: Rule | None) -> dict[str, str]:
    """A stored rule as the fields of the form."""
    if rule is None:
        return {"precedence": "100", "active": "yes"}
    terms, scope = rule.terms, rule.terms.scope
    ticked = [
        *(f"category-{each}" for each in scope.categories),
        *(f"location-{each}" for each in scope.locations),
        *(f"location_kind-{each}" for each in scope.location_kinds),
        *(f"channel-{each}" for each in scope.channels),
    ]
    return {
        "name": terms.name,
        "value": str(terms.value),
        "skus": ", ".join(scope.skus),
        "styles": ", ".join(scope.styles),
        "audience": terms.audience,
        "precedence": str(terms.precedence),
        "active": "yes" if terms.active else "",
        **dict.fromkeys(ticked, "yes"),
    }
