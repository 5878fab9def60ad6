"""Unaccepted work is re-routed by opening hours; planned work is released in time; throughput is measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from msgspec import structs
from tests.builders import SHIRT, Retailer, line, order_snapshot

from doorstep.domain.analytics.views import home
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.domain.network import actions as network
from doorstep.domain.network import views
from doorstep.domain.network.model import Document, Shift, Site
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.model.rules import Release, Remainder, Routing, Rule, RuleSet, Run
from doorstep.flows.context import Context
from doorstep.flows.fulfillment import fulfill, release, unaccepted
from doorstep.flows.network import lanes
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId

FRIDAY = datetime.fromisoformat("2026-11-20T10:00:00+05:30")


@dataclass
class Hands:
    """A clock that is moved by hand."""

    at: datetime = FRIDAY

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hands(retailer: Retailer) -> Hands:
    """The retailer's clock."""
    moved = Hands()
    object.__setattr__(retailer.app, "clock", moved)
    object.__setattr__(retailer.app.context, "clock", moved)
    return moved


def shirts(retailer: Retailer, quantity: int = 2) -> OrderId:
    return retailer.place_order(order_snapshot(line(SHIRT, quantity), placed_at=FRIDAY, version_at=FRIDAY))


def context(retailer: Retailer) -> Context:
    return retailer.app.context


def stages(retailer: Retailer, order_id: OrderId) -> list[tuple[object, object]]:
    statement = (
        "SELECT data FROM events WHERE type = 'fulfillment.overdue' AND stream_id = %s ORDER BY version"
    )
    found = retailer.read(lambda tx: tx.rows(statement, (order_id,)))
    return [(each["data"]["stage"], each["data"]["open_minutes"]) for each in found]  # type: ignore[index]  # JSON


def test_unaccepted_work_is_flagged_then_escalated_once_each(retailer: Retailer, hands: Hands) -> None:
    order_id = shirts(retailer)
    for minutes, reported in ((59, 0), (60, 1), (61, 0), (119, 0), (120, 1), (180, 0)):
        hands.at = FRIDAY + timedelta(minutes=minutes)
        assert unaccepted.check(context(retailer)) == reported
    assert stages(retailer, order_id) == [("warned", 60), ("escalated", 120)]
    needs = retailer.read(lambda tx: home.home(tx, now=hands.at, timezone="Asia/Kolkata")).needs
    assert [each.count for each in needs if each.key == "not_accepted"] == [1]


def test_unaccepted_work_is_rerouted(retailer: Retailer, hands: Hands) -> None:
    order_id = shirts(retailer, 1)
    (before,) = retailer.work(order_id)
    hands.at = FRIDAY + timedelta(minutes=240)
    assert (unaccepted.check(context(retailer)), unaccepted.check(context(retailer))) == (1, 0)
    retailer.settle()
    rejected, after = retailer.work(order_id)
    assert (rejected.id, rejected.state, after.state) == (before.id, State.REJECTED, State.OPEN)
    assert after.location_id != before.location_id
    assert retailer.count(SHIRT, "ST-22") == (3, 0)  # the stock is not corrected


def test_nothing_happens_in_closed_hours(retailer: Retailer, hands: Hands) -> None:
    hands.at = FRIDAY + timedelta(hours=10, minutes=30)  # the store closes at 21:00
    order_id = shirts(retailer)
    for hours, reported in ((10.9, 0), (12, 0), (23.9, 0), (24.4, 0), (24.5, 1)):
        hands.at = FRIDAY + timedelta(hours=hours)
        assert unaccepted.check(context(retailer)) == reported
    assert stages(retailer, order_id) == [("warned", 60)]


def test_a_closed_day_does_not_count(retailer: Retailer, hands: Hands) -> None:
    order_id = shirts(retailer)
    with retailer.app.db.write(actor="user:1") as tx:
        document = views.document(tx)
        closed = Site(closed={FRIDAY.date(): "Stocktaking"})
        document = structs.replace(document, locations={**document.locations, "ST-22": closed})
        network.configure(tx, document=document, note="Stocktaking", at=FRIDAY)
    hands.at = FRIDAY + timedelta(hours=6)
    assert unaccepted.check(context(retailer)) == 0
    hands.at = FRIDAY + timedelta(days=1, hours=1)
    assert unaccepted.check(context(retailer)) == 1
    assert stages(retailer, order_id) == [("warned", 60)]


