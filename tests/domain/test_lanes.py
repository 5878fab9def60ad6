"""Lanes to a customer: zone, price, departure, arrival, and probability to be late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from doorstep.domain.routing.model import Demand, Lane, OrderAttributes, calendar, tariff
from doorstep.domain.routing.model.calendar import Calendar, Special
from doorstep.domain.routing.model.lanes import LaneTable, Origin, Tariffs, zone_of
from doorstep.domain.routing.model.tariff import Carrier, Rate, Service, Zone
from doorstep.kernel.ids import LocationId, OrderId

KOLKATA = ZoneInfo("Asia/Kolkata")
HOURS = calendar.week_of(dict.fromkeys(calendar.WEEKDAYS, "08:00-22:00"))
MUMBAI, DELHI = LocationId(1), LocationId(2)
NEAR, COUNTRY, ABROAD = (
    Zone("near", within_km=300, same="country"),
    Zone("country", same="country"),
    Zone("abroad"),
)
STANDARD = Service(
    "standard", "Standard", {"near": Rate(4_000, 500, 100, 1, 2), "country": Rate(8_000, 900, 100, 3, 5)}
)
EXPRESS = Service(
    "express", "Express", {"near": Rate(9_000, 800, 0, 0, 1, 100, 0.5)}, frozenset({"Next Day"})
)
HAWK = Carrier("hawk", (NEAR, COUNTRY, ABROAD), {"standard": STANDARD, "express": EXPRESS})


def origin(location: LocationId, code: str, latitude: float, longitude: float, region: str) -> Origin:
    hours = Calendar(KOLKATA, HOURS)
    return Origin(
        location, code, latitude, longitude, "IN", region, hours, {"": 960, "express": 780}, ("hawk",), 60
    )


ORIGINS = (origin(MUMBAI, "WH-A", 19.076, 72.877, "MH"), origin(DELHI, "ST-22", 28.6, 77.2, "DL"))


def ist(hour: int, minute: int = 0, day: int = 20) -> datetime:
    """A time of November 2026; the 20th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=KOLKATA).astimezone(UTC)


def lanes(now: datetime, *, known: bool = True, **attributes: Any) -> Mapping[LocationId, Lane]:
    """To a customer in Delhi."""
    spot = (28.63, 77.21) if known else (None, None)
    asked = structs.replace(OrderAttributes(country="IN", region="DL"), **attributes)
    wanted = Demand(OrderId(1), (), spot[0], spot[1], attributes=asked)
    return Tariffs(LaneTable(ORIGINS, {"hawk": HAWK}, "standard"), now).lanes(wanted)


def test_the_nearest_is_first_with_the_price_of_its_zone() -> None:
    found = lanes(ist(12))
    assert list(found) == [DELHI, MUMBAI]
    assert (found[DELHI].zone, found[DELHI].parcel_minor, found[DELHI].kilo_minor) == ("near", 4_000, 500)
    assert (found[MUMBAI].zone, found[MUMBAI].parcel_minor) == ("country", 8_000)
    assert round(found[MUMBAI].km) == 1150


def test_before_the_cut_off_it_leaves_today_and_after_it_tomorrow() -> None:
    before, after = lanes(ist(15, 59))[DELHI], lanes(ist(16))[DELHI]
    assert (before.today, before.leaves_at, before.arrives_at) == (True, ist(22), ist(20, day=21))
    assert (after.today, after.leaves_at) == (False, ist(22, day=21))
    assert after.arrives_at == ist(20, day=23)  # the carrier rests on Sunday


def test_a_service_has_a_cut_off_and_names_of_its_own() -> None:
    for name, word in (("service", "express"), ("method", "next day")):
        express = lanes(ist(13), known=True, **{name: word})
        assert (express[DELHI].service, express[DELHI].today) == ("express", False)
        assert express[DELHI].co2_grams == 100 + round(0.5 * express[DELHI].km)
        assert str(express[MUMBAI].closed) == "hawk does not deliver Express there from WH-A"
    assert lanes(ist(12, 59), service="express")[DELHI].today


def test_an_unknown_method_goes_by_the_default_service() -> None:
    assert lanes(ist(12), method="pigeon post")[DELHI].service == "standard"


def test_a_promise_is_missed_with_the_share_of_parcels_that_need_longer() -> None:
    found = lanes(ist(12), promised_at=ist(20, day=21))
    assert (found[DELHI].miss, round(found[MUMBAI].miss, 4)) == (0.5, 0.98)
    assert round(lanes(ist(12), promised_at=ist(20, day=23))[DELHI].miss, 4) == 0.1
    assert lanes(ist(17), promised_at=ist(20))[DELHI].miss == 1.0
    assert lanes(ist(12))[DELHI].miss == 0.0


def test_the_customers_position_is_unknown() -> None:
    found = lanes(ist(12), known=False)
    assert [(location, lane.km, lane.zone) for location, lane in found.items()] == [
        (MUMBAI, 0.0, "country"),
        (DELHI, 0.0, "country"),
    ]


def test_abroad_there_is_no_rate() -> None:
    assert (
        str(lanes(ist(12), country="NL")[DELHI].closed) == "hawk does not deliver Standard there from ST-22"
    )


def test_a_location_whose_carrier_has_no_tariff_sends_nothing() -> None:
    atlas = LaneTable([replace(ORIGINS[0], carriers=("pigeon",))], {"hawk": HAWK}, "standard")
    (lane,) = Tariffs(atlas, ist(12)).lanes(Demand(OrderId(1), (), 19.0, 72.8)).values()
    assert str(lane.closed) == "WH-A has no carrier for standard"


