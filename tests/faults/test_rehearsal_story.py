"""The demo order without failures."""

from __future__ import annotations

from tests.faults.rehearsal import assert_results, run_demo


def test_the_demo_order_is_routed_as_described() -> None:
    (run,) = run_demo()["runs"]
    assert_results(run)
    assert [row["shipment_id"] for row in run["table"]] == ["SHK1245XYZ", "SRK5678PQR"]
