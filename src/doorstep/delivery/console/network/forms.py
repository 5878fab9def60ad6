"""Forms of the network."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import pydantic

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.network.model import LocationKind
from doorstep.kernel.i18n import mark as _m


class Outage(Form):
    """A carrier that takes no parcels for a while; `until` is local time."""

    carrier: Annotated[str, required(_m("Choose a carrier."))]
    reason: Annotated[str, required(_m("Enter a reason."), max_length=200)]
    until: datetime | None = None


class Address(Form):
    """Where a location is, and how to reach it."""

    phone: Annotated[str, pydantic.Field(max_length=200)] = ""
    email: Annotated[str, pydantic.Field(max_length=200)] = ""
    line1: Annotated[str, required(_m("Enter the street."), max_length=200)]
    line2: Annotated[str, pydantic.Field(max_length=200)] = ""
    city: Annotated[str, required(_m("Enter the city."), max_length=200)]
    state: Annotated[str, pydantic.Field(max_length=200)] = ""
    state_code: Annotated[str, pydantic.Field(max_length=200)] = ""
    postal_code: Annotated[str, required(_m("Enter the postal code."), max_length=200)]
    country: Annotated[str, required(_m("Enter the country: two letters, such as IN."))]
    latitude: Annotated[float, required(_m("Enter the latitude."), ge=-90, le=90)]
    longitude: Annotated[float, required(_m("Enter the longitude."), ge=-180, le=180)]


class Location(Address):
    """A location; its opening hours are fields of their own, `hours.mon` to `hours.sun`."""

    name: Annotated[str, required(_m("Enter a name."), max_length=200)]
    kind: Annotated[LocationKind, required(_m("Choose a type."))]
    company: Annotated[str, required(_m("Enter the legal entity that sells from here."), max_length=200)]
    gstin: Annotated[str, pydantic.Field(max_length=200)] = ""
    timezone: Annotated[str, required(_m("Enter the time zone, such as Asia/Kolkata."))]
    cut_off: Annotated[str, required(_m("Enter the cut-off time, such as 16:00."))]
    carrier: str = ""
    return_carrier: str = ""
    ships: bool = False


class NewLocation(Location):
    """A new location, with the code that orders and files name it by."""

    code: Annotated[str, required(_m("Enter a code."), max_length=32)]


class Closing(Form):
    """Why a location is closed."""

    reason: Annotated[str, required(_m("Enter a reason."), max_length=200)]


class Pause(Form):
    """A location that gets no new work for a while; `until` is the location's local time."""

    reason: Annotated[str, required(_m("Enter a reason. It appears in routing decisions."), max_length=200)]
    until: datetime | None = None