def test_a_location_that_never_opens_sends_nothing() -> None:
    shut = replace(ORIGINS[0], calendar=Calendar(KOLKATA, ((),) * 7))
    reported = [
        Tariffs(LaneTable([shut], carriers, "standard"), ist(12)).lanes(Demand(OrderId(1), (), 19.0, 72.8))
        for carriers in ({}, {"hawk": HAWK})
    ]
    assert [str(each[MUMBAI].closed) for each in reported] == [
        "WH-A is not open in the next weeks",
        "WH-A has no handover to hawk in the next weeks",
    ]


def test_without_tariffs_there_are_distances_and_departures_only() -> None:
    found = Tariffs(LaneTable(ORIGINS), ist(12)).lanes(Demand(OrderId(1), (), 28.63, 77.21))
    assert [(round(each.km), each.parcel_minor, each.arrives_at) for each in found.values()] == [
        (3, 0, None),
        (1150, 0, None),
    ]
    assert found[DELHI].leaves_at == ist(22)


def test_prices_in_another_currency_are_no_prices() -> None:
    tariffs = Tariffs(LaneTable(ORIGINS, {"hawk": HAWK}, "standard"), ist(12), priced=False)
    lane = tariffs.lanes(Demand(OrderId(1), (), 28.63, 77.21, attributes=OrderAttributes(country="IN")))[
        DELHI
    ]
    assert (lane.parcel_minor, lane.kilo_minor, lane.unit_minor) == (0, 0, 0)
    assert lane.arrives_at == ist(20, day=21)


def test_answers_are_shared_and_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorstep.domain.routing.model.lanes._MOST_ANSWERS", 2)
    monkeypatch.setattr("doorstep.domain.routing.model.lanes._MOST_DESTINATIONS", 2)
    tariffs = Tariffs(LaneTable(ORIGINS, {"hawk": HAWK}, "standard"), ist(12))
    attributes = OrderAttributes(country="IN", promised_at=ist(20, day=21))
    wanted = [Demand(OrderId(1), (), 28.0 + step, 77.0, attributes=attributes) for step in (0, 0.1, 0.2, 0.3)]
    first = tariffs.lanes(wanted[0])
    assert tariffs.lanes(wanted[0]) is first
    found = [tariffs.lanes(each) for each in wanted]
    elsewhere = replace(wanted[0], attributes=structs.replace(attributes, region="MH"))
    assert tariffs.lanes(elsewhere)[DELHI] == first[DELHI]
    later = replace(wanted[0], attributes=structs.replace(attributes, promised_at=ist(20, day=24)))
    assert tariffs.lanes(later)[DELHI].miss < found[0][DELHI].miss
    assert tariffs.lanes(wanted[0]) == first


def test_zones_of_a_region() -> None:
    zones = (Zone("home", same="region"), Zone("here", countries=frozenset({"IN"})), Zone("far", 10))
    reported = [
        zone_of(zones, ORIGINS[0], km, OrderAttributes(country=country, region=region))
        for km, country, region in (
            (5, "IN", "MH"),
            (5, "IN", "DL"),
            (5, "NL", ""),
            (11, "NL", ""),
            (None, "NL", ""),
        )
    ]
    assert [each.name if each else "" for each in reported] == ["home", "here", "far", "", "far"]
    assert zone_of((NEAR,), ORIGINS[0], None, OrderAttributes(country="NL")) is None


def test_shares_of_parcels_by_working_days() -> None:
    rate = Rate(days=2, late_days=4)
    assert [round(rate.by(days), 3) for days in range(-1, 7)] == [0, 0.02, 0.1, 0.5, 0.7, 0.9, 0.95, 0.975]
    assert Rate(days=3, late_days=3).by(3) == 0.9


def test_processing_counts_open_hours_and_transit_days() -> None:
    hours = Calendar(KOLKATA, HOURS, {date(2026, 11, 23): Special("stocktaking")})
    saturday = ist(15, day=21)
    quick = tariff.departure(hours, HAWK.calendar(KOLKATA), now=saturday, cut_off=960, processing_minutes=60)
    slow = tariff.departure(hours, HAWK.calendar(KOLKATA), now=saturday, cut_off=960, processing_minutes=480)
    assert quick is not None
    assert slow is not None
    assert (quick.day, quick.today) == (date(2026, 11, 21), True)
    assert (slow.day, slow.today) == (date(2026, 11, 24), False)  # Sunday no carrier, Monday nobody there
    never = replace(HAWK, week=((),) * 7).calendar(KOLKATA)
    assert tariff.departure(hours, never, now=saturday, cut_off=960, processing_minutes=0) is None
    assert tariff.arrival(never, leaves=date(2026, 11, 21), days=1, arrives_by=600) is None


def test_an_offer_says_when_it_arrives() -> None:
    tariffs = Tariffs(LaneTable(ORIGINS, {"hawk": HAWK}, "standard"), ist(12))
    offer = tariffs.offer(ORIGINS[1], "standard", 3.0, OrderAttributes(country="IN"))
    assert not isinstance(offer, str)
    assert (offer.arrives_at, offer.share_by(date(2026, 11, 19))) == (ist(20, day=21), 0.0)
    assert tariffs.lane_table.services == ["standard", "express"]
