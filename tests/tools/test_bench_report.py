"""The table of the benchmark: what is measured has a goal, and says whether it is met."""

from __future__ import annotations

from doorstep_bench import report, sustained

FLAT = {"second_quarter": 10.0, "last_quarter": 30.0, "largest": 90.0}
FIGURES: dict[str, object] = {
    "bound": {"orders_per_second": 2_000.0},
    "pipeline": {"orders_per_second": 900.0, "per_order": {"statements": 0.05}},
    "messages": {"orders_per_second": 640.0, "received": 300, "expected": 300},
    "sustained": {
        "offered_per_second": 100.0,
        "orders": 6_000,
        "mails": 5_999,
        "last_minute_to_first": 0.97,
        "placed_to_allocated": {"p50_ms": 90.0, "p95_ms": 700.0, "p99_ms": 2_400.0},
        "backlog": {"messages": FLAT},
    },
    "lifecycle": {
        "orders": 400,
        "workers": {
            "1": {"orders_per_second": 5.0, "completed": 400, "errors": 0},
            "2": {"orders_per_second": 6.0, "completed": 400, "errors": 1},
        },
    },
    "isolation": {
        "connections": 10,
        "slow_seconds": 20.0,
        "lanes": {"orders": {"kept": 0.96}, "mails": {"kept": 0.94}},
    },
    "idle": {"0": {"together": 0.0075}, "1000000": {"together": 0.02}},
}


def verdicts() -> dict[str, bool | None]:
    return {row.what.strip(): row.is_met for row in report.rows(FIGURES)}


def test_each_goal_is_met_or_missed() -> None:
    found = verdicts()
    assert found["pipeline: from snapshot to reservation and fulfillment order"] is False
    assert found["messages: one process, by SMTP"] is True
    assert found["placed to allocated"] is False
    assert found["the last minute, as a share of the first"] is True
    assert found["100 a second for 0 s"] is False  # a mail is missing
    assert [found[name] for name in found if name.startswith("idle")] == [True, False]
    assert [found[name] for name in found if name.startswith("lifecycle")] == [True, False]
    assert found["isolation: 10 connections, one answers in 20 s: orders"] is True
    assert found["isolation: 10 connections, one answers in 20 s: mails"] is False


def test_what_was_not_measured_has_no_row() -> None:
    assert not [name for name in verdicts() if name.startswith(("webhook", "pages", "promise", "growth"))]
    assert report.rows({}) == []


def test_a_backlog_is_flat_while_it_does_not_grow_by_a_second_of_work() -> None:
    assert sustained.is_flat(FLAT, rate=100)
    assert not sustained.is_flat({**FLAT, "last_quarter": 111.0}, rate=100)
