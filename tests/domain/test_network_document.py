"""The network document: layers, invalid words, YAML import and export."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests import builders

from doorstep.domain.network import model
from doorstep.domain.network.model import Document, Holidays, Shift, Site, UnacceptedRule, text
from doorstep.domain.network.model.capacity import Load, Throughput
from doorstep.flows.network import compile_document
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId

SAMPLE = Path(__file__).parents[2] / "samples" / "notnaked" / "network.yaml"
LOCATION = builders.location("A")
EIGHT = {"days": 1, "parcel_minor": 800}


def test_the_sample_is_read_and_written_without_a_loss() -> None:
    document = text.read(SAMPLE.read_text())
    assert text.read(text.write(document)) == document
    assert document.kinds["warehouse"].closed[date(2026, 1, 26)] == "Republic Day"
    assert document.locations["WH-A"].cut_offs == {"express": "18:00"}
    assert text.read("") == Document()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("a: [", "This is not valid YAML: while parsing"),
        ("colour: red", r"unknown field `colour`"),
        (
            "defaults: {processing_minutes: soon}",
            r"Expected `int \| null`, got `str` - at `\$.defaults.processing_minutes`",
        ),
        ("defaults: {cut_offs: {express: 25:00}}", r"at `\$.defaults.cut_offs\[...\]`"),
        ("confidence: 2", r"`float` <= 0.999 - at `\$.confidence`"),
    ],
)
def test_what_is_not_right_is_refused_with_its_place(words: str, why: str) -> None:
    with pytest.raises(errors.Invalid, match=why):
        text.read(words)


def test_the_nearest_word_holds_and_days_add_up() -> None:
    document = Document(
        defaults=Site(processing_minutes=60, idle=UnacceptedRule(), closed={date(2026, 1, 1): "New Year"}),
        kinds={
            "warehouse": Site(
                processing_minutes=90, handling_minor=5, closed={date(2026, 5, 1): "Stocktaking"}
            )
        },
        locations={"A": Site(handling_minor=7, groups=(), closed={date(2026, 5, 1): "Feast"})},
    )
    site = model.site(document, LOCATION)
    assert (site.processing_minutes, site.handling_minor, site.groups, site.idle) == (
        90,
        7,
        (),
        UnacceptedRule(),
    )
    assert site.closed == {date(2026, 1, 1): "New Year", date(2026, 5, 1): "Feast"}
    assert model.site(Document(), LOCATION) == Site()


def ready(document: Document) -> compile_document.CompiledNetwork:
    return compile_document.compile_network(document, {LocationId(1): LOCATION}, year=2026)


def test_holidays_closed_days_and_special_hours_become_one_calendar() -> None:
    site = Site(
        holidays=Holidays(country="IN"),
        closed={date(2026, 3, 3): "Fire drill"},
        special_hours={date(2026, 1, 26): "10:00-12:00"},
    )
    calendar = ready(Document(defaults=site)).calendars[LocationId(1)]
    worked = [calendar.works(date(2026, *day)) for day in ((8, 15), (3, 3), (1, 26), (1, 27))]
    assert worked == [False, False, True, True]
    assert calendar.closes(date(2026, 1, 26)) == datetime(2026, 1, 26, 12, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert calendar.works(date(2027, 8, 15)) is False


def tariff(**rates: dict[str, int]) -> Document:
    zones = [{"name": "near", "within_km": 100}, {"name": "far"}]
    carrier = {"zones": zones, "services": {"std": {"rates": rates}}}
    return text.read(json.dumps({"carriers": {"parcels": carrier}}))


def test_tariffs_are_made_ready() -> None:
    carrier = ready(tariff(near=EIGHT, far={"days": 3, "late_days": 2})).lane_table.carriers["parcels"]
    rates = carrier.services["std"].rates
    assert [(each.days, each.late_days) for each in rates.values()] == [(1, 2), (3, 3)]
    assert [carrier.calendar(ZoneInfo("UTC")).works(date(2026, 11, day)) for day in (21, 22)] == [True, False]
    assert ready(tariff(near=EIGHT)).lane_table.default_service == "std"


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(
        errors.Invalid, match="parcels/std has a rate for 'moon', which is not one of its zones: near, far"
    ):
        ready(tariff(moon=EIGHT))
    with pytest.raises(errors.Invalid, match="A has an unknown time zone"):
        compile_document.compile_network(
            Document(), {LocationId(1): builders.location("A", timezone="Mars/Base")}, year=2026
        )


def test_likely_mistakes_are_reported() -> None:
    document = text.read("locations: {Z: {handling_minor: 1}}\ncarriers: {pigeon: {zones: [], services: {}}}")
    assert list(model.warnings(document, [LOCATION])) == [
        "There is no location 'Z'.",
        "A ships with parcels, which has no tariff: no parcels will be routed to it.",
    ]
    assert list(model.warnings(Document(), [LOCATION])) == []


def test_a_shift_over_midnight_ends_the_day_after() -> None:
    night = Shift(name="night", begins="22:00", ends="06:00", days=("fri",))
    (found,) = ready(Document(defaults=Site(shifts=(night,)))).shifts[LocationId(1)]
    assert (found.begins, found.ends, found.days) == (22 * 60, 30 * 60, frozenset({4}))


def test_a_change_is_shown_line_by_line() -> None:
    before, after = Document(currency="INR"), Document(currency="EUR", confidence=0.8)
    assert text.changes(before, after)[1:] == ["-currency: INR", "+currency: EUR", "+confidence: 0.8"]
    assert text.changes(before, before) == []


def test_the_schema_has_every_part() -> None:
    known = text.schema()["$defs"]
    assert isinstance(known, dict)
    assert {"Document", "Site", "Shift", "CarrierSettings", "ZoneSettings", "RateSettings"} <= known.keys()


def test_what_a_location_does_today() -> None:
    load = Load(LocationId(1), builders.NOON, 1, 2, 3)
    assert [load.counted(each) for each in ("orders", "lines", "units")] == [1, 2, 3]
    paces = [Throughput(LocationId(1), rate, 30, 0.0, builders.NOON) for rate in (10.0, 0.0)]
    assert [each.backlog_hours for each in paces] == [3.0, 0.0]
