"""The hindsight gap: each day is analyzed once, and each decision is compared with the best plan of the day."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.routing.actions import lab as verbs
from doorstep.domain.routing.actions.lab import NewRun
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import lab as views
from doorstep.domain.routing.views import runs
from doorstep.flows.routing_rules import hindsight, simulation_jobs


def test_yesterday_is_queued_once(retailer: Retailer) -> None:
    run_id = hindsight.schedule(retailer.app.context)
    assert run_id is not None
    assert hindsight.schedule(retailer.app.context) is None
    assert simulation_jobs.run_next(retailer.app.context)
    found = retailer.read(lambda tx: views.run(tx, run_id=run_id))
    assert (found.state, found.kind, found.until - found.since) == ("done", "hindsight", timedelta(days=1))
    assert retailer.read(views.runs) == []


def test_actual_cost_is_stored_with_the_best_possible(retailer: Retailer) -> None:
    now = retailer.app.clock.now()
    for wanted in ([(JACKET, 1), (SHIRT, 1)], [(JACKET, 1)], [(SHIRT, 2)]):
        retailer.place_order(order_snapshot(*(line(sku, units) for sku, units in wanted)))
    until = retailer.app.clock.now() + timedelta(seconds=1)
    new = NewRun("hindsight", None, None, now, until, every_minutes=1)
    retailer.write(lambda tx: verbs.queue(tx, new=new, at=now))
    simulation_jobs.run_next(retailer.app.context)
    (run,) = [each for each in retailer.read(runs.history) if each.kind is RunKind.HINDSIGHT]
    rows = retailer.read(
        lambda tx: tx.rows("SELECT cost_minor, actual_minor, best_minor FROM routing_decisions")
    )
    assert run.attempted == 3
    assert [each["actual_minor"] for each in rows] == [each["cost_minor"] for each in rows]
    assert run.before_minor == sum(int(str(each["actual_minor"])) for each in rows)
    assert run.after_minor == sum(int(str(each["best_minor"])) for each in rows)
