"""Network: calendars, tariffs and shifts, a location's day, pauses, carrier outages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import actions, views
from doorstep.domain.network.model import text
from doorstep.flows.network import location_status, network_change, outage_control
from doorstep.flows.network.location_status import LocationDay
from doorstep.flows.network.network_change import Preview
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId

router = APIRouter(tags=["Network"])


class Draft(BaseModel):
    """A network document, as /api/v1/network/schema describes it."""

    document: dict[str, object] = Field(
        description="The complete document; a section that is missing is removed."
    )


class Change(Draft):
    """A document to apply, and why."""

    note: str = Field(min_length=1, max_length=500)


@dataclass(frozen=True, slots=True)
class Version:
    """Who changed the document when, and why."""

    version: int
    note: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """The current document and its newest changes."""

    document: dict[str, object]
    versions: list[Version]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a document changes, as lines of a diff, and warnings about likely mistakes."""

    changes: list[str]
    doubts: list[str]


def _changes(found: Preview) -> Changes:
    return Changes(list(found.changes), list(found.doubts))


@router.get("/network")
def network(calling: Calling) -> Said:
    """Get the current calendars, shifts and tariffs."""
    calling.principal.require(Permission.RULES_READ)

    def look(tx: ReadTx) -> Said:
        versions = [
            Version(each.version, each.note, each.actor, each.created_at) for each in views.versions(tx)
        ]
        return Said(msgspec.to_builtins(views.document(tx), str_keys=True), versions)

    return calling.read(look)


@router.get("/network/schema")
def schema(calling: Calling) -> dict[str, object]:
    """Get the document's JSON Schema."""
    calling.principal.require(Permission.RULES_READ)
    return text.schema()


@router.post("/network/plan")
def plan(calling: Calling, body: Draft) -> Changes:
    """Preview what a document would change. Nothing is changed."""
    calling.principal.require(Permission.RULES_READ)
    document = text.reported(body.document)
    now = calling.app.clock.now()
    return calling.read(lambda tx: _changes(network_change.preview(tx, document=document, at=now)))


@router.put("/network")
def put_network(calling: Calling, body: Change) -> dict[str, object]:
    """Apply a document from the next order on."""
    calling.principal.require(Permission.RULES_WRITE)
    document = text.reported(body.document)

    def work(tx: WriteTx) -> dict[str, object]:
        now = calling.app.clock.now()
        done = network_change.apply(tx, document=document, note=body.note, at=now)
        return {"changes": list(done.changes), "doubts": list(done.doubts)}

    return calling.write(work)


@dataclass(frozen=True, slots=True)
class Day:
    """Opening hours of a day, and why they differ from its weekday's."""

    day: date
    hours: str
    why: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift, its used capacity, and its capacity (null: no limit)."""

    name: str
    starts_at: datetime
    ends_at: datetime
    counts: str
    used: int
    most: int | None
    usual: int | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause: no orders are routed to the location."""

    reason: str
    since_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Today:
    """A location today and in the next days. `cut_offs` by service, "" is the location's own."""

    location: str
    timezone: str
    is_open: bool
    cut_offs: dict[str, str]
    days: list[Day]
    shifts: list[Shift]
    pause: Pause | None
    units_per_hour: float | None
    backlog_hours: float | None
    reject_rate: float | None


def _today(found: LocationDay) -> Today:
    shifts = [
        Shift(
            each.running.shift.name,
            each.running.starts_at,
            each.running.ends_at,
            each.running.shift.counts,
            each.counted,
            each.running.shift.most,
            each.running.shift.usual,
            each is found.shift,
        )
        for each in found.shifts
    ]
    pause, pace = found.pause, found.pace
    return Today(
        location=found.location.code,
        timezone=found.location.timezone,
        is_open=found.is_open,
        cut_offs=found.cut_offs,
        days=[Day(each.day, each.hours, each.why) for each in found.days],
        shifts=shifts,
        pause=Pause(pause.reason, pause.since_at, pause.until_at) if pause else None,
        units_per_hour=pace.units_per_hour if pace else None,
        backlog_hours=pace.backlog_hours if pace else None,
        reject_rate=pace.reject_rate if pace else None,
    )


@router.get("/locations/{code}/today")
def today(calling: Calling, code: str) -> Today:
    """Get a location's hours, shifts, throughput and pause."""

    def look(tx: ReadTx) -> Today:
        place = _place(calling, tx, code, Permission.FULFILLMENT_READ)
        return _today(location_status.load(tx, location_id=place, at=calling.app.clock.now()))

    return calling.read(look)


class Pausing(BaseModel):
    """Why a location is paused, and until when (null: until it is resumed)."""

    reason: str = Field(min_length=1, max_length=200)
    until_at: AwareDatetime | None = None


@router.post("/locations/{code}/pause")
def pause(calling: Calling, code: str, body: Pausing) -> dict[str, object]:
    """Pause a location: no orders are routed to it. Work that it already has stays."""

    def work(tx: WriteTx) -> dict[str, object]:
        place = _place(calling, tx, code, Permission.FULFILLMENT_WRITE)
        now = calling.app.clock.now()
        actions.pause(tx, location_id=place, reason=body.reason, until_at=body.until_at, at=now)
        return {"location": code, "paused": True}

    return calling.write(work)


@router.post("/locations/{code}/resume")
def resume(calling: Calling, code: str) -> dict[str, object]:
    """Resume a location. Repeating it changes nothing."""

    def work(tx: WriteTx) -> dict[str, object]:
        place = _place(calling, tx, code, Permission.FULFILLMENT_WRITE)
        actions.resume(tx, location_id=place, at=calling.app.clock.now())
        return {"location": code, "paused": False}

    return calling.write(work)


@dataclass(frozen=True, slots=True)
class Outage:
    """A carrier outage. `is_noticed`: detected from failed calls, not set by a user."""

    carrier: str
    reason: str
    since_at: datetime
    until_at: datetime | None
    is_noticed: bool


class Out(BaseModel):
    """The carrier, the reason, and the end of the outage (null: until a user ends it)."""

    carrier: str = Field(description="The key of a connection or of a tariff.")
    reason: str = Field(min_length=1, max_length=200)
    until_at: AwareDatetime | None = None


@router.get("/network/outages")
def outages(calling: Calling) -> list[Outage]:
    """List carriers with an outage."""
    calling.principal.require(Permission.RULES_READ)
    now = calling.app.clock.now()

    def look(tx: ReadTx) -> list[Outage]:
        return [
            Outage(each.carrier, each.reason, each.since_at, each.until_at, each.is_noticed)
            for each in views.outages(tx, at=now).values()
        ]

    return calling.read(look)


@router.post("/network/outages")
def carrier_out(calling: Calling, body: Out) -> dict[str, object]:
    """Start a carrier outage: the carrier gets no parcels; planned work is re-routed."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        now = calling.app.clock.now()
        outage_control.start(tx, carrier=body.carrier, reason=body.reason, until_at=body.until_at, now=now)
        return {"carrier": body.carrier, "out": True}

    return calling.write(work)


@router.post("/network/outages/{carrier}/end")
def carrier_back(calling: Calling, carrier: str) -> dict[str, object]:
    """End a carrier outage: the carrier gets parcels again."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        outage_control.end(tx, carrier=carrier, now=calling.app.clock.now())
        return {"carrier": carrier, "out": False}

    return calling.write(work)


def _place(calling: Caller, tx: ReadTx, code: str, permission: Permission) -> LocationId:
    """The location, if the caller may do this there."""
    place = views.by_code(tx, code=code)
    calling.principal.require(permission, at=place.id)
    return place.id
