"""Write the explanation of a decision from its inputs: a sentence and a short table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import attrgetter

import msgspec

from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.counterfactual import why_not_nearest
from doorstep.domain.routing.model.demand import Choice, DemandLine
from doorstep.domain.routing.model.order_problem import NO_CAPACITY, OrderProblem
from doorstep.domain.routing.model.score import SURELY, Scores
from doorstep.kernel.ids import LocationId, OrderId
from doorstep.kernel.message import Listed, Message

VERSION = 3
_REJECTED = Message("rejected this before")
# The nearest locations of a line that are listed, fewer for many lines: explanations must fit a page and are kept for years.
_MOST_LISTED, _LEAST_LISTED, _LISTED_IN_ALL = 4, 2, 9


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A location as it was in the decision; `eliminated` is the reason why it could not serve a line (None: it could).

    `cost_minor`, `miss` and `arrives` are of the line in a parcel of its own. A struct, as a batch has more of these than of
    anything else, and a struct is created in a seventh of the time.
    """

    location: str
    available: int
    distance_km: int | None
    eliminated: Message | None = None
    cost_minor: int = 0
    miss: float = SURELY
    arrives: date | None = None


class LineExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The explanation of a line: a sentence, and the nearest locations (`others` more had some stock too)."""

    line_no: int
    sku: str
    quantity: int
    sentence: Message
    candidates: tuple[Candidate, ...]
    others: int = 0


class Alternative(msgspec.Struct, frozen=True):
    """The runner-up plan: its locations by code, and its numbers."""

    locations: tuple[str, ...]
    scores: Scores


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The explanation of an order's decision.

    `rules`, `run`, `routing` and `rule` name what decided. `ruled_out` counts locations by the reason that ruled them out for
    the whole order (`refused` in explanations before version 3). `flip` says what would have made the runner-up win. `together`
    are orders of the same customer whose parcel this order joins. `batch` says what batch re-optimization changed (None if the
    order was decided on its own).
    """

    v: int
    rules: str
    run: str
    routing: str
    rule: str
    lines: tuple[LineExplanation, ...]
    scores: Scores = Scores()
    runner_up: Alternative | None = None
    flip: Message | None = None
    refused: Mapping[str, int] = {}
    asked: int = 0
    together: tuple[OrderId, ...] = ()
    batch: Message | None = msgspec.field(default=None, name="wave")  # stored explanations keep the name
    ruled_out: tuple[tuple[Message, int], ...] = ()

    @property
    def excluded(self) -> Sequence[tuple[Message, int]]:
        """The number of locations that were ruled out for the whole order, by reason."""
        return self.ruled_out or [(Message(reason), number) for reason, number in self.refused.items()]


