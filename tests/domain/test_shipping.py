"""The relevant scan, whatever order they arrive in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.shipping import model
from doorstep.domain.shipping.model import Scan, TrackingStatus

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SCANS = st.lists(
    st.builds(
        Scan,
        at=st.integers(0, 5).map(lambda hours: START + timedelta(hours=hours)),
        status=st.sampled_from(TrackingStatus),
        raw_code=st.sampled_from(["6", "7"]),
    ),
    max_size=8,
)


def scans(*statuses: TrackingStatus) -> list[Scan]:
    """One an hour."""
    return [Scan(START + timedelta(hours=hour), status, "") for hour, status in enumerate(statuses)]


def status_of(*statuses: TrackingStatus) -> TrackingStatus | None:
    found = model.current(scans(*statuses))
    return found.status if found else None


@pytest.mark.parametrize(
    ("reported", "counts"),
    [
        ((), None),
        (("unknown",), None),
        (("picked_up", "in_transit"), "in_transit"),
        (("in_transit", "unknown"), "in_transit"),
        (("failed_attempt", "out_for_delivery"), "out_for_delivery"),
        (("delivered", "in_transit"), "delivered"),
        (("delivered", "delivered"), "delivered"),
        (("delivered", "rto_initiated", "rto_delivered"), "rto_delivered"),
        (("delivered", "return_delivered"), "return_delivered"),
        (("rto_delivered", "rto_in_transit"), "rto_delivered"),
        (("lost", "delivered"), "lost"),
        (("canceled", "in_transit"), "canceled"),
    ],
)
def test_the_latest_scan_counts_and_an_end_is_an_end(reported: tuple[str, ...], counts: str | None) -> None:
    assert status_of(*map(TrackingStatus, reported)) == (TrackingStatus(counts) if counts else None)


@given(SCANS, st.randoms())
def test_arrival_order_does_not_matter(reported: list[Scan], chance: object) -> None:
    shuffled = [*reported]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random
    assert model.current(shuffled) == model.current(reported)


@given(SCANS)
def test_repeated_scans_are_harmless(reported: list[Scan]) -> None:
    assert model.current(reported + reported) == model.current(reported)


@given(SCANS)
def test_the_first_relevant_scan_is_reported_and_known(reported: list[Scan]) -> None:
    found = model.current(reported)
    known = [scan for scan in reported if scan.status is not TrackingStatus.UNKNOWN]
    assert (found in known) if known else (found is None)


def test_a_parcel_has_left_once_the_carrier_has_had_it() -> None:
    still_here = {status for status in TrackingStatus if not model.is_with_carrier(status)}
    assert still_here == {
        TrackingStatus.CREATED,
        TrackingStatus.LABEL_PURCHASED,
        TrackingStatus.UNKNOWN,
        TrackingStatus.CANCELED,
    }
