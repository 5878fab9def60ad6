"""Trials of drafts: shadow or canary; guardrails end them with a reason; a better draft is activated."""

from __future__ import annotations

import pytest
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot
from tests.flows.routing_rules.test_simulation_jobs import FAR, drafted
from tests.routes import Scene, location, street

from doorstep.domain.analytics.views import home
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions import trials as verbs
from doorstep.domain.routing.actions.trials import NewTrial, Trial
from doorstep.domain.routing.model.lab import Guardrails, TrialKind, guardrails
from doorstep.domain.routing.model.rules import DEFAULT
from doorstep.domain.routing.views import rules, trials
from doorstep.flows.allocation import trial
from doorstep.flows.routing_rules import trial_control
from doorstep.kernel import documents, errors
from doorstep.kernel.ids import LocationId, OrderId

NEAR = documents.write(DEFAULT).replace("by: lines", "by: none", 1)
RAILS = Guardrails(sample=10)


def started(retailer: Retailer, draft: int, kind: TrialKind, percent: int = 100) -> Trial:
    now = retailer.app.clock.now()
    new = NewTrial(draft, kind, percent, RAILS, "a try")
    return retailer.write(lambda tx: trial_control.start(tx, new=new, now=now))


def rules_of(retailer: Retailer, order_id: OrderId) -> str:
    return retailer.read(lambda tx: routing.decisions(tx, order_id=order_id))[0].rules


def test_a_draft_decides_silently_and_changes_nothing(retailer: Retailer) -> None:
    before = retailer.place_order(order_snapshot(line(SHIRT, 1)))
    found = started(retailer, drafted(retailer), TrialKind.SHADOW)
    after = retailer.place_order(order_snapshot(line(SHIRT, 1)))
    assert rules_of(retailer, before) == rules_of(retailer, after) == "default"
    assert retailer.order(after).lines[0].allocated == 1
    active, draft = retailer.read(lambda tx: trials.sides(tx, trial_id=found.id))
    assert (active.orders, active.served, active.parcels, active.short_units) == (1, 1, 1, 0)
    assert (draft.orders, draft.served, draft.short_units) == (1, 0, 1)


def test_a_draft_decides_its_share_of_orders_and_the_explanation_names_it(retailer: Retailer) -> None:
    number = drafted(retailer, NEAR)
    found = started(retailer, number, TrialKind.CANARY, 50)
    orders = [retailer.place_order(order_snapshot(line(JACKET, 1))) for _ in range(8)]
    for order_id in orders:
        mine = guardrails.is_drafts(order_id, 50)
        assert rules_of(retailer, order_id) == (f"default {number}" if mine else "default")
    active, draft = retailer.read(lambda tx: trials.sides(tx, trial_id=found.id))
    assert (active.orders + draft.orders, draft.orders) == (
        8,
        sum(guardrails.is_drafts(each, 50) for each in orders),
    )


def test_one_trial_at_a_time_and_only_of_what_may_decide(retailer: Retailer) -> None:
    number = drafted(retailer)
    with pytest.raises(errors.Refused, match="Its runs or queues differ"):
        started(
            retailer, drafted(retailer, FAR.replace("owner: operations", "owner: care")), TrialKind.CANARY
        )
    started(retailer, number, TrialKind.SHADOW)
    with pytest.raises(errors.Conflict, match="Another trial is running"):
        started(retailer, number, TrialKind.SHADOW)
    now = retailer.app.clock.now()
    retailer.write(lambda tx: verbs.stop(tx, why="enough", at=now))
    with pytest.raises(errors.Refused, match="No trial is running"):
        retailer.write(lambda tx: verbs.stop(tx, why="enough", at=now))
    with pytest.raises(errors.Invalid, match="Enter a reason"):
        retailer.write(
            lambda tx: verbs.start(tx, new=NewTrial(number, TrialKind.SHADOW, 100, RAILS, " "), at=now)
        )


def decided(retailer: Retailer, found: Trial, cost: int) -> None:
    """Twelve orders by each side, the draft's so much dearer or cheaper."""
    retailer.write(
        lambda tx: tx.execute(
            """
            INSERT INTO routing_trial_orders
            SELECT %s, n, by_draft, business_now(), '', 1000 + CASE WHEN by_draft THEN %s ELSE 0 END, 1, false, true, 0.1, 0
              FROM generate_series(1, 12) n, (VALUES (true), (false)) AS side (by_draft)
            """,
            (found.id, cost),
        )
    )


def test_a_guardrail_ends_a_trial_with_a_reason(retailer: Retailer) -> None:
    found = started(retailer, drafted(retailer), TrialKind.SHADOW)
    assert trial_control.check(retailer.app.context) == guardrails.Verdict(is_enough=False)
    decided(retailer, found, 500)
    trial_control.check(retailer.app.context)
    (ended,) = retailer.read(trials.trials)
    assert (ended.breached, ended.ended_by) == (True, "system")
    assert ended.ended_why == "An order costs 1.50 times the current cost (limit: 1.05)."
    assert trial_control.check(retailer.app.context) is None
    assert needs(retailer) == 1
    retailer.write(lambda tx: verbs.acknowledge(tx, trial_id=ended.id, at=retailer.app.clock.now()))
    assert needs(retailer) == 0


def needs(retailer: Retailer) -> int:
    now = retailer.app.clock.now()
    found = retailer.read(lambda tx: home.home(tx, now=now, timezone="UTC")).needs
    return next((each.count for each in found if each.key == "trial_stopped"), 0)


def test_a_better_draft_is_activated(retailer: Retailer) -> None:
    number = drafted(retailer)
    found, now = started(retailer, number, TrialKind.SHADOW), retailer.app.clock.now()
    decided(retailer, found, -100)
    judged = trial_control.check(retailer.app.context)
    assert judged is not None
    assert (judged.is_better, retailer.read(trials.running)) == (True, found)
    retailer.write(lambda tx: trial_control.promote(tx, why="cheaper", now=now))
    assert retailer.read(rules.active_number) == number
    (ended,) = retailer.read(trials.trials)
    assert (ended.ended_why, ended.breached) == ("Activated: cheaper", False)


def test_a_trial_ends_when_another_version_decides(retailer: Retailer) -> None:
    first, second = drafted(retailer), drafted(retailer, NEAR)
    started(retailer, first, TrialKind.SHADOW)
    now = retailer.app.clock.now()
    retailer.write(lambda tx: rule_verbs.activate(tx, number=second, why="so", instead_of=None, at=now))
    retailer.place_order(order_snapshot(line(JACKET, 1)))
    trial_control.check(retailer.app.context)
    (ended,) = retailer.read(trials.trials)
    assert ended.ended_why == "Another version is active now."
    again = started(retailer, first, TrialKind.SHADOW)
    retailer.write(lambda tx: rule_verbs.archive(tx, number=first, at=now))
    trial_control.check(retailer.app.context)
    newest = retailer.read(trials.trials)[0]
    assert (newest.id, newest.ended_why) == (again.id, f"Version {first} is archived now.")


def test_who_decides_second_sees_shifts_as_the_first_left_them() -> None:
    scene = Scene({}, street({1: 1, 2: 2}), locations=(location(1, free_capacity=1), location(2)))
    left = trial._after(scene.network, [LocationId(1), LocationId(1), LocationId(2)])
    assert [left.locations[LocationId(number)].free_capacity for number in (1, 2)] == [0, None]