@dataclass(frozen=True, slots=True)
class Explain:
    """Writes the lines of an explanation from a rule's view of the order, before stock is taken."""

    problem: OrderProblem

    @property
    def is_plain(self) -> bool:
        """Whether there are no rejections and no stock kept from the buyer."""
        return not self.problem.demand.excluded and not self.problem.demand.terms.reasons

    def lines(self, chosen: Sequence[Choice]) -> dict[int, LineExplanation]:
        """One for every demand line, by line number."""
        choices: dict[int, list[Choice]] = {}
        for choice in chosen:
            choices.setdefault(choice.line_no, []).append(choice)
        plain = self.is_plain
        shared = _shared(chosen) if len(choices) > 1 else frozenset()
        return {
            want.line_no: self._line(index, want, choices.get(want.line_no, []), plain, shared)
            for index, want in enumerate(self.problem.wants)
        }

    def ruled_out(self) -> tuple[tuple[Message, int], ...]:
        """The number of excluded locations, by reason."""
        reasons, capacity = self.problem.candidates.reasons, self.problem.capacity
        full = sum(room <= 0 and location not in reasons for location, room in capacity.items())
        counts = self.problem.candidates.counts
        return (*counts, (NO_CAPACITY, full)) if full else counts

    def _line(
        self,
        index: int,
        want: DemandLine,
        choices: Sequence[Choice],
        plain: bool,
        shared: frozenset[LocationId],
    ) -> LineExplanation:
        stock = self.problem.stock_at[index]
        had = [
            location
            for location in self.problem.candidates.lanes
            if stock.get(location) or (not plain and self._is_listed(want, location))
        ]
        most = min(_MOST_LISTED, max(_LEAST_LISTED, _LISTED_IN_ALL // len(self.problem.wants)))
        if len(had) > most:
            used = {choice.location_id for choice in choices}
            far = [location for location in had[most - 1 :] if location in used]
            # A chosen location farther away replaces the last of the nearest.
            reported = had[: most - 1] + far if far else had[:most]
        else:
            reported = had
        candidates = tuple(
            [self._candidate(index, want, location, stock.get(location, 0)) for location in reported]
        )
        sentence = self._sentence(index, want, choices, shared)
        return LineExplanation(
            want.line_no, want.sku, want.quantity, sentence, candidates, len(had) - len(reported)
        )

    def _is_listed(self, want: DemandLine, location: LocationId) -> bool:
        """Whether a location without stock for this buyer is listed."""
        return bool(self._kept(want, location)) or (want.sku, location) in self.problem.demand.excluded

    def _candidate(self, index: int, want: DemandLine, location_id: LocationId, available: int) -> Candidate:
        stop = self.problem.candidate(location_id, want.sku)
        if stop is None or available < want.quantity + self.problem.safety:
            code = self.problem.candidates.frame.network.locations[location_id].code
            return Candidate(code, available, self._km(location_id), self._why(want, location_id, available))
        lane = stop.lane
        arrives = lane.arrives_at.date() if lane.arrives_at is not None else None
        cost = stop.fixed_cost.total + self.problem.added(index, stop, want.quantity)
        return Candidate(
            stop.location.code, available, self._km(location_id), None, cost, lane.miss or SURELY, arrives
        )

    def _why(self, want: DemandLine, location: LocationId, available: int) -> Message:
        if (want.sku, location) in self.problem.demand.excluded:
            return _REJECTED
        if why := self.problem.reason_against(location) or self._kept(want, location):
            return why
        if available >= want.quantity:
            return Message("keeps %(units)s as safety stock of this rule", units=self.problem.safety)
        return _lacking(available, want.quantity)

    def _kept(self, want: DemandLine, location: LocationId) -> Message | None:
        """Why available units are not for this buyer."""
        return self.problem.demand.terms.reasons.get((want.sku, location))

    def _km(self, location: LocationId) -> int | None:
        return (
            None
            if self.problem.demand.latitude is None
            else round(self.problem.candidates.lanes[location].km)
        )

    def _sentence(
        self, index: int, want: DemandLine, choices: Sequence[Choice], shared: frozenset[LocationId]
    ) -> Message:
        stock = self.problem.stock_at[index]
        if not choices:
            there = sum(
                [
                    quantity
                    for location, quantity in stock.items()
                    if self.problem.candidate(location, want.sku) is not None
                ]
            )
            return Message(
                "%(there)s of %(quantity)s available. Backordered; nothing is reserved.",
                there=there,
                quantity=want.quantity,
            )
        if len(choices) > 1:
            parts = [
                Message(
                    "%(quantity)s from %(place)s",
                    quantity=choice.quantity,
                    place=self._named(choice.location_id),
                )
                for choice in choices
            ]
            return Message(
                "No location has all %(quantity)s: %(parts)s.",
                quantity=want.quantity,
                parts=Listed(tuple(parts)),
            )
        return self._whole_sentence(index, want, choices[0], shared)

    def _whole_sentence(
        self, index: int, want: DemandLine, choice: Choice, shared: frozenset[LocationId]
    ) -> Message:
        """Why a whole line came from one location."""
        fits = self.problem.fits(index)
        here = self._named(choice.location_id)
        if len(fits) <= 1:
            return _only(here, want.quantity)
        nearest = self._nearest(fits)
        if nearest.meters == fits[choice.location_id].meters:
            return _nearest_of(here, len(fits), want.quantity)
        if choice.location_id in shared:
            return Message(
                "%(place)s: in one parcel with other lines of this order, instead of %(nearer)s, which is nearer.",
                place=here,
                nearer=nearest.location.name,
            )
        return why_not_nearest(self.problem, index, fits[choice.location_id], nearest, here)

    def _nearest(self, fits: Mapping[LocationId, Stop]) -> Stop:
        """The first by distance; by id, if others are less than a meter farther."""
        first = next(filter(None, map(fits.get, self.problem.candidates.lanes)))
        same = [stop for stop in fits.values() if stop.meters == first.meters]
        return first if len(same) == 1 else min(same, key=attrgetter("id"))

    def _named(self, location_id: LocationId) -> str:
        location, km = self.problem.candidates.frame.network.locations[location_id], self._km(location_id)
        return location.name if km is None else f"{location.name} ({km} km)"


@lru_cache(maxsize=1024)
def _lacking(available: int, quantity: int) -> Message:
    """Shared: most locations that are ruled out lack the same few units."""
    return Message(
        "has %(available)s of %(quantity)s: the line would be split", available=available, quantity=quantity
    )


def _only(location: str, quantity: int) -> Message:
    if quantity == 1:
        return Message("%(place)s: the only location that has it.", place=location)
    return Message("%(place)s: the only location with all %(quantity)s.", place=location, quantity=quantity)


def _nearest_of(location: str, count: int, quantity: int) -> Message:
    if quantity == 1:
        return Message(
            "%(place)s: the nearest of %(count)s locations that have it.", place=location, count=count
        )
    return Message(
        "%(place)s: the nearest of %(count)s locations with all %(quantity)s.",
        place=location,
        count=count,
        quantity=quantity,
    )


def _shared(chosen: Sequence[Choice]) -> frozenset[LocationId]:
    """Locations that more than one line comes from."""
    lines: dict[LocationId, set[int]] = {}
    for choice in chosen:
        lines.setdefault(choice.location_id, set()).add(choice.line_no)
    return frozenset(location for location, numbers in lines.items() if len(numbers) > 1)


def not_asked(wants: Sequence[DemandLine], why: Message) -> tuple[LineExplanation, ...]:
    """Lines that no rule was applied to."""
    return tuple([LineExplanation(want.line_no, want.sku, want.quantity, why, ()) for want in wants])
