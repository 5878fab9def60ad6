"""Available to promise: how many, why not more, who else has it, and how old our knowledge is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import freshness
from doorstep.domain.inventory.model import aisle
from doorstep.domain.inventory.model.availability import Availability, Method, Question
from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.model.waterfall import waterfall
from doorstep.domain.inventory.views import freshness as source_views
from doorstep.domain.network import views as network
from doorstep.flows.availability import available_to_promise
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku

router = APIRouter(tags=["Availability"])


class Asked(BaseModel):
    """How many of a SKU may a channel promise?"""

    sku: str
    channel: str = Field("", description="Key of the sales channel; empty: rules for all channels hold.")
    group: str = Field("", description="The buyer's group, as in pools: vip, b2b.")
    location: str = Field("", description="A location's code: only what may be promised from there.")
    method: Method = Method.SHIP
    by: date | None = Field(None, description="Count supply that comes until this day, too.")
    min_confidence: int = Field(
        0, ge=0, le=100, description="Leave out supply that is less sure, in percent."
    )
    explain: bool = Field(False, description="Tell where each piece went.")

    def question(self, places: Mapping[str, LocationId]) -> Question:
        """The same with ids."""
        place = places[self.location] if self.location else None
        return Question(
            Sku(self.sku), self.channel, self.group, place, self.method, self.by, self.min_confidence
        )


class Questions(BaseModel):
    """Up to 1,000 questions; the answers come in their order."""

    questions: list[Asked] = Field(min_length=1, max_length=1000)


@dataclass(frozen=True, slots=True)
class Step:
    """So many pieces are there, or go, and why; `rule_id` if a rule says so."""

    words: str
    pieces: int
    rule_id: int | None
    rule: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of one part of the SKU: from what lies somewhere to what is free. `pieces` of it make one of the SKU."""

    sku: str
    condition: str
    pieces: int
    free: int
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Answer:
    """`quantity` is null when `status` is unknown: then `because` says why, and `known_quantity` is what is certain.

    `together`: of a kit, how many have all their parts at one location; null for what is no kit.
    """

    sku: str
    channel: str
    status: str
    quantity: int | None
    known_quantity: int
    because: list[str]
    as_of: datetime
    together: int | None
    explanation: list[Explanation] | None


def _answer(found: Availability, *, explain: bool) -> Answer:
    parts = [
        Explanation(
            part.sku,
            part.condition.value,
            part.pieces,
            part.free,
            [Step(step.words, step.pieces, step.rule.rule_id, step.rule.rule) for step in waterfall(part)],
        )
        for part in (found.parts if explain else ())
    ]
    return Answer(
        sku=found.question.sku,
        channel=found.question.channel,
        status=found.status.value,
        quantity=found.quantity,
        known_quantity=found.known_quantity,
        because=list(found.because),
        as_of=found.as_of,
        together=found.together,
        explanation=parts if explain else None,
    )


def _ask(calling: Caller, asked: Sequence[Asked]) -> list[Answer]:
    calling.principal.require(Permission.INVENTORY_READ)

    def look(tx: ReadTx) -> list[Answer]:
        named = {each.location for each in asked if each.location}
        places = {code: network.by_code(tx, code=code).id for code in named}
        questions = [each.question(places) for each in asked]
        found = available_to_promise.availability(tx, questions=questions, at=calling.app.clock.now())
        return [_answer(each, explain=one.explain) for each, one in zip(found, asked, strict=True)]

    return calling.read(look)


@router.get("/availability")
def availability(calling: Calling, asked: Annotated[Asked, Query()]) -> Answer:
    """How many of a SKU may be promised now, or by a day."""
    return _ask(calling, [asked])[0]


@router.post("/availability")
def availabilities(calling: Calling, body: Questions) -> list[Answer]:
    """Many at once: one look at the stock for all of them."""
    return _ask(calling, body.questions)


@dataclass(frozen=True, slots=True)
class Offer:
    """Pieces from a location, or from a document on its way; null: that location's stock is unknown now."""

    location: str
    name: str
    quantity: int | None
    km: int
    here_date: date
    because: str
    document: str


@dataclass(frozen=True, slots=True)
class Aisle:
    """What the store has, who else has it and what comes, soonest first."""

    sku: str
    location: str
    here: Answer
    elsewhere: list[Offer]
    coming: list[Offer]


def _offer(found: aisle.Offer) -> Offer:
    return Offer(
        found.code, found.name, found.quantity, found.km, found.here_date, found.because, found.document
    )


@router.get("/endless-aisle/{sku:path}")
def endless_aisle(calling: Calling, sku: str, location: str) -> Aisle:
    """Who has a SKU and when it can be at a store. Days on the road are estimated from distance."""
    calling.principal.require(Permission.INVENTORY_READ)

    def look(tx: ReadTx) -> Aisle:
        store = network.by_code(tx, code=location)
        ways = aisle.transit(calling.app.settings.transfer_days)
        found = available_to_promise.endless_aisle(
            tx, sku=Sku(sku), store_id=store.id, ways=ways, at=calling.app.clock.now()
        )
        return Aisle(
            sku,
            location,
            _answer(found.here, explain=False),
            [_offer(each) for each in found.elsewhere],
            [_offer(each) for each in found.coming],
        )

    return calling.read(look)


class Source(BaseModel):
    """A system whose word on a location's stock we depend on."""

    location: str = Field(description="The location's code.")
    name: str = Field(min_length=1, max_length=100, description="The name that its feed carries.")
    max_age_seconds: int = Field(ge=1, description="Silent for longer, and the stock there is unknown.")


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source, when it was heard last, and whether it is silent for too long."""

    location: str
    name: str
    max_age_seconds: int
    last_heard_at: datetime | None
    silent: bool


@router.get("/stock-sources")
def stock_sources(calling: Calling) -> list[SourceState]:
    """Every stock source."""
    calling.principal.require(Permission.INVENTORY_READ)
    now = calling.app.clock.now()

    def look(tx: ReadTx) -> list[SourceState]:
        places = network.locations(tx)
        return [
            SourceState(
                places[each.location_id].code,
                each.name,
                each.max_age_seconds,
                each.last_heard_at,
                each.is_silent(now),
            )
            for each in source_views.sources(tx)
        ]

    return calling.read(look)


@router.put("/stock-sources")
def put_stock_source(calling: Calling, body: Source) -> dict[str, object]:
    """Let a location's stock depend on a source, or change after how long it is too old."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        place = network.by_code(tx, code=body.location)
        source = StockSource(place.id, body.name, body.max_age_seconds)
        freshness.put_sources(tx, sources=[source])
        return {"location": body.location, "name": body.name, "max_age_seconds": body.max_age_seconds}

    return calling.write(work)


@router.delete("/stock-sources/{location}/{name}")
def forget_stock_source(calling: Calling, location: str, name: str) -> dict[str, object]:
    """The location depends on this source no more."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        place = network.by_code(tx, code=location)
        freshness.remove_source(tx, location_id=place.id, name=name)
        return {"location": location, "name": name, "forgotten": True}

    return calling.write(work)
