"""Explain a routing decision: a sentence, the locations considered, the cost, and what would have changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorstep.delivery.console import formats
from doorstep.delivery.console.orders import small_map
from doorstep.delivery.console.orders.small_map import MapPoint, Mark, Sketch
from doorstep.domain.analytics.views.decisions import Decision
from doorstep.domain.orders.model import Address
from doorstep.domain.routing.model.explanation import Alternative, Candidate, LineExplanation
from doorstep.domain.routing.model.score import Scores
from doorstep.kernel import i18n, localized
from doorstep.kernel.i18n import counted
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

_NEGLIGIBLE = 0.005  # a risk below half a percent is not shown
_COMPONENTS = {
    "carriage_minor": _m("Shipping"),
    "handling_minor": _m("Handling"),
    "split_minor": _m("More than one parcel"),
    "reroute_minor": _m("Risk of a reject"),
    "late_minor": _m("Risk of late delivery"),
    "load_minor": _m("Busy location"),
    "last_unit_minor": _m("Last unit at the location"),
    "scarcity_minor": _m("Scarce stock"),
    "carbon_minor": _m("Carbon"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A location that was considered for a line."""

    name: str
    code: str
    candidate: Candidate
    mark: Mark
    risk: str


@dataclass(frozen=True, slots=True)
class LinePart:
    """Why a line went where it went, with the locations behind it."""

    line: LineExplanation
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Part:
    """A component of the cost: of the plan, and of the runner-up (None where there is none)."""

    name: str
    minor: int
    runner_up_minor: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision as a page shows it. `currency` is empty for readers who may not see costs."""

    decision: Decision
    headline: str
    lines: Sequence[LinePart]
    parts: Sequence[Part]
    runner_up: str
    map: Sketch | None
    currency: str

    @property
    def refused(self) -> str:
        """How many locations were excluded for the whole order, and why."""
        reasons = ((str(reason), count) for reason, count in self.decision.explanation.excluded)
        counts = sorted(reasons, key=lambda each: (-each[1], each[0]))
        return "; ".join(f"{reason} ({count})" for reason, count in counts)


@dataclass(frozen=True, slots=True)
class Explainer:
    """What a reader may see: the destination (None: no map), the currency (empty: no costs), and if a day is promised."""

    to: Address | None
    currency: str
    is_promised: bool = False

    def explain(self, decision: Decision, *, only: frozenset[int] | None = None) -> Explanation:
        """Explain a decision: all its lines, or `only` some."""
        explanation = decision.explanation
        lines = [
            LinePart(line, [_row(decision, line, each) for each in line.candidates])
            for line in explanation.lines
            if only is None or line.line_no in only
        ]
        second = explanation.runner_up
        is_part = only is not None and len(decision.sent) > 1
        return Explanation(
            decision,
            " ".join(dict.fromkeys(str(part.line.sentence) for part in lines))
            if is_part
            else self.headline(decision),
            lines,
            _parts(explanation.scores, second) if self.currency else (),
            " and ".join(decision.name(code) for code in second.locations) if second else "",
            None if self.to is None else _map(decision, self.to),
            self.currency,
        )

    def headline(self, decision: Decision) -> str:
        """The decision in one sentence; for backordered lines, and decisions without figures, the line's own."""
        explanation = decision.explanation
        waits = [line for line in explanation.lines if decision.lacking(line)]
        if not decision.sent:
            return " ".join(dict.fromkeys(str(line.sentence) for line in waits or explanation.lines))
        where = " and ".join(decision.name(code) for code in decision.sent)
        if not decision.has_figures:
            return (
                str(explanation.lines[0].sentence)
                if len(explanation.lines) == 1
                else _("From {locations}.").format(places=where)
            )
        figures = ", ".join(self._figures(explanation.scores))
        rest = _backordered(sum(decision.lacking(line) for line in waits))
        return f"{where}: {figures}{self._against(decision)}.{rest}"

    def _figures(self, scores: Scores) -> list[str]:
        found = []
        if self.is_promised:
            found.append(_risk(scores.miss) or _("on time"))
        elif scores.arrives is not None:
            found.append(_("delivered by {day}").format(day=localized.day(scores.arrives)))
        found.append(_parcels(scores.parcels))
        if scores.km:
            found.append(_("{n} km").format(n=i18n.number(scores.km)))
        if self.currency and scores.carriage_minor:
            amount = formats.minor(scores.carriage_minor, self.currency)
            found.append(_("{amount} shipping").format(amount=amount))
        return found

    def _against(self, decision: Decision) -> str:
        """How the runner-up differs: the first thing that people would notice."""
        second = decision.explanation.runner_up
        if second is None:
            return ""
        where = " and ".join(decision.name(code) for code in second.locations)
        differs = self._difference(decision.explanation.scores, second.scores)
        if not differs:
            return _("; {places} came second").format(places=where)
        return _("; {places} would have been {difference}").format(places=where, difference=differs)

    def _difference(self, ours: Scores, other: Scores) -> str:
        """More expensive, later, in more parcels or farther; if cheaper, why it lost all the same."""
        cost = other.cost_minor - ours.cost_minor if self.currency else 0
        later = _more(
            round((other.miss - ours.miss) * 100), _("{n} percentage points more likely to be late")
        )
        parcels = _parcels_more(other.parcels - ours.parcels)
        farther = _more(other.km - ours.km, _("{n} km farther"))
        if cost < 0:
            but = later or parcels or farther or _("ranked lower by the rule")
            amount = formats.minor(-cost, self.currency)
            return _("{amount} less, but {disadvantage}").format(amount=amount, disadvantage=but)
        if cost:
            return _("{amount} more expensive").format(amount=formats.minor(cost, self.currency))
        return later or parcels or farther


