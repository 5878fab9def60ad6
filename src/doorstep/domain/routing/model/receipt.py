"""The receipt of a decision: written from what the decision saw, in a sentence and a short table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from doorstep.domain.routing.model.demand import Choice, Demand, Want
from doorstep.domain.routing.model.network import Place
from doorstep.kernel.ids import LocationId, Sku

_CANDIDATES_TOLD = 4


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A location as it stood in the decision; `eliminated` says why it could not serve a line (empty: it could).

    A struct, as there are more of these than of anything else in a batch, and a struct is made in a seventh of the time.
    """

    location: str
    available: int
    distance_km: int | None
    eliminated: str = ""


class LineReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a line went where it went: a sentence, and the nearest locations behind it (`others` more had some too)."""

    line_no: int
    sku: str
    quantity: int
    sentence: str
    candidates: tuple[Candidate, ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Explain:
    """Writes the receipt from what the decision saw."""

    demand: Demand
    places: Mapping[LocationId, Place]
    ways: Mapping[LocationId, float]
    before: Mapping[Sku, Mapping[LocationId, int]]

    @property
    def is_plain(self) -> bool:
        """Whether nobody rejected anything, and nothing is kept from the buyer."""
        return not self.demand.excluded and not self.demand.terms.reasons

    def lines(self, chosen: Sequence[Choice]) -> tuple[LineReceipt, ...]:
        """One for every line that was wanted."""
        choices: dict[int, list[Choice]] = {}
        for choice in chosen:
            choices.setdefault(choice.line_no, []).append(choice)
        plain = self.is_plain
        return tuple([self._line(want, choices.get(want.line_no, []), plain) for want in self.demand.wants])

    def _line(self, want: Want, choices: Sequence[Choice], plain: bool) -> LineReceipt:
        stock = self.before[want.sku]
        had = [
            place for place in self.ways if stock.get(place) or (not plain and self._is_told_of(want, place))
        ]
        used = {choice.location_id for choice in choices}
        told = had[:_CANDIDATES_TOLD] + [place for place in had[_CANDIDATES_TOLD:] if place in used]
        candidates = tuple([self._candidate(want, place, stock.get(place, 0), plain) for place in told])
        sentence = self._sentence(want, choices, stock)
        return LineReceipt(want.line_no, want.sku, want.quantity, sentence, candidates, len(had) - len(told))

    def _is_told_of(self, want: Want, place: LocationId) -> bool:
        """Whether a location that has nothing for this buyer is worth a word."""
        return bool(self._kept(want, place)) or (want.sku, place) in self.demand.excluded

    def _candidate(self, want: Want, place_id: LocationId, available: int, plain: bool) -> Candidate:
        place = self.places[place_id]
        fits = plain and place.ships and available >= want.quantity
        why = "" if fits else self._why(want, place, available)
        return Candidate(place.code, available, self._km(place_id), why)

    def _why(self, want: Want, place: Place, available: int) -> str:
        if (want.sku, place.id) in self.demand.excluded:
            return "rejected this before"
        if not place.ships:
            return "does not ship"
        if available >= want.quantity:
            return ""
        return self._kept(want, place.id) or f"has {available} of {want.quantity}: the line would be split"

    def _kept(self, want: Want, place: LocationId) -> str:
        """Why pieces that are there are not for this buyer."""
        return self.demand.terms.reasons.get((want.sku, place), "")

    def _km(self, location_id: LocationId) -> int | None:
        return None if self.demand.latitude is None else round(self.ways[location_id])

    def _sentence(self, want: Want, choices: Sequence[Choice], stock: Mapping[LocationId, int]) -> str:
        if not choices:
            there = sum(stock.get(place, 0) for place in self._may(want))
            return f"{there} of {want.quantity} are to be had: the line waits for stock and ties up nothing."
        if len(choices) > 1:
            parts = ", ".join(f"{choice.quantity} from {self._named(choice)}" for choice in choices)
            return f"No location has all {want.quantity}: {parts}."
        whole = [place for place in self._may(want) if stock.get(place, 0) >= want.quantity]
        return self._whole_sentence(want, choices[0], whole)

    def _whole_sentence(self, want: Want, choice: Choice, whole: Sequence[LocationId]) -> str:
        here = self._named(choice)
        have = "that have it" if want.quantity == 1 else f"with all {want.quantity}"
        if len(whole) == 1:
            return f"{here}: the only location {have.replace('have', 'has')}."
        if whole[0] == choice.location_id:
            return f"{here}: the nearest of {len(whole)} locations {have}."
        nearer = self.places[whole[0]].name
        return f"{here}: in one parcel with other lines of this order, instead of {nearer}, which is nearer."

    def _may(self, want: Want) -> list[LocationId]:
        """Locations that may serve a line, nearest first."""
        ships = [place for place in self.ways if self.places[place].ships]
        excluded = self.demand.excluded
        return [place for place in ships if (want.sku, place) not in excluded] if excluded else ships

    def _named(self, choice: Choice) -> str:
        place = self.places[choice.location_id]
        km = self._km(choice.location_id)
        return place.name if km is None else f"{place.name} ({km} km)"
