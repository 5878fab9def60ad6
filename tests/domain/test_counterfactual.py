"""What would have changed a decision, in the rare cases that no small network shows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from doorstep.domain.routing.model.counterfactual import counterfactual
from doorstep.domain.routing.model.order_problem import OrderProblem, Plan


def test_locations_of_a_runner_up_that_is_equally_good_are_named_together() -> None:
    candidates = SimpleNamespace(
        scale=SimpleNamespace(tiers=()), pickup="", reasons={}, frame=SimpleNamespace(network=None)
    )
    candidates.frame.network = SimpleNamespace(locations={})
    problem = cast("OrderProblem", SimpleNamespace(candidates=candidates, capacity={}))
    parts = [
        SimpleNamespace(stop=SimpleNamespace(location=SimpleNamespace(name=name)))
        for name in ("Pune", "Delhi")
    ]
    found = counterfactual(problem, (), cast("Plan", tuple(parts)), (), ())
    assert str(found) == "Pune and Delhi are equally good: tie, decided by location ID."
