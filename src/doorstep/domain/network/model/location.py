"""Define a location: warehouse, store, dark store or 3PL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin as indian_tax_number

from doorstep.kernel import errors, geography
from doorstep.kernel.ids import LocationId

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_POLE, _DATE_LINE = 90, 180  # degrees
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")


class LocationKind(StrEnum):
    """The type of a location."""

    WAREHOUSE = "warehouse"
    STORE = "store"
    DARK_STORE = "dark_store"
    THIRD_PARTY = "3pl"


@dataclass(frozen=True, slots=True)
class Location:
    """One location. `hours` maps weekday (mon …) to "10:00-21:00"; `cut_off` is local time "16:00"; `carrier` a connection key."""

    id: LocationId
    code: str
    name: str
    kind: LocationKind
    company: str
    gstin: str
    phone: str
    email: str
    line1: str
    line2: str
    city: str
    state: str
    state_code: str
    postal_code: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    hours: Mapping[str, str]
    cut_off: str
    carrier: str
    return_carrier: str
    ships: bool
    active: bool


def check(location: Location) -> None:
    """Check a location. Raises Invalid with the wrong field."""
    if not _CODE.fullmatch(location.code):
        raise errors.Invalid(
            f"{location.code!r} is not a valid location code: use letters, digits, dots, hyphens and "
            "underscores, at most 32.",
            field="code",
        )
    for field in ("name", "company", "line1", "city", "postal_code"):
        if not getattr(location, field).strip():
            raise errors.Invalid(f"Location {location.code} needs a {field.replace('_', ' ')}.", field=field)
    if location.country not in geography.countries():
        raise errors.Invalid(
            f"{location.country!r} is not a country of ISO 3166: use a code such as IN.", field="country"
        )
    if abs(location.latitude) > _POLE or abs(location.longitude) > _DATE_LINE:
        raise errors.Invalid(
            "Enter a latitude from -90 to 90 and a longitude from -180 to 180.", field="latitude"
        )
    _check_times(location)
    _check_tax_number(location)


def _check_times(location: Location) -> None:
    try:
        ZoneInfo(location.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.Invalid(
            f"{location.timezone!r} is not a time zone: use a name such as Asia/Kolkata.", field="timezone"
        ) from None
    if not _TIME.fullmatch(location.cut_off):
        raise errors.Invalid(f"{location.cut_off!r} is not a time of day: write 16:00.", field="cut_off")
    for day, hours in location.hours.items():
        if day not in WEEKDAYS or not _HOURS.fullmatch(hours):
            raise errors.Invalid(
                f"{day} = {hours!r} is not an opening time: write mon = 10:00-21:00.",
                field=f"hours.{day}",
            )


def _check_tax_number(location: Location) -> None:
    """Check the check digit of a GSTIN; the tax office rejects documents with a wrong one."""
    if location.country != "IN" or not location.gstin:
        return
    try:
        if indian_tax_number.validate(location.gstin) == location.gstin:
            return
        raise ValidationError("Write it in capitals, without spaces.")  # noqa: TRY301 - said like the others
    except ValidationError as problem:
        raise errors.Invalid(
            f"{location.gstin!r} is not a GSTIN: {str(problem)[0].lower()}{str(problem)[1:]}", field="gstin"
        ) from None