def test_who_is_faster_keeps_the_work(
    retailer: Retailer, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = shirts(retailer)
    (work,) = retailer.work(order_id)
    hands.at = FRIDAY + timedelta(minutes=240)
    look = work_views.unaccepted

    def late(tx: ReadTx, *, before: datetime) -> list[work_views.UnacceptedWork]:
        found = look(tx, before=before)
        retailer.write(lambda write: fulfill.accept(write, fulfillment_order_id=work.id, now=hands.at))
        return found

    monkeypatch.setattr(work_views, "unaccepted", late)
    assert unaccepted.check(context(retailer)) == 0
    assert [each.state for each in retailer.work(order_id)] == [State.ACCEPTED]


def test_the_throughput_of_a_location_is_measured(retailer: Retailer, hands: Hands) -> None:
    done, open_still = shirts(retailer, 1), shirts(retailer, 1)
    (work,) = retailer.work(done)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=hands.at))
    retailer.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=hands.at))
    assert release.measure_throughput(context(retailer)) == 12
    found = retailer.read(views.throughput)[work.location_id]
    assert (found.units_per_hour, found.open_units, found.reject_rate) == ((1 + 20 * 4) / 5, 1, 0.0)
    (rest,) = retailer.work(open_still)
    retailer.write(
        lambda tx: fulfill.reject(
            tx, fulfillment_order_id=rest.id, reason=RejectReason.STORE_CLOSED, note="", now=hands.at
        )
    )
    release.measure_throughput(context(retailer))
    with retailer.app.db.read() as tx:
        location = lanes.network(tx, currency="INR", at=hands.at).locations[work.location_id]
    assert (location.reject_rate, location.backlog_hours) == (1 / 22, 0.0)


def decide_by(retailer: Retailer, release_mode: Release) -> None:
    """One rule, and a run that releases so."""
    rule = Rule(name="any", remainder=Remainder(then="backorder"))
    run = Run(name="held", release=release_mode, routings=(Routing(name="all", rules=(rule,)),))

    def work(tx: WriteTx) -> None:
        draft = rule_verbs.Draft(RuleSet(name="test", runs=(run,)), "a test")
        version = rule_verbs.draft(tx, draft=draft, at=FRIDAY)
        rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=FRIDAY)

    retailer.write(work)


def states(retailer: Retailer, *order_ids: OrderId) -> list[str]:
    return [work.state.value for each in order_ids for work in retailer.work(each)]


def test_held_work_is_released_when_it_is_due(retailer: Retailer, hands: Hands) -> None:
    decide_by(retailer, Release(mode="held", hold_minutes=30))
    order_id = shirts(retailer)
    hands.at = FRIDAY + timedelta(minutes=29)
    assert (release.release_due(context(retailer)), states(retailer, order_id)) == (0, ["planned"])
    hands.at = FRIDAY + timedelta(minutes=30)
    assert (release.release_due(context(retailer)), states(retailer, order_id)) == (1, ["open"])
    assert release.release_due(context(retailer)) == 0
    assert "fulfillment.released" in retailer.event_types(order_id)


def test_what_leaves_today_is_released_in_time_to_be_picked_before_the_cut_off(
    retailer: Retailer, hands: Hands
) -> None:
    decide_by(retailer, Release(mode="held", hold_minutes=24 * 60))
    order_id = shirts(retailer)
    hands.at = FRIDAY + timedelta(hours=4, minutes=47)
    assert release.release_due(context(retailer)) == 0
    hands.at = FRIDAY + timedelta(
        hours=4, minutes=48
    )  # twice the six minutes that two shirts take, before 15:00
    assert (release.release_due(context(retailer)), states(retailer, order_id)) == (1, ["open"])


def test_metered_work_is_released_as_fast_as_it_is_picked(retailer: Retailer, hands: Hands) -> None:
    decide_by(retailer, Release(mode="metered", horizon_minutes=5))
    first, second = shirts(retailer, 2), shirts(retailer, 1)
    release.measure_throughput(context(retailer))
    assert release.release_due(context(retailer)) == 1
    assert states(retailer, first, second) == ["open", "planned"]  # 20 an hour: two units are enough for now
    (work,) = retailer.work(first)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=hands.at))
    retailer.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=hands.at))
    assert (release.release_due(context(retailer)), states(retailer, second)) == (1, ["open"])


def test_full_shifts_get_no_work_and_a_reject_releases_capacity(retailer: Retailer, hands: Hands) -> None:
    with retailer.app.db.write(actor="user:1") as tx:
        full = Document(defaults=Site(shifts=(Shift(name="day", most=1),)))
        network.configure(tx, document=full, note="One a day", at=FRIDAY)
    first, second = shirts(retailer, 1), shirts(retailer, 1)
    locations = [work.location_id for each in (first, second) for work in retailer.work(each)]
    assert len(set(locations)) == 2
    (work,) = retailer.work(first)
    retailer.write(
        lambda tx: fulfill.reject(
            tx, fulfillment_order_id=work.id, reason=RejectReason.NO_CAPACITY, note="", now=hands.at
        )
    )
    found = retailer.read(lambda tx: lanes.network(tx, currency="INR", at=hands.at)).locations
    assert [found[location].free_capacity for location in locations] == [1, 0]