def _parcels(count: int) -> str:
    return counted(count, "{n} parcel", "{n} parcels") if count else _("in a parcel that ships anyway")


def _parcels_more(count: int) -> str:
    return counted(count, "in {n} more parcel", "in {n} more parcels") if count > 0 else ""


def _backordered(units: int) -> str:
    return " " + counted(units, "{n} item backordered.", "{n} items backordered.") if units else ""


def _risk(miss: float) -> str:
    return _("{percent} risk of late delivery").format(percent=f"{miss:.0%}") if miss >= _NEGLIGIBLE else ""


def _more(difference: int, words: str) -> str:
    return words.format(n=i18n.number(difference)) if difference > 0 else ""


def _row(decision: Decision, line: LineExplanation, candidate: Candidate) -> Row:
    mark = Mark.OUT if candidate.eliminated else Mark.POSSIBLE
    if line.line_no in decision.sent.get(candidate.location, {}):
        mark = Mark.CHOSEN
    name = decision.name(candidate.location)
    return Row(
        name,
        candidate.location,
        candidate,
        mark,
        f"{candidate.miss:.0%}" if candidate.miss >= _NEGLIGIBLE else "",
    )


def _parts(scores: Scores, second: Alternative | None) -> list[Part]:
    """The cost by component, without those that neither plan has."""
    other: Mapping[str, int] = (
        {name: getattr(second.scores, name) for name in _COMPONENTS} if second is not None else {}
    )
    return [
        Part(_(word), getattr(scores, name), other.get(name))
        for name, word in _COMPONENTS.items()
        if getattr(scores, name) or other.get(name)
    ]


def _map(decision: Decision, to: Address) -> Sketch | None:
    """Every location that the decision names, by its part in the whole order."""
    explanation = decision.explanation
    possible = {
        each.location for line in explanation.lines for each in line.candidates if not each.eliminated
    } | set(explanation.runner_up.locations if explanation.runner_up else ())
    spots = []
    for code, site in decision.sites.items():
        mark = Mark.CHOSEN if code in decision.sent else Mark.POSSIBLE if code in possible else Mark.OUT
        spots.append(MapPoint(site.name, site.latitude, site.longitude, mark, mark is Mark.CHOSEN))
    return small_map.draw(spots, city=to.city, latitude=to.latitude, longitude=to.longitude)
