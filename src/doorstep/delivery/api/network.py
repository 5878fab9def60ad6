"""The network: what is said of its time, money and room, what a location does today, and pauses."""

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
    """A document of the network, as /api/v1/network/schema describes it."""

    document: dict[str, object] = Field(description="The whole document; what it does not say is not so.")


class Change(Draft):
    """A document that shall hold, and why."""

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
    """The document that holds, and the newest changes of it."""

    document: dict[str, object]
    versions: list[Version]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a document changes, as lines of a diff, and what in it is likely not meant."""

    changes: list[str]
    doubts: list[str]


def _changes(found: Preview) -> Changes:
    return Changes(list(found.changes), list(found.doubts))


@router.get("/network")
def network(calling: Calling) -> Said:
    """Calendars, shifts and tariffs as they hold now."""
    calling.principal.require(Permission.RULES_READ)

    def look(tx: ReadTx) -> Said:
        versions = [
            Version(each.version, each.note, each.actor, each.created_at) for each in views.versions(tx)
        ]
        return Said(msgspec.to_builtins(views.document(tx), str_keys=True), versions)

    return calling.read(look)


@router.get("/network/schema")
def schema(calling: Calling) -> dict[str, object]:
    """The document's JSON Schema."""
    calling.principal.require(Permission.RULES_READ)
    return text.schema()


@router.post("/network/plan")
def plan(calling: Calling, body: Draft) -> Changes:
    """What a document would change; nothing is changed."""
    calling.principal.require(Permission.RULES_READ)
    document = text.reported(body.document)
    now = calling.app.clock.now()
    return calling.read(lambda tx: _changes(network_change.preview(tx, document=document, at=now)))


@router.put("/network")
def put_network(calling: Calling, body: Change) -> dict[str, object]:
    """Let a document hold from the next order on."""
    calling.principal.require(Permission.RULES_WRITE)
    document = text.reported(body.document)

    def work(tx: WriteTx) -> dict[str, object]:
        now = calling.app.clock.now()
        done = network_change.apply(tx, document=document, note=body.note, at=now)
        return {"changes": list(done.changes), "doubts": list(done.doubts)}

    return calling.write(work)


@dataclass(frozen=True, slots=True)
class Day:
    """Opening hours of a day, and why they are not those of its weekday."""

    day: date
    hours: str
    why: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift, how much of it is taken, and how much it takes (null: no limit)."""

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
    """Nothing is routed there."""

    reason: str
    since_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Today:
    """A location now and in the next days. `cut_offs` by service, "" is the location's own."""

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
    """A location's hours, shifts, pace and pause."""

    def look(tx: ReadTx) -> Today:
        place = _place(calling, tx, code, Permission.FULFILLMENT_READ)
        return _today(location_status.load(tx, location_id=place, at=calling.app.clock.now()))

    return calling.read(look)


class Pausing(BaseModel):
    """Why a location gets nothing, and until when (null: until it is resumed)."""

    reason: str = Field(min_length=1, max_length=200)
    until_at: AwareDatetime | None = None


@router.post("/locations/{code}/pause")
def pause(calling: Calling, code: str, body: Pausing) -> dict[str, object]:
    """Route nothing to a location from now on; what it has stays."""

    def work(tx: WriteTx) -> dict[str, object]:
        place = _place(calling, tx, code, Permission.FULFILLMENT_WRITE)
        now = calling.app.clock.now()
        actions.pause(tx, location_id=place, reason=body.reason, until_at=body.until_at, at=now)
        return {"location": code, "paused": True}

    return calling.write(work)


@router.post("/locations/{code}/resume")
def resume(calling: Calling, code: str) -> dict[str, object]:
    """Let a location get work again; twice is harmless."""

    def work(tx: WriteTx) -> dict[str, object]:
        place = _place(calling, tx, code, Permission.FULFILLMENT_WRITE)
        actions.resume(tx, location_id=place, at=calling.app.clock.now())
        return {"location": code, "paused": False}

    return calling.write(work)


@dataclass(frozen=True, slots=True)
class Outage:
    """A carrier that gets no parcels. `is_noticed`: nobody said so, its calls kept failing."""

    carrier: str
    reason: str
    since_at: datetime
    until_at: datetime | None
    is_noticed: bool


class Out(BaseModel):
    """Which carrier is out, why, and until when (null: until somebody says otherwise)."""

    carrier: str = Field(description="The key of a connection or of a tariff.")
    reason: str = Field(min_length=1, max_length=200)
    until_at: AwareDatetime | None = None


@router.get("/network/outages")
def outages(calling: Calling) -> list[Outage]:
    """Carriers that are out."""
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
    """A carrier gets no parcels from now on; planned work goes another way."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        now = calling.app.clock.now()
        outage_control.start(tx, carrier=body.carrier, reason=body.reason, until_at=body.until_at, now=now)
        return {"carrier": body.carrier, "out": True}

    return calling.write(work)


@router.post("/network/outages/{carrier}/end")
def carrier_back(calling: Calling, carrier: str) -> dict[str, object]:
    """A carrier gets parcels again."""
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
