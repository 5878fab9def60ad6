"""Print the figures as one table, in the order of an order's life, each with its goal and whether it is met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from doorstep_bench import sustained

Figures = Mapping[str, object]
# The goals, as the rows name them.
_PIPELINE, _ROUTED, _LAST, _GROWN, _KEPT = 0.6, 0.35, 0.95, 0.9, 0.95
_SERVED, _MESSAGES, _IDLE = 500, 500, 0.01
_ACKNOWLEDGED_MS, _P95_MS, _P99_MS, _PAGE_MS, _PROMISE_MS = 250, 1_000, 2_000, 300, 50


class Row(NamedTuple):
    """A figure in words, its goal, and whether it is met (None: no goal, or nothing to compare with)."""

    what: str
    figure: str
    goal: str = ""
    is_met: bool | None = None


def show(figures: Figures) -> None:
    """Print to standard output with a fixed width, so that a file gets the same as a terminal."""
    table = Table("measured", "figure", "goal", "", box=None, pad_edge=False)
    for row in rows(figures):
        table.add_row(row.what, row.figure, row.goal, {None: "", True: "met", False: "missed"}[row.is_met])
    Console(width=130).print(table)


def rows(figures: Figures) -> list[Row]:
    """Every row of the table."""
    bound = _number(figures, "bound", "orders_per_second")
    parts = (
        _rates(figures, bound), _messages(figures), _webhook(figures, bound), _sustained(figures), _lifecycle(figures), _isolation(figures), _idle(figures),
        _pages(figures), _promise(figures), _growth(figures), _replicas(figures),
    )  # fmt: skip
    return [row for part in parts for row in part]


def _number(figures: Figures, *path: str) -> float:
    value: object = figures
    for name in path:
        value = value.get(name, {}) if isinstance(value, Mapping) else {}
    return float(value) if isinstance(value, int | float) else 0.0


def _share(rate: float, bound: float) -> str:
    return f"{rate:,.0f} orders/s" + (f", {rate / bound:.2f} of bound" if bound else "")


def _of_bound(rate: float, bound: float, least: float) -> bool | None:
    return rate >= least * bound if bound else None


def _waits(figures: Figures, *path: str) -> tuple[str, float, float]:
    """The sentence of a wait's percentiles, and p95 and p99 in milliseconds."""
    p50, p95, p99 = (_number(figures, *path, f"p{share}_ms") for share in (50, 95, 99))
    return f"p50 {p50:,.0f}  p95 {p95:,.0f}  p99 {p99:,.0f} ms", p95, p99


def _rates(figures: Figures, bound: float) -> Iterator[Row]:
    if bound:
        yield Row("bound: bare psycopg, 200 orders per transaction", f"{bound:,.0f} orders/s")
    pipeline = _number(figures, "pipeline", "orders_per_second")
    if pipeline:
        met = _of_bound(pipeline, bound, _PIPELINE)
        what = "pipeline: from snapshot to reservation and fulfillment order"
        yield Row(what, _share(pipeline, bound), "≥ 0.6 of bound", met)
        cost = figures["pipeline"]
        each = cost.get("per_order", {}) if isinstance(cost, Mapping) else {}
        for name, value in each.items():
            yield Row(f"  {name} per order", f"{value:,}")
    if hot := _number(figures, "hot", "attempts_per_second"):
        served = _number(figures, "hot", "served")
        share = f", {hot / pipeline:.2f} of pipeline" if pipeline else ""
        met = served == _SERVED and hot >= pipeline / 2
        yield Row(
            "hot: one SKU, 64 buyers",
            f"{hot:,.0f} attempts/s{share}, {served:,.0f} served",
            "≥ 0.5, 500",
            met,
        )


def _messages(figures: Figures) -> Iterator[Row]:
    if "messages" in figures:
        rate = _number(figures, "messages", "orders_per_second")
        received, expected = (_number(figures, "messages", name) for name in ("received", "expected"))
        figure = f"{rate:,.0f} messages/s, {received:,.0f} of {expected:,.0f} received"
        yield Row(
            "messages: one process, by SMTP",
            figure,
            "≥ 500/s, each once",
            rate >= _MESSAGES and received == expected,
        )


def _webhook(figures: Figures, bound: float) -> Iterator[Row]:
    if "webhook" not in figures:
        return
    yield Row("webhook: acknowledged", f"{_number(figures, 'webhook', 'acknowledged_per_second'):,.0f}/s")
    routed = _number(figures, "webhook", "routed_per_second")
    yield Row("webhook: routed", _share(routed, bound), "≥ 0.35 of bound", _of_bound(routed, bound, _ROUTED))
    last = _number(figures, "webhook", "last_to_first")
    yield Row("  the last run, as a share of the first", f"{last:.2f}", "≥ 0.95", last >= _LAST)
    passes = {
        "at_peak": "at peak",
        "at_70_percent": "at 70 % of the acknowledged rate",
        "at_70_percent_of_routed": "at 70 % of the routed rate",
    }
    for name, words in passes.items():
        figure, _, p99 = _waits(figures, "webhook", name, "acknowledgement")
        has_goal = name == "at_70_percent"
        goal = ("p99 < 250 ms", p99 < _ACKNOWLEDGED_MS) if has_goal else ("", None)
        yield Row(f"  acknowledgement, {words}", figure, *goal)
        yield Row(
            f"  placed to allocated, {words}", _waits(figures, "webhook", name, "placed_to_allocated")[0]
        )


