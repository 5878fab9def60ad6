"""The routing benchmark's figures are right, on small instances."""

from __future__ import annotations

import numpy as np
import pytest

from doorstep_bench.routing import batches, figures, multi, pool, single
from doorstep_bench.routing.geography import geography
from doorstep_bench.routing.multi import Family, Instance, Variant

SMALL = Variant("A4", horizon=120, must_fill=30.0)


def test_the_network_is_the_published_one() -> None:
    small, full = geography(small=True), geography(small=False)
    assert (small.miles.shape, full.miles.shape) == ((5, 10), (10, 99))
    assert small.centers == ("OAK4", "IND1", "AVP3", "CAE1", "DFW7")
    assert float(small.shares.sum()) == pytest.approx(1.0)
    assert 2_400 < float(small.miles[0, 0]) < 2_600


def test_an_instance_repeats_and_its_rates_are_a_probability() -> None:
    one, other = (Instance(SMALL, np.random.default_rng(1000)) for _ in range(2))
    assert one.types == other.types
    assert one.arrivals() == other.arrivals()
    assert float(one.rates.sum()) == pytest.approx(1.0)


def test_every_policy_meets_the_same_orders_and_none_beats_the_bound() -> None:
    outcomes = Family(SMALL, instances=1, sequences=1, solves=3, batch=40).outcomes()
    rows = {name: each.row() for name, each in outcomes.items()}
    assert len({each.orders for each in outcomes.values()}) == 1
    assert len({row["unfilled_per_order"] for row in rows.values()}) == 1
    assert all(row["to_bound"] >= 0.9999 for row in rows.values())
    by_cost, together = rows["cost, order by order"], rows[multi.BATCH]
    assert together["to_bound"] <= by_cost["to_bound"] <= rows["nearest location"]["to_bound"]


def test_a_supplier_fills_what_centers_cannot() -> None:
    outcomes = Family(Variant("A3", horizon=80, carried=0.5), instances=1, sequences=1, solves=2).outcomes()
    assert all(each.row()["to_bound"] >= 0.9999 for each in outcomes.values())
    assert outcomes["nearest location"].unfilled > 0


def test_looking_ahead_is_between_the_myopic_and_the_best_in_hindsight() -> None:
    for outcomes in single.Family(2).outcomes().values():
        myopic, ahead = outcomes[single.MYOPIC], outcomes[single.SCARCITY]
        assert myopic.orders == ahead.orders
        assert min(myopic.dollars, ahead.dollars) >= myopic.bound - 1e-6


def test_a_pool_and_a_batch_improve_and_a_plot_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ORDERS", 60)
    found = pool.outcome(1)
    assert found.extra["fewest parcels"] >= found.extra[pool.BATCH] == found.bound
    gain = batches.gain(40, 6, seconds=2.0)
    assert gain.solved <= gain.greedy
    assert gain.waiting_after <= gain.waiting_before
    assert figures.gains(gain.steps, 2.0).startswith("<svg")
    rows = {"nearest": {"to_bound": 1.1}, "ours": {"to_bound": 1.02}}
    assert ">10.0<" in figures.ratios({"A4": rows})
