"""Available to promise: the quantity, what limits it, other locations with stock, and the age of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class AvailabilityQuery(BaseModel):
    """How many units of a SKU may a channel promise?"""

    sku: str = Field(description="The SKU.")
    channel: str = Field("", description="Key of the sales channel; empty: rules for all channels apply.")
    group: str = Field("", description="The buyer's group, as in pools: vip, b2b.")
    location: str = Field("", description="A location's code: count only what may be promised from there.")
    method: Method = Field(Method.SHIP, description="How the customer gets the goods.")
    by: date | None = Field(None, description="Also count supply that arrives until this day.")
    min_confidence: int = Field(
        0, ge=0, le=100, description="Leave out supply with a lower confidence, in percent."
    )
    explain: bool = Field(False, description="Explain every deduction.")

    def question(self, locations: Mapping[str, LocationId]) -> Question:
        """The same query with ids."""
        location = locations[self.location] if self.location else None
        return Question(
            Sku(self.sku), self.channel, self.group, location, self.method, self.by, self.min_confidence
        )


class AvailabilityQueries(BaseModel):
    """Up to 1,000 queries; the answers have the same order."""

    questions: list[AvailabilityQuery] = Field(
        min_length=1, max_length=1000, description="The questions, answered in this order."
    )


class AvailabilityStep(BaseModel):
    """A number of units that is added or deducted, and why; `rule_id` if a rule causes it."""

    words: str
    units: int
    rule_id: int | None
    rule: str


class AvailabilityExplanation(BaseModel):
    """From on-hand stock to available stock, for one component of the SKU. One SKU needs `quantity` units of it."""

    sku: str
    condition: str
    quantity: int
    free: int
    steps: list[AvailabilityStep]


class AvailabilityAnswer(BaseModel):
    """`quantity` is null when `status` is unknown: then `because` gives the reason, and `known_quantity` is certain.

    `together`: for a kit, how many have all components at one location; null if the SKU is not a kit.
    """

    sku: str
    channel: str
    status: str
    quantity: int | None
    known_quantity: int
    because: list[str]
    as_of: datetime
    together: int | None
    explanation: list[AvailabilityExplanation] | None


def _answer(found: Availability, *, explain: bool) -> AvailabilityAnswer:
    parts = [
        AvailabilityExplanation(
            sku=part.sku,
            condition=part.condition.value,
            quantity=part.quantity,
            free=part.free,
            steps=[
                AvailabilityStep(
                    words=step.words.english(),
                    units=step.units,
                    rule_id=step.rule.rule_id,
                    rule=step.rule.rule,
                )
                for step in waterfall(part)
            ],
        )
        for part in (found.parts if explain else ())
    ]
    return AvailabilityAnswer(
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


def _ask(calling: Caller, asked: Sequence[AvailabilityQuery]) -> list[AvailabilityAnswer]:
    calling.principal.require(Permission.INVENTORY_READ)

    def fetch(tx: ReadTx) -> list[AvailabilityAnswer]:
        named = {each.location for each in asked if each.location}
        locations = {code: network.by_code(tx, code=code).id for code in named}
        questions = [each.question(locations) for each in asked]
        found = available_to_promise.availability(tx, questions=questions, at=calling.app.clock.now())
        return [_answer(each, explain=one.explain) for each, one in zip(found, asked, strict=True)]

    return calling.read(fetch)


@router.get("/availability")
def get_availability(calling: Calling, asked: Annotated[AvailabilityQuery, Query()]) -> AvailabilityAnswer:
    """Get how many units of a SKU may be promised now, or by a day."""
    return _ask(calling, [asked])[0]


@router.post("/availability")
def list_availability(calling: Calling, body: AvailabilityQueries) -> list[AvailabilityAnswer]:
    """Answer many queries at once, from one snapshot of the stock."""
    return _ask(calling, body.questions)


class Offer(BaseModel):
    """Units from a location, or from a document in transit; null: that location's stock is unknown now."""

    location: str
    name: str
    quantity: int | None
    km: int
    here_date: date
    because: str
    document: str


class Aisle(BaseModel):
    """The store's stock, other locations with stock, and expected supply, soonest first."""

    sku: str
    location: str
    here: AvailabilityAnswer
    elsewhere: list[Offer]
    coming: list[Offer]


def _offer(found: aisle.Offer) -> Offer:
    return Offer(
        location=found.code,
        name=found.name,
        quantity=found.quantity,
        km=found.km,
        here_date=found.here_date,
        because=found.because,
        document=found.document,
    )


@router.get("/endless-aisle/{sku:path}")
def get_endless_aisle(calling: Calling, sku: str, location: str) -> Aisle:
    """List the locations that have a SKU, and when it can be at a store. Transit days are estimated from distance."""
    calling.principal.require(Permission.INVENTORY_READ)

    def fetch(tx: ReadTx) -> Aisle:
        store = network.by_code(tx, code=location)
        ways = aisle.transit(calling.app.settings.transfer_days)
        found = available_to_promise.endless_aisle(
            tx, sku=Sku(sku), store_id=store.id, ways=ways, at=calling.app.clock.now()
        )
        return Aisle(
            sku=sku,
            location=location,
            here=_answer(found.here, explain=False),
            elsewhere=[_offer(each) for each in found.elsewhere],
            coming=[_offer(each) for each in found.coming],
        )

    return calling.read(fetch)


class Source(BaseModel):
    """A system that reports a location's stock."""

    location: str = Field(description="The location's code.")
    name: str = Field(min_length=1, max_length=100, description="The source name in its feed.")
    max_age_seconds: int = Field(
        ge=1, description="Maximum age. After that without an update, the location's stock is unknown."
    )


class SourceState(BaseModel):
    """A source, its last update, and whether it is overdue."""

    location: str
    name: str
    max_age_seconds: int
    last_update_at: datetime | None
    silent: bool


@router.get("/stock-sources")
def list_stock_sources(calling: Calling) -> list[SourceState]:
    """List every stock source."""
    calling.principal.require(Permission.INVENTORY_READ)
    now = calling.app.clock.now()

    def fetch(tx: ReadTx) -> list[SourceState]:
        locations = network.locations(tx)
        return [
            SourceState(
                location=locations[each.location_id].code,
                name=each.name,
                max_age_seconds=each.max_age_seconds,
                last_update_at=each.last_update_at,
                silent=each.is_silent(now),
            )
            for each in source_views.sources(tx)
        ]

    return calling.read(fetch)


@router.put("/stock-sources")
def put_stock_source(calling: Calling, body: Source) -> Source:
    """Add a stock source to a location, or change its maximum age."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> Source:
        location = network.by_code(tx, code=body.location)
        source = StockSource(location.id, body.name, body.max_age_seconds)
        freshness.put_sources(tx, sources=[source])
        return body

    return calling.write(work)


class SourceRemoved(BaseModel):
    """A stock source that was removed."""

    location: str
    name: str
    forgotten: bool


@router.delete("/stock-sources/{location}/{name}")
def remove_stock_source(calling: Calling, location: str, name: str) -> SourceRemoved:
    """Remove a stock source from a location."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> SourceRemoved:
        found = network.by_code(tx, code=location)
        freshness.remove_source(tx, location_id=found.id, name=name)
        return SourceRemoved(location=location, name=name, forgotten=True)

    return calling.write(work)
