"""Network: calendars, tariffs and shifts, a location's day, pauses, carrier outages."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.shapes import Document
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import actions, views
from doorstep.domain.network.model import text
from doorstep.flows.network import location_status, network_change, outage_control
from doorstep.flows.network.location_status import LocationDay
from doorstep.flows.network.network_change import Preview
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId

router = APIRouter(tags=["Network"])


class NetworkDraft(BaseModel):
    """A network document, as /api/v1/network/schema describes it."""

    document: Document = Field(description="The complete document; a section that is missing is removed.")


class NetworkChange(NetworkDraft):
    """A document to apply, and why."""

    note: str = Field(min_length=1, max_length=500, description="A note for colleagues who read it later.")


class Version(BaseModel):
    """Who changed the document when, and why."""

    version: int
    note: str
    actor: str
    created_at: datetime


class CurrentNetwork(BaseModel):
    """The current document and its newest changes."""

    document: Document
    versions: list[Version]


class Changes(BaseModel):
    """What a document changes, as lines of a diff, and warnings about likely mistakes."""

    changes: list[str]
    doubts: list[str]


def _changes(found: Preview) -> Changes:
    return Changes(changes=list(found.changes), doubts=list(found.doubts))


@router.get("/network")
def get_network(calling: Calling) -> CurrentNetwork:
    """Get the current calendars, shifts and tariffs."""
    calling.principal.require(Permission.RULES_READ)

    def fetch(tx: ReadTx) -> CurrentNetwork:
        versions = [
            Version(version=each.version, note=each.note, actor=each.actor, created_at=each.created_at)
            for each in views.versions(tx)
        ]
        return CurrentNetwork(
            document=msgspec.to_builtins(views.document(tx), str_keys=True), versions=versions
        )

    return calling.read(fetch)


@router.get("/network/schema")
def get_network_schema(calling: Calling) -> Document:
    """Get the document's JSON Schema."""
    calling.principal.require(Permission.RULES_READ)
    return text.schema()


@router.post("/network/preview")
def preview_network(calling: Calling, body: NetworkDraft) -> Changes:
    """Preview what a document would change. Nothing is changed."""
    calling.principal.require(Permission.RULES_READ)
    document = text.reported(body.document)
    now = calling.app.clock.now()
    return calling.read(lambda tx: _changes(network_change.preview(tx, document=document, at=now)))


@router.put("/network")
def put_network(calling: Calling, body: NetworkChange) -> Changes:
    """Apply a document from the next order on."""
    calling.principal.require(Permission.RULES_WRITE)
    document = text.reported(body.document)

    def work(tx: WriteTx) -> Changes:
        now = calling.app.clock.now()
        return _changes(network_change.apply(tx, document=document, note=body.note, at=now))

    return calling.write(work)


class OpeningDay(BaseModel):
    """Opening hours of a day, and why they differ from its weekday's."""

    day: date
    hours: str
    why: str


class Shift(BaseModel):
    """A shift, its used capacity, and its capacity (null: no limit)."""

    name: str
    starts_at: datetime
    ends_at: datetime
    counts: str
    used: int
    most: int | None
    usual: int | None
    is_current: bool


class Pause(BaseModel):
    """A pause: no orders are routed to the location."""

    reason: str
    since_at: datetime
    until_at: datetime | None


class Today(BaseModel):
    """A location today and in the next days. `cut_offs` by service, "" is the location's own."""

    location: str
    timezone: str
    is_open: bool
    cut_offs: dict[str, str]
    days: list[OpeningDay]
    shifts: list[Shift]
    pause: Pause | None
    units_per_hour: float | None
    backlog_hours: float | None
    reject_rate: float | None


def _today(found: LocationDay) -> Today:
    shifts = [
        Shift(
            name=each.running.shift.name,
            starts_at=each.running.starts_at,
            ends_at=each.running.ends_at,
            counts=each.running.shift.counts,
            used=each.counted,
            most=each.running.shift.most,
            usual=each.running.shift.usual,
            is_current=each is found.shift,
        )
        for each in found.shifts
    ]
    pause, pace = found.pause, found.pace
    return Today(
        location=found.location.code,
        timezone=found.location.timezone,
        is_open=found.is_open,
        cut_offs=found.cut_offs,
        days=[OpeningDay(day=each.day, hours=each.hours, why=each.why) for each in found.days],
        shifts=shifts,
        pause=Pause(reason=pause.reason, since_at=pause.since_at, until_at=pause.until_at) if pause else None,
        units_per_hour=pace.units_per_hour if pace else None,
        backlog_hours=pace.backlog_hours if pace else None,
        reject_rate=pace.reject_rate if pace else None,
    )


