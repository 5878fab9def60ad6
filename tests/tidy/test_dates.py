"""Tests count from tests/clock.py: every year that is written out is listed with a reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_YEAR = re.compile(r"(?<![\w.])20[0-9]{2}(?=-[01][0-9]\b|-[01][0-9]-|, ?[0-9]{1,2}\b)")

# How many dates with a year stand in a file or below a folder, and why they may.
ALLOWED: dict[str, tuple[int, str]] = {
    "adapters": (54, "partners' documents, and what is read from them"),
    "contracts": (4, "what partners send and get"),
    "sandbox": (37, "what is sent to the partner servers; versions of their APIs"),
    "domain": (
        91,
        "calendars, lanes and promises are computed from the days they are given, and read no clock",
    ),
    "routes.py": (1, "the present of pure routing, which reads no clock"),
    "clock.py": (1, "the day on which tests take place"),
    "delivery/test_capture.py": (4, "documents of a shop, older than any present"),
    "delivery/test_order_files.py": (6, "rows of a file, older than any present"),
    "delivery/test_outages.py": (5, "an end that is far away"),
    "delivery/test_console_network.py": (1, "an end that is far away"),
    "delivery/test_promises.py": (10, "a Friday and the Sunday after it; the present is passed in"),
    "flows/fulfillment/test_release_and_unaccepted.py": (1, "a Friday; the present is passed in"),
    "flows/routing_rules/test_simulation_jobs.py": (1, "orders of a file, replayed at their own time"),
    "kernel/test_localized.py": (4, "days as languages write them"),
    "kernel/test_documents.py": (4, "days as documents spell them"),
    "store/test_imports.py": (2, "a day that no month has"),
    "store/test_rule_sets.py": (1, "an example of a rule set, decided at its own time"),
}


def _place(path: str) -> str:
    """The entry of the list that a file belongs to."""
    return max(
        (each for each in ALLOWED if path == each or path.startswith(f"{each}/")), key=len, default=path
    )


def test_a_year_is_written_only_with_a_reason() -> None:
    found: Counter[str] = Counter()
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name = str(path.relative_to(ROOT / "tests"))
        if not name.startswith("tidy/"):
            found[_place(name)] += len(_YEAR.findall(path.read_text()))
    assert {name: count for name, count in found.items() if count} == {
        name: count for name, (count, _reason) in ALLOWED.items()
    }