def _sustained(figures: Figures) -> Iterator[Row]:
    if "sustained" not in figures:
        return
    rate, seconds, completed, last = (
        _number(figures, "sustained", name)
        for name in ("offered_per_second", "seconds", "completed_per_second", "last_minute_to_first")
    )
    orders, mails = (_number(figures, "sustained", name) for name in ("orders", "mails"))
    yield Row("sustained: completed with mails, in a burst", f"{completed:,.0f} orders/s")
    figure = f"{orders:,.0f} orders, {mails:,.0f} mails"
    yield Row(f"  {rate:,.0f} a second for {seconds:,.0f} s", figure, "a mail each", orders == mails)
    figure, p95, p99 = _waits(figures, "sustained", "placed_to_allocated")
    yield Row("  placed to allocated", figure, "p95 < 1 s, p99 < 2 s", p95 < _P95_MS and p99 < _P99_MS)
    yield Row("  the last minute, as a share of the first", f"{last:.2f}", "≥ 0.95", last >= _LAST)
    for queue in _names(figures, "sustained", "backlog"):
        trend = {
            name: _number(figures, "sustained", "backlog", queue, name)
            for name in ("second_quarter", "last_quarter", "largest")
        }
        figure = f"{trend['second_quarter']:,.0f}, at the end {trend['last_quarter']:,.0f}, largest {trend['largest']:,.0f}"
        yield Row(f"  backlog: {queue}", figure, "flat", sustained.is_flat(trend, rate=rate))


def _lifecycle(figures: Figures) -> Iterator[Row]:
    first = _number(figures, "lifecycle", "workers", "1", "orders_per_second")
    orders = _number(figures, "lifecycle", "orders")
    for workers in _names(figures, "lifecycle", "workers"):
        rate, completed, errors = (
            _number(figures, "lifecycle", "workers", workers, name)
            for name in ("orders_per_second", "completed", "errors")
        )
        what = f"lifecycle: {orders:,.0f} orders to delivered and invoiced, {workers} worker sets"
        figure = f"{rate:,.1f} orders/s, {rate / first if first else 0:.2f} of one, {errors:,.0f} errors"
        is_met = errors == 0 and completed == orders and rate >= first
        yield Row(what, figure, "≥ 1.0 of one, 0 errors", is_met)


def _isolation(figures: Figures) -> Iterator[Row]:
    connections, slow = (_number(figures, "isolation", name) for name in ("connections", "slow_seconds"))
    for lane in _names(figures, "isolation", "lanes"):
        kept = _number(figures, "isolation", "lanes", lane, "kept")
        what = f"isolation: {connections:.0f} connections, one answers in {slow:.0f} s: {lane}"
        yield Row(what, f"{kept:.2f} of the rate without it", f"≥ {_KEPT}", kept >= _KEPT)


def _idle(figures: Figures) -> Iterator[Row]:
    for size in _names(figures, "idle"):
        share = _number(figures, "idle", size, "together")
        figure = f"{share:.2%} of a core"
        yield Row(
            f"idle: web, worker and database with {int(size):,} orders", figure, "≤ 1 %", share <= _IDLE
        )


def _pages(figures: Figures) -> Iterator[Row]:
    if "pages" not in figures:
        return
    slowest = _number(figures, "pages", "slowest_p95_ms")
    found = figures["pages"]
    path = str(found.get("slowest", "")) if isinstance(found, Mapping) else ""
    what = f"pages: {len(_names(figures, 'pages', 'pages'))} pages with {_number(figures, 'pages', 'orders'):,.0f} orders"
    yield Row(what, f"slowest p95 {slowest:,.0f} ms ({path})", "p95 < 300 ms", slowest < _PAGE_MS)
    for name in _names(figures, "pages", "pages"):
        p95 = _number(figures, "pages", "pages", name, "p95_ms")
        if p95 >= _PAGE_MS:
            yield Row(f"  {name}", f"p95 {p95:,.0f} ms", "p95 < 300 ms", is_met=False)


def _promise(figures: Figures) -> Iterator[Row]:
    if "promise" in figures:
        lines, locations = (_number(figures, "promise", name) for name in ("lines", "locations"))
        figure, p95, _ = _waits(figures, "promise")
        what = f"promise: a cart of {lines:.0f} lines, {locations:.0f} locations"
        yield Row(what, figure, "p95 < 50 ms", p95 < _PROMISE_MS)


def _growth(figures: Figures) -> Iterator[Row]:
    for size in _names(figures, "growth"):
        rate, share = (
            _number(figures, "growth", size, name) for name in ("orders_per_second", "share_of_empty")
        )
        what = f"growth: pipeline with {int(size):,} orders in the database"
        yield Row(what, f"{rate:,.0f} orders/s, {share:.2f} of empty", "≥ 0.9 of empty", share >= _GROWN)


def _replicas(figures: Figures) -> Iterator[Row]:
    for workers in _names(figures, "replicas"):
        rate = _number(figures, "replicas", workers)
        yield Row(f"replicas: a full inbox, {workers} worker processes", f"{rate:,.0f} orders/s")


def _names(figures: Figures, *path: str) -> list[str]:
    found: object = figures
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return [str(name) for name in found] if isinstance(found, Mapping) else []