@router.get("/locations/{code}/today")
def get_location_today(calling: Calling, code: str) -> Today:
    """Get a location's hours, shifts, throughput and pause."""

    def fetch(tx: ReadTx) -> Today:
        location = _location(calling, tx, code, Permission.FULFILLMENT_READ)
        return _today(location_status.load(tx, location_id=location, at=calling.app.clock.now()))

    return calling.read(fetch)


class Pausing(BaseModel):
    """Why a location is paused, and until when (null: until it is resumed)."""

    reason: str = Field(
        min_length=1, max_length=200, description="The reason, for colleagues who read it later."
    )
    until_at: AwareDatetime | None = Field(None, description="The end; none: until it is ended.")


class PauseState(BaseModel):
    """Whether a location is paused."""

    location: str
    paused: bool


@router.post("/locations/{code}/pause")
def pause_location(calling: Calling, code: str, body: Pausing) -> PauseState:
    """Pause a location: no orders are routed to it. Work that it already has stays."""

    def work(tx: WriteTx) -> PauseState:
        location = _location(calling, tx, code, Permission.FULFILLMENT_WRITE)
        now = calling.app.clock.now()
        actions.pause(tx, location_id=location, reason=body.reason, until_at=body.until_at, at=now)
        return PauseState(location=code, paused=True)

    return calling.write(work)


@router.post("/locations/{code}/resume")
def resume_location(calling: Calling, code: str) -> PauseState:
    """Resume a location. Repeating it changes nothing."""

    def work(tx: WriteTx) -> PauseState:
        location = _location(calling, tx, code, Permission.FULFILLMENT_WRITE)
        actions.resume(tx, location_id=location, at=calling.app.clock.now())
        return PauseState(location=code, paused=False)

    return calling.write(work)


class Outage(BaseModel):
    """A carrier outage. `is_noticed`: detected from failed calls, not set by a user."""

    carrier: str
    reason: str
    since_at: datetime
    until_at: datetime | None
    is_noticed: bool


class OutageInput(BaseModel):
    """The carrier, the reason, and the end of the outage (null: until a user ends it)."""

    carrier: str = Field(description="The key of a connection or of a tariff.")
    reason: str = Field(
        min_length=1, max_length=200, description="The reason, for colleagues who read it later."
    )
    until_at: AwareDatetime | None = Field(None, description="The end; none: until it is ended.")


class OutageState(BaseModel):
    """Whether a carrier has an outage."""

    carrier: str
    out: bool


@router.get("/network/outages")
def list_outages(calling: Calling) -> list[Outage]:
    """List carriers with an outage."""
    calling.principal.require(Permission.RULES_READ)
    now = calling.app.clock.now()

    def fetch(tx: ReadTx) -> list[Outage]:
        return [
            Outage(
                carrier=each.carrier,
                reason=each.reason.english(),
                since_at=each.since_at,
                until_at=each.until_at,
                is_noticed=each.is_noticed,
            )
            for each in views.outages(tx, at=now).values()
        ]

    return calling.read(fetch)


@router.post("/network/outages")
def start_outage(calling: Calling, body: OutageInput) -> OutageState:
    """Start a carrier outage: the carrier gets no parcels; planned work is re-routed."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> OutageState:
        now = calling.app.clock.now()
        outage_control.start(tx, carrier=body.carrier, reason=body.reason, until_at=body.until_at, now=now)
        return OutageState(carrier=body.carrier, out=True)

    return calling.write(work)


@router.post("/network/outages/{carrier}/end")
def end_outage(calling: Calling, carrier: str) -> OutageState:
    """End a carrier outage: the carrier gets parcels again."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> OutageState:
        outage_control.end(tx, carrier=carrier, now=calling.app.clock.now())
        return OutageState(carrier=carrier, out=False)

    return calling.write(work)


def _location(calling: Caller, tx: ReadTx, code: str, permission: Permission) -> LocationId:
    """The location, if the caller may do this there."""
    location = views.by_code(tx, code=code)
    calling.principal.require(permission, at=location.id)
    return location.id
