"""The demo order without failures."""

from __future__ import annotations

from tests.faults.rehearsal import assert_told_right, tell


def test_the_demo_order_is_routed_as_described() -> None:
    (telling,) = tell()["tellings"]
    assert_told_right(telling)
    assert [row["shipment_id"] for row in telling["table"]] == ["SHK1245XYZ", "SRK5678PQR"]
