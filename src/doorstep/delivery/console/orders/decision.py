"""The receipt of a decision as people read it: a sentence first, then the table, the money, and what would have changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorstep.delivery.console import words
from doorstep.delivery.console.orders import sketch
from doorstep.delivery.console.orders.sketch import Mark, Sketch, Spot
from doorstep.domain.analytics.views.decisions import Decision
from doorstep.domain.orders.model import Address
from doorstep.domain.routing.model.receipt import Alternative, Candidate, LineExplanation
from doorstep.domain.routing.model.score import Scores

_SURE = 0.005  # below half a percent nobody speaks of a risk
_COMPONENTS = {
    "carriage_minor": "Carriage",
    "handling_minor": "Handling",
    "split_minor": "More than one parcel",
    "reroute_minor": "Likely to be rejected there",
    "late_minor": "Late delivery",
    "load_minor": "Busy location",
    "last_piece_minor": "Last piece of a shelf",
    "scarcity_minor": "Scarce stock, worth more to orders to come",
    "carbon_minor": "Carbon",
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
    """A component of the cost: of the plan, and of the one that came second (None: there is none)."""

    name: str
    minor: int
    runner_up_minor: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that is told of a decision. `currency` is empty where money is nobody's business."""

    decision: Decision
    headline: str
    lines: Sequence[LinePart]
    parts: Sequence[Part]
    runner_up: str
    map: Sketch | None
    currency: str

    @property
    def refused(self) -> str:
        """How many locations were out of the question, and why."""
        counts = sorted(self.decision.receipt.refused.items(), key=lambda each: (-each[1], each[0]))
        return "; ".join(f"{reason} ({count})" for reason, count in counts)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is told, and of which order: where it goes (None: no map), what money counts in, whether the customer was told a day.

    `currency` is empty for whom money is no business of.
    """

    to: Address | None
    currency: str
    is_promised: bool = False

    def account(self, decision: Decision, *, only: frozenset[int] | None = None) -> Account:
        """Tell of a decision: of all its lines, or `only` of some."""
        receipt = decision.receipt
        lines = [
            LinePart(line, [_row(decision, line, each) for each in line.candidates])
            for line in receipt.lines
            if only is None or line.line_no in only
        ]
        second = receipt.runner_up
        return Account(
            decision,
            self.headline(decision),
            lines,
            _parts(receipt.scores, second) if self.currency else (),
            " and ".join(decision.name(code) for code in second.locations) if second else "",
            None if self.to is None else _map(decision, self.to),
            self.currency,
        )

    def headline(self, decision: Decision) -> str:
        """The decision in one sentence; of what waits, and in receipts without numbers, the line's own."""
        receipt = decision.receipt
        waits = [line for line in receipt.lines if decision.lacking(line)]
        if not decision.sent:
            return " ".join(dict.fromkeys(line.sentence for line in waits or receipt.lines))
        where = " and ".join(decision.name(code) for code in decision.sent)
        if not decision.is_told_whole:
            return receipt.lines[0].sentence if len(receipt.lines) == 1 else f"From {where}."
        said = ", ".join(self._facts(receipt.scores))
        rest = _pieces_wait(sum(decision.lacking(line) for line in waits))
        return f"{where}: {said}{self._against(decision)}.{rest}"

    def _facts(self, scores: Scores) -> list[str]:
        found = []
        if self.is_promised:
            found.append(_risk(scores.miss) or "in time")
        elif scores.arrives is not None:
            found.append(f"there by {words.day(scores.arrives)}")
        found.append(_parcels(scores.parcels))
        if scores.km:
            found.append(f"{scores.km:,} km")
        if self.currency and scores.carriage_minor:
            found.append(f"{words.minor(scores.carriage_minor, self.currency)} for carriage")
        return found

    def _against(self, decision: Decision) -> str:
        """What the plan that came second would have been: the first thing that people would notice."""
        second = decision.receipt.runner_up
        if second is None:
            return ""
        where = " and ".join(decision.name(code) for code in second.locations)
        differs = self._difference(decision.receipt.scores, second.scores)
        return f"; {where} would have been {differs}" if differs else f"; {where} came second"

    def _difference(self, ours: Scores, other: Scores) -> str:
        """Dearer, later, in more parcels or farther; if it was cheaper, why it lost nevertheless."""
        cost = other.cost_minor - ours.cost_minor if self.currency else 0
        later = _more(round((other.miss - ours.miss) * 100), "likelier to be late by {} points of a hundred")
        parcels = _parcels_more(other.parcels - ours.parcels)
        farther = _more(other.km - ours.km, "{} km farther")
        if cost < 0:
            but = later or parcels or farther or "less wanted by the rule"
            return f"{words.minor(-cost, self.currency)} cheaper, but {but}"
        return (f"{words.minor(cost, self.currency)} dearer" if cost else "") or later or parcels or farther


def _parcels(count: int) -> str:
    return words.plural(count, "parcel").replace("1 ", "one ") if count else "in a parcel that goes anyway"


def _parcels_more(count: int) -> str:
    return f"in {words.plural(count, 'more parcel')}" if count > 0 else ""


def _pieces_wait(pieces: int) -> str:
    return f" {words.plural(pieces, 'piece')} {'waits' if pieces == 1 else 'wait'}." if pieces else ""


def _risk(miss: float) -> str:
    return f"late with a risk of {miss:.0%}" if miss >= _SURE else ""


def _more(difference: int, said: str) -> str:
    return said.format(f"{difference:,}") if difference > 0 else ""


def _row(decision: Decision, line: LineExplanation, candidate: Candidate) -> Row:
    mark = Mark.OUT if candidate.eliminated else Mark.POSSIBLE
    if line.line_no in decision.sent.get(candidate.location, {}):
        mark = Mark.CHOSEN
    name = decision.name(candidate.location)
    return Row(
        name, candidate.location, candidate, mark, f"{candidate.miss:.0%}" if candidate.miss >= _SURE else ""
    )


def _parts(scores: Scores, second: Alternative | None) -> list[Part]:
    """The cost by component, those that neither plan has left out."""
    other: Mapping[str, int] = (
        {name: getattr(second.scores, name) for name in _COMPONENTS} if second is not None else {}
    )
    return [
        Part(word, getattr(scores, name), other.get(name))
        for name, word in _COMPONENTS.items()
        if getattr(scores, name) or other.get(name)
    ]


def _map(decision: Decision, to: Address) -> Sketch | None:
    """Every location that the receipt names, as what it was to the order as a whole."""
    receipt = decision.receipt
    possible = {
        each.location for line in receipt.lines for each in line.candidates if not each.eliminated
    } | set(receipt.runner_up.locations if receipt.runner_up else ())
    spots = []
    for code, site in decision.sites.items():
        mark = Mark.CHOSEN if code in decision.sent else Mark.POSSIBLE if code in possible else Mark.OUT
        spots.append(Spot(site.name, site.latitude, site.longitude, mark, mark is Mark.CHOSEN))
    return sketch.draw(spots, city=to.city, latitude=to.latitude, longitude=to.longitude)
