"""Compile the network document into routing data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from doorstep.domain.network import model
from doorstep.domain.routing.model import calendar as calendars
from doorstep.domain.routing.model import tariff
from doorstep.domain.routing.model.calendar import Calendar, Special
from doorstep.domain.routing.model.capacity import Shift
from doorstep.domain.routing.model.lanes import LaneTable, Origin
from doorstep.kernel import geography
from doorstep.kernel.ids import LocationId


@dataclass(frozen=True, slots=True)
class CompiledNetwork:
    """A network document compiled for the active locations."""

    document: model.Document
    locations: Mapping[LocationId, model.Location]
    sites: Mapping[LocationId, model.Site]
    calendars: Mapping[LocationId, Calendar]
    shifts: Mapping[LocationId, tuple[Shift, ...]]
    lane_table: LaneTable


def compile_network(
    document: model.Document, locations: Mapping[LocationId, model.Location], *, year: int
) -> CompiledNetwork:
    """Compile a document for a year and the next. Raises Invalid for contradictions."""
    model.check_document(document, locations.values())
    sites = {location: model.site(document, each) for location, each in locations.items()}
    found = {location: _calendar(each, sites[location], year) for location, each in locations.items()}
    carriers = {key: _carrier(key, each, year) for key, each in document.carriers.items()}
    default = document.default_service or next(
        (code for each in carriers.values() for code in each.services), ""
    )
    origins = [_origin(each, sites[location], found[location]) for location, each in locations.items()]
    shifts = {
        location: tuple(_shift(each) for each in sites[location].shifts or ()) for location in locations
    }
    return CompiledNetwork(document, locations, sites, found, shifts, LaneTable(origins, carriers, default))


def _origin(location: model.Location, site: model.Site, calendar: Calendar) -> Origin:
    cut_offs = {"": location.cut_off} | site.cut_offs
    return Origin(
        location.id,
        location.code,
        location.latitude,
        location.longitude,
        location.country,
        geography.region(location.country, location.state_code),
        calendar,
        {service: calendars.minute_of(each) for service, each in cut_offs.items()},
        site.carriers if site.carriers is not None else (location.carrier,),
        site.processing_minutes or 0,
    )


def _calendar(location: model.Location, site: model.Site, year: int) -> Calendar:
    special = _holidays(site.holidays, year)
    special |= {day: Special(why) for day, why in site.closed.items()}
    special |= {
        day: Special("special hours", calendars.spans_of(each)) for day, each in site.special_hours.items()
    }
    return Calendar(ZoneInfo(location.timezone), calendars.week_of(location.hours), special)


def _holidays(given: model.Holidays | None, year: int) -> dict[date, Special]:
    if given is None:
        return {}
    years = (calendars.public_holidays(given.country, given.region, each) for each in (year, year + 1))
    return {day: Special(why) for found in years for day, why in found.items()}


def _carrier(key: str, given: model.CarrierSettings, year: int) -> tariff.Carrier:
    zones = tuple(
        tariff.Zone(each.name, each.within_km, each.same or "", frozenset(each.countries))
        for each in given.zones
    )
    services = {code: _service(code, each) for code, each in given.services.items()}
    week = tuple(calendars.ALL_DAY if day in given.days else () for day in calendars.WEEKDAYS)
    return tariff.Carrier(
        key, zones, services, week, _holidays(given.holidays, year), calendars.minute_of(given.arrives_by)
    )


def _service(code: str, given: model.ServiceSettings) -> tariff.Service:
    rates = {
        zone: tariff.Rate(
            each.parcel_minor,
            each.kilo_minor,
            each.unit_minor,
            each.days,
            max(each.days, each.days + 1 if each.late_days is None else each.late_days),
            each.co2_grams,
            each.co2_km_grams,
        )
        for zone, each in given.rates.items()
    }
    return tariff.Service(code, given.name or code, rates, frozenset(given.methods))


def _shift(given: model.Shift) -> Shift:
    begins, ends = calendars.minute_of(given.begins), calendars.minute_of(given.ends)
    days = frozenset(calendars.WEEKDAYS.index(day) for day in given.days)
    over = 0 if ends > begins else timedelta(days=1) // timedelta(minutes=1)
    return Shift(given.name, days, begins, ends + over, given.counts, given.most, given.usual)
