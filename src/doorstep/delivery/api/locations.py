"""Locations: create, change, close and reopen them."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import model, views
from doorstep.domain.network.model import LocationKind
from doorstep.flows.network import locations
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId

router = APIRouter(tags=["Locations"])
Text = Annotated[str, Field(max_length=200)]
Named = Annotated[str, Field(min_length=1, max_length=200)]


class LocationInput(BaseModel):
    """A location to save. `carrier` and `return_carrier` are keys of connections."""

    name: Named = Field(description="The name of the location.")
    kind: LocationKind = Field(description="The kind.")
    company: Named = Field(description="The legal entity that sells from here.")
    gstin: str = Field("", description="Its tax number in the location's state (India).")
    phone: Text = Field("", description="The phone number.")
    email: Text = Field("", description="The e-mail address.")
    line1: Named = Field(description="Street and number.")
    line2: Text = Field("", description="More of the address.")
    city: Named = Field(description="The city.")
    state: Text = Field("", description="The state or province.")
    state_code: Text = Field("", description="The part of its ISO 3166-2 code after the country.")
    postal_code: Named = Field(description="The postal code.")
    country: str = Field(pattern="^[A-Z]{2}$", description="The country, ISO 3166-1 alpha-2.")
    latitude: float = Field(ge=-90, le=90, description="The latitude in degrees.")
    longitude: float = Field(ge=-180, le=180, description="The longitude in degrees.")
    timezone: Named = Field(description="An IANA name such as Asia/Kolkata.")
    hours: dict[str, str] = Field(default_factory=dict, description='Opening hours: {"mon": "10:00-21:00"}.')
    cut_off: str = Field("16:00", description="Orders before this local time leave the same day.")
    carrier: Text = Field("", description="The key of the carrier's connection.")
    return_carrier: Text = Field("", description="The key of the carrier for returns.")
    ships: bool = Field(True, description="Whether it ships orders.")


class Location(LocationInput):
    """A location. A closed one gets no orders; its history is kept."""

    id: int
    code: str
    is_open: bool


class Closing(BaseModel):
    """What must be finished before the location can be closed, and what closing changes."""

    obstacles: list[str]
    effects: list[str]


class ClosingInput(BaseModel):
    """Why a location is closed."""

    reason: str = Field(
        min_length=1, max_length=200, description="The reason, for colleagues who read it later."
    )


def _shape(found: model.Location) -> Location:
    fields = dataclasses.asdict(found)
    return Location(is_open=fields.pop("active"), **fields)


def _closing(found: locations.Closing) -> Closing:
    return Closing(
        obstacles=[each.english() for each in found.obstacles],
        effects=[each.english() for each in found.effects],
    )


@router.get("/locations")
def list_locations(calling: Calling) -> list[Location]:
    """List all locations, including closed ones."""
    calling.principal.require(Permission.RULES_READ)
    return calling.read(lambda tx: [_shape(each) for each in views.locations(tx).values()])


@router.get("/locations/{code}")
def get_location(calling: Calling, code: str) -> Location:
    """Get one location."""

    def fetch(tx: ReadTx) -> Location:
        found = views.by_code(tx, code=code)
        calling.principal.require(Permission.FULFILLMENT_READ, at=found.id)
        return _shape(found)

    return calling.read(fetch)


@router.put("/locations/{code}")
def put_location(calling: Calling, code: str, body: LocationInput) -> Location:
    """Create or replace a location. Whether it is open does not change."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> Location:
        given = model.Location(id=LocationId(0), code=code, active=True, **body.model_dump())
        locations.put(tx, locations=[given], now=calling.app.clock.now())
        return _shape(views.by_code(tx, code=code))

    return calling.write(work)


@router.get("/locations/{code}/closing")
def preview_closing(calling: Calling, code: str) -> Closing:
    """Get what must be finished before the location can be closed, and what closing would change."""
    calling.principal.require(Permission.RULES_READ)

    def fetch(tx: ReadTx) -> Closing:
        return _closing(locations.preview_closing(tx, location_id=views.by_code(tx, code=code).id))

    return calling.read(fetch)


@router.post("/locations/{code}/close")
def close_location(calling: Calling, code: str, body: ClosingInput) -> Closing:
    """Close a location: no more orders are routed to it. 409 lists what must be finished first."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> Closing:
        location = views.by_code(tx, code=code).id
        now = calling.app.clock.now()
        return _closing(locations.close(tx, location_id=location, reason=body.reason, now=now))

    return calling.write(work)


@router.post("/locations/{code}/reopen")
def reopen_location(calling: Calling, code: str) -> Location:
    """Reopen a closed location: orders are routed to it again."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> Location:
        location = views.by_code(tx, code=code).id
        locations.reopen(tx, location_id=location, now=calling.app.clock.now())
        return _shape(views.by_code(tx, code=code))

    return calling.write(work)
