"""flows/map.py is correct: CAPTURE lists the functions that run, in order; stored names exist."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType

from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.connections import actions as connections
from doorstep.flows.capture import intake
from doorstep.flows.jobs import JOBS
from doorstep.flows.map import CAPTURE, MAP


def first_calls(work: Callable[[], object]) -> list[CodeType]:
    """The functions that `work` calls, in the order of their first call."""
    found: dict[CodeType, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            found.setdefault(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return list(found)


def test_capture_lists_what_runs_in_order(retailer: Retailer) -> None:
    """One batch: a new order, a short one, and an order that the channel canceled and that was approved again."""
    known = order_snapshot(line(JACKET))
    retailer.place_order(known)
    retailer.receive("shop", "order", order_snapshot(line(SHIRT)), order_snapshot(line(SHIRT, 90_000)))

    def capture() -> None:
        with retailer.app.db.write(actor="worker") as tx:
            messages = connections.claim(tx, limit=10)
            intake.read(retailer.app.context, tx, messages)

    expected = [each.__code__ for each in CAPTURE]  # type: ignore[attr-defined]  # they are functions
    called = [code for code in first_calls(capture) if code in set(expected)]
    always = [code for code in expected if code in called]
    assert called == always
    assert len(called) >= len(expected) - 1  # nothing was canceled in the channel


def test_jobs_and_subscribers_have_dotted_names_of_their_own() -> None:
    names = [job.name for job in JOBS] + sorted({row.name for row in MAP})
    assert len(names) == len(set(names))
    assert [name for name in names if name.count(".") != 1 or name != name.lower() or " " in name] == []
