"""Simulation jobs: started, reported, kept; canceled, lost or abandoned ones end correctly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.routing.actions import lab as verbs
from doorstep.domain.routing.actions.lab import Lease, NewRun
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.domain.routing.views import lab as views
from doorstep.domain.routing.views import lists
from doorstep.domain.routing.views.lab import LabRun, Slice
from doorstep.flows.routing_rules import rule_sets, simulation_jobs
from doorstep.kernel import documents, errors
from doorstep.kernel.keyset import Keyset

FAR = """
name: far
runs:
- name: as orders come
  routings:
  - name: all
    rules:
    - {name: only one, locations: {codes: [WH-B]}, remainder: {then: queue, queue: brokering}}
queues:
- {name: brokering, owner: operations}
"""


def drafted(retailer: Retailer, text: str = FAR) -> int:
    document = documents.read(text, RuleSet).value
    assert document is not None
    now = retailer.app.clock.now()
    return retailer.write(lambda tx: rule_sets.draft(tx, draft=Draft(document, "a try"), now=now)).number


def asked(retailer: Retailer, draft: int | None, **given: str) -> int:
    now = retailer.app.clock.now()
    new = NewRun("simulation", draft, None, now - timedelta(days=1), now, every_minutes=5, **given)  # type: ignore[arg-type]  # fields by name
    return retailer.write(lambda tx: simulation_jobs.queue(tx, new=new, now=now))


def run_of(retailer: Retailer, run_id: int) -> LabRun:
    return retailer.read(lambda tx: views.run(tx, run_id=run_id))


@pytest.fixture
def sold(retailer: Retailer) -> Retailer:
    for wanted in ([(JACKET, 1), (SHIRT, 1)], [(JACKET, 1)], [(SHIRT, 2)]):
        retailer.place_order(order_snapshot(*(line(sku, units) for sku, units in wanted)))
    return retailer


def test_both_sides_are_kept_with_the_orders_that_change(sold: Retailer) -> None:
    run_id = asked(sold, drafted(sold))
    assert simulation_jobs.run_next(sold.app.context)
    assert not simulation_jobs.run_next(sold.app.context)
    run = run_of(sold, run_id)
    assert (run.state, run.error) == ("done", "")
    assert run.before is not None
    assert run.after is not None
    assert (run.before.orders, run.before.short_units, run.after.short_units) == (3, 0, 3)
    changes = sold.read(lambda tx: views.changes(tx, run_id=run_id, part=Slice("short", "order")))
    assert [each.number[0] for each in changes] == ["#", "#"]
    assert run.changed == sold.read(lambda tx: views.counts(tx, run_id=run_id)).changed
    page = Keyset("number", is_ascending=True)
    listed = sold.read(lambda tx: lists.changes(tx, run_id=run_id, page=page, only="short"))
    assert [each.number for each in listed] == sorted(each.number for each in changes)


def test_the_same_rules_change_nothing(sold: Retailer) -> None:
    run_id = asked(sold, None)
    simulation_jobs.run_next(sold.app.context)
    run = run_of(sold, run_id)
    assert run.before is not None
    assert run.after is not None
    assert (run.changed, run.before.cost_minor, run.before.loads) == (
        0,
        run.after.cost_minor,
        run.after.loads,
    )


def test_what_waits_is_canceled_at_once_and_what_runs_at_its_next_batch(sold: Retailer) -> None:
    now = sold.app.clock.now()
    waits, runs = asked(sold, None), asked(sold, None)
    sold.write(lambda tx: verbs.cancel(tx, run_id=waits, at=now))
    assert run_of(sold, waits).state == "canceled"
    taken = sold.write(lambda tx: verbs.take(tx, at=now))
    assert taken is not None
    assert taken.id == runs
    sold.write(lambda tx: verbs.cancel(tx, run_id=runs, at=now))
    with pytest.raises(verbs.Canceled):
        sold.write(lambda tx: verbs.report_progress(tx, hold=Lease(runs, 1), done=1, total=2))
    with pytest.raises(errors.Refused, match=f"Simulation {waits} has ended"):
        sold.write(lambda tx: verbs.cancel(tx, run_id=waits, at=now))


def test_a_run_whose_worker_died_is_begun_anew_by_another(sold: Retailer) -> None:
    run_id, now = asked(sold, None), sold.app.clock.now()
    assert sold.write(lambda tx: verbs.take(tx, at=now)) is not None
    assert not simulation_jobs.run_next(sold.app.context), "its lease holds"
    _let_lapse(sold)
    assert simulation_jobs.run_next(sold.app.context)
    run = run_of(sold, run_id)
    assert (run.state, run.attempts) == ("done", 2)
    with pytest.raises(verbs.Lost):
        sold.write(lambda tx: verbs.report_progress(tx, hold=Lease(run_id, 1), done=1, total=2))


def test_a_run_that_kills_its_workers_is_given_up(sold: Retailer) -> None:
    run_id, now = asked(sold, None), sold.app.clock.now()
    for _ in range(3):
        assert sold.write(lambda tx: verbs.take(tx, at=now)) is not None
        _let_lapse(sold)
    assert not simulation_jobs.run_next(sold.app.context)
    assert (run_of(sold, run_id).state, run_of(sold, run_id).error) == ("failed", "Its worker died 3 times.")


def _let_lapse(retailer: Retailer) -> None:
    retailer.write(lambda tx: tx.execute("UPDATE lab_runs SET lease_until = now() - interval '1 s'"))


def test_a_worker_that_ends_puts_its_run_back(sold: Retailer) -> None:
    run_id = asked(sold, None)
    assert simulation_jobs.run_next(sold.app.context, stopped=lambda: True)
    assert run_of(sold, run_id).state == "waiting"


def test_a_run_is_deleted_when_it_is_over(sold: Retailer) -> None:
    run_id = asked(sold, drafted(sold))
    with pytest.raises(errors.Refused, match="has not ended"):
        sold.write(lambda tx: verbs.delete(tx, run_id=run_id))
    simulation_jobs.run_next(sold.app.context)
    sold.write(lambda tx: verbs.delete(tx, run_id=run_id))
    with pytest.raises(errors.NotFound):
        run_of(sold, run_id)
    assert sold.read(lambda tx: views.counts(tx, run_id=run_id)).changed == 0


DOCUMENT = (
    '{"external_id": "%s", "placed_at": "2026-11-20T09:00:00Z", "currency": "INR", "lines": [{"sku": "DJ-BL-01", '
    '"quantity": %d, "unit_price_minor": 100}], "shipping_address": {"postal_code": "110001", "country": "IN"}}\n'
)


def test_orders_and_stock_of_files(retailer: Retailer) -> None:
    registry = retailer.app.registry
    connector = registry.connector(Kind.CHANNELS, "direct")
    settings = {"webhook_secret": "the secret of the till"}
    retailer.write(
        lambda tx: registry.configure(
            tx, key="till", connector=connector, name="Till", settings=settings, mode=Mode.LIVE
        )
    )
    registry._looked_at = 0.0
    files = {
        "orders_name": "orders.ndjson",
        "orders_file": DOCUMENT % ("one", 1) + DOCUMENT % ("two", 3),
        "stock_file": "sku,location,quantity\nDJ-BL-01,WH-A,2\nDJ-BL-01,WH-B,1\n",
    }
    run_id = asked(retailer, drafted(retailer), **files)
    simulation_jobs.run_next(retailer.app.context)
    run = run_of(retailer, run_id)
    assert (run.state, run.error) == ("done", "")
    assert run.before is not None
    assert (run.before.orders, run.before.short_units) == (2, 1)
    changes = retailer.read(lambda tx: views.changes(tx, run_id=run_id, part=Slice()))
    assert {each.number for each in changes} <= {"one", "two"}


def test_files_that_are_none(retailer: Retailer) -> None:
    with pytest.raises(errors.Invalid, match="lacks location, quantity"):
        asked(retailer, None, orders_file=DOCUMENT % ("one", 1), stock_file="sku\n")
    with pytest.raises(errors.Invalid, match="is empty"):
        asked(retailer, None, orders_file=" ")
    run_id = asked(retailer, None, orders_file=DOCUMENT % ("one", 1))
    simulation_jobs.run_next(retailer.app.context)
    run = run_of(retailer, run_id)
    assert (run.state, run.error.startswith("Order documents need a direct connection")) == (
        "failed",
        True,
    )
