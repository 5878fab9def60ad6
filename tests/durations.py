"""Name the slow tests at the end of a run; those that are known to be slow are listed with a reason.

Time is this process's processor time: waiting for a database does not count. The limits leave room for coverage; on a
slower machine they are longer, by as much as a fixed sum takes longer there. A slow test is named and fails nothing:
the neighbors of a shared machine slow a processor down by several times, and only for a while.
"""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest

# Seconds by folder; elsewhere (rehearsals, browsers, tools) a test takes what it takes.
LIMITS = {
    "tests/domain/": 2.0,
    "tests/adapters/": 2.0,
    "tests/store/": 3.0,
    "tests/flows/": 3.0,
    "tests/delivery/": 3.0,
}
# By the beginning of a test's name.
SLOW: dict[str, str] = {
    "tests/delivery/test_permissions.py::test_an_operation_is_for_the_roles_of_the_table": "every operation of the API, and there are more with each feature",
    "tests/delivery/test_permissions.py::test_a_page_is_for_the_roles_of_the_table": "every page of the console, likewise",
    "tests/domain/test_routing_alone.py": "thousands of generated orders, each planned twice",
    "tests/store/test_imports.py::test_many_rows_are_imported_with_constant_memory": "20,000 rows, to see that memory stays flat",
    "tests/delivery/test_console_stock_work.py::test_a_file_is_imported": "a whole file, page by page and row by row",
}
_CPU = "cpu_seconds"
# What `_sum` took where the limits were set, idle.
_REFERENCE_SECONDS = 0.1


def _sum() -> float:
    """The processor time of a fixed calculation."""
    began, total = time.process_time(), 0
    for each in range(2_000_000):
        total += each * each % 7
    return time.process_time() - began


def slowness() -> float:
    """How many times longer this machine takes than the one where the limits were set; never less than 1."""
    return max(1.0, min(_sum() for _ in range(3)) / _REFERENCE_SECONDS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    began = time.process_time()
    try:
        return (yield)
    finally:
        if item.get_closest_marker("slow") is None:
            item.user_properties.append((_CPU, time.process_time() - began))


class Watch:
    """Collects how long tests took, where the reports of all workers arrive."""

    def __init__(self) -> None:
        self.too_long: list[str] = []
        self._slowness = slowness()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was too long and has no excuse."""
        took = dict(report.user_properties).get(_CPU)
        limit = next((each for folder, each in LIMITS.items() if report.nodeid.startswith(folder)), None)
        if report.when != "call" or limit is None or not isinstance(took, float):
            return
        limit *= self._slowness
        if took <= limit:
            return
        if not report.nodeid.startswith(tuple(SLOW)):
            self.too_long.append(f"{report.nodeid}: {took:.1f} s of processor time, {limit:.1f} are allowed")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which."""
        for each in self.too_long:
            terminalreporter.write_line(f"TOO LONG {each}", yellow=True)


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that shows the results judges them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Watch(), "durations-watch")
