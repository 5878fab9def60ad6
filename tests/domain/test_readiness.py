"""What the lines of a go-live report come to."""

from __future__ import annotations

import pytest

from doorstep.domain.connections.model.comparison import Operation, Result
from doorstep.domain.connections.model.readiness import (
    Kept,
    Readiness,
    Report,
    ReportLine,
    Topic,
    attention,
    blocked,
    ready,
)
from doorstep.kernel.message import Message

GOOD = ready(Topic.LIMITS, Message("Good."))
LOOK = attention(Topic.NAMES, Message("Look."))
WRONG = blocked(Topic.TEST, Message("Wrong."))
LOST = blocked(Topic.SETTINGS, Message("Lost."), is_certain=True)


@pytest.mark.parametrize(
    ("lines", "standing", "blocking", "certain"),
    [
        ([], Readiness.READY, 0, 0),
        ([GOOD], Readiness.READY, 0, 0),
        ([GOOD, LOOK], Readiness.ATTENTION, 0, 0),
        ([LOOK, WRONG, GOOD], Readiness.BLOCKED, 1, 0),
        ([LOST, WRONG], Readiness.BLOCKED, 2, 1),
    ],
)
def test_a_report_is_as_good_as_its_worst_line(
    lines: list[ReportLine], standing: Readiness, blocking: int, certain: int
) -> None:
    report = Report(lines, [])
    assert (report.standing, len(report.blocking), len(report.certain)) == (standing, blocking, certain)


def test_only_what_costs_when_it_is_repeated_counts_as_doubled() -> None:
    compared = {Result.SAME: 3, Result.DIFFERENT: 1, Result.ONLY_OURS: 5, Result.OPEN: 2}
    refunds, returns = Kept(Operation.REFUND, compared), Kept(Operation.CLOSE_RETURN, compared)
    assert (refunds.total, refunds.doubles, returns.doubles) == (11, 4, 0)
    assert Report([], [refunds, returns]).doubles == 4
