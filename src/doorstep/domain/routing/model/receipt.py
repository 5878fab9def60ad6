"""The receipt of a decision: written from what the decision saw, in a sentence and a short table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorstep.domain.routing.model.demand import Choice, Demand, Place, Want
from doorstep.kernel.ids import LocationId, Sku

_CANDIDATES_TOLD = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A location as it stood in the decision; `eliminated` says why it could not serve a line (empty: it could)."""

    location: str
    available: int
    distance_km: int | None
    eliminated: str


@dataclass(frozen=True, slots=True)
class LineReceipt:
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

    def line(self, want: Want, chosen: Sequence[Choice]) -> LineReceipt:
        choices = [choice for choice in chosen if choice.line_no == want.line_no]
        stock = self.before[want.sku]
        had = [
            place
            for place in self.ways
            if stock.get(place, 0) > 0 or self._kept(want, place) or (want.sku, place) in self.demand.excluded
        ]
        used = {choice.location_id for choice in choices}
        told = [place for rank, place in enumerate(had) if rank < _CANDIDATES_TOLD or place in used]
        candidates = tuple([self._candidate(want, self.places[place], stock) for place in told])
        sentence = self._sentence(want, choices, stock)
        return LineReceipt(want.line_no, want.sku, want.quantity, sentence, candidates, len(had) - len(told))

    def _candidate(self, want: Want, place: Place, stock: Mapping[LocationId, int]) -> Candidate:
        available = stock.get(place.id, 0)
        why = ""
        if (want.sku, place.id) in self.demand.excluded:
            why = "rejected this before"
        elif not place.ships:
            why = "does not ship"
        elif available < want.quantity and self._kept(want, place.id):
            why = self._kept(want, place.id)
        elif available < want.quantity:
            why = f"has {available} of {want.quantity}: the line would be split"
        return Candidate(place.code, available, self._km(place.id), why)

    def _kept(self, want: Want, place: LocationId) -> str:
        """Why pieces that are there are not for this buyer."""
        return self.demand.terms.reasons.get((want.sku, place), "")

    def _km(self, location_id: LocationId) -> int | None:
        return None if self.demand.latitude is None else round(self.ways[location_id])

    def _sentence(self, want: Want, choices: Sequence[Choice], stock: Mapping[LocationId, int]) -> str:
        may = [place for place in self.ways if self._may(want, place)]
        if not choices:
            there = sum(stock.get(place, 0) for place in may)
            return f"{there} of {want.quantity} are to be had: the line waits for stock and ties up nothing."
        if len(choices) > 1:
            parts = ", ".join(f"{choice.quantity} from {self._named(choice)}" for choice in choices)
            return f"No location has all {want.quantity}: {parts}."
        whole = [place for place in may if stock.get(place, 0) >= want.quantity]
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

    def _may(self, want: Want, place: LocationId) -> bool:
        return self.places[place].ships and (want.sku, place) not in self.demand.excluded

    def _named(self, choice: Choice) -> str:
        place = self.places[choice.location_id]
        km = self._km(choice.location_id)
        return place.name if km is None else f"{place.name} ({km} km)"
