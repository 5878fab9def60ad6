"""Print the figures as one table, in the order of an order's life."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

Figures = Mapping[str, object]


def show(figures: Figures) -> None:
    """Print to standard output with a fixed width, so that a file gets the same as a terminal."""
    table = Table("measured", "figure", "goal", box=None, pad_edge=False)
    bound = _number(figures, "bound", "orders_per_second")
    for row in (*_rates(figures, bound), *_webhook(figures, bound), *_rest(figures)):
        table.add_row(*row)
    Console(width=110).print(table)


def _number(figures: Figures, *path: str) -> float:
    value: object = figures
    for name in path:
        value = value.get(name, {}) if isinstance(value, Mapping) else {}
    return float(value) if isinstance(value, int | float) else 0.0


def _share(rate: float, bound: float) -> str:
    return f"{rate:,.0f} orders/s" + (f", {rate / bound:.2f} of bound" if bound else "")


def _rates(figures: Figures, bound: float) -> list[tuple[str, str, str]]:
    rows = []
    if bound:
        rows.append(("bound: bare psycopg, 200 orders per transaction", f"{bound:,.0f} orders/s", ""))
    if pipeline := _number(figures, "pipeline", "orders_per_second"):
        rows.append(
            (
                "pipeline: from snapshot to reservation and fulfillment order",
                _share(pipeline, bound),
                "≥ 0.6 of bound",
            )
        )
        cost = figures["pipeline"]
        each = cost.get("per_order", {}) if isinstance(cost, Mapping) else {}
        rows += [(f"  {name} per order", f"{value:,}", "") for name, value in each.items()]
    if hot := _number(figures, "hot", "attempts_per_second"):
        share = f", {hot / pipeline:.2f} of pipeline" if pipeline else ""
        served = _number(figures, "hot", "served")
        rows.append(
            ("hot: one SKU, 64 buyers", f"{hot:,.0f} attempts/s{share}, {served:,.0f} served", "≥ 0.5, 500")
        )
    return rows


def _webhook(figures: Figures, bound: float) -> list[tuple[str, str, str]]:
    if "webhook" not in figures:
        return []
    acked = _number(figures, "webhook", "acknowledged_per_second")
    routed = _number(figures, "webhook", "routed_per_second")
    rows = [
        ("webhook: acknowledged", f"{acked:,.0f}/s", ""),
        ("webhook: routed", _share(routed, bound), "≥ 0.3 of bound"),
    ]
    passes = {
        "at_peak": ("at peak", {}),
        "at_70_percent": ("at 70 % of the acknowledged rate", {"acknowledgement": "p99 < 250 ms"}),
        "at_70_percent_of_routed": ("at 70 % of the routed rate", {"placed_to_allocated": "p95 < 1 s"}),
    }
    for name, (words, goals) in passes.items():
        for wait in ("acknowledgement", "placed_to_allocated"):
            p50, p95, p99 = (
                _number(figures, "webhook", name, wait, f"p{share}_ms") for share in (50, 95, 99)
            )
            reported = f"p50 {p50:,.0f}  p95 {p95:,.0f}  p99 {p99:,.0f} ms"
            rows.append((f"  {wait.replace('_', ' ')}, {words}", reported, goals.get(wait, "")))
    return rows


def _rest(figures: Figures) -> list[tuple[str, str, str]]:
    rows = []
    if "promise" in figures:
        p50, p95, p99 = (_number(figures, "promise", f"p{share}_ms") for share in (50, 95, 99))
        lines, locations = (_number(figures, "promise", name) for name in ("lines", "locations"))
        reported = f"p50 {p50:,.0f}  p95 {p95:,.0f}  p99 {p99:,.0f} ms"
        rows.append(
            (f"promise: a cart of {lines:.0f} lines, {locations:.0f} locations", reported, "p95 < 50 ms")
        )
    for size in _names(figures, "growth"):
        rate, share = (
            _number(figures, "growth", size, name) for name in ("orders_per_second", "share_of_empty")
        )
        what = f"growth: pipeline with {int(size):,} orders in the database"
        rows.append((what, f"{rate:,.0f} orders/s, {share:.2f} of empty", "≥ 0.9 of empty"))
    for workers in _names(figures, "replicas"):
        rate = _number(figures, "replicas", workers)
        rows.append((f"replicas: a full inbox, {workers} worker processes", f"{rate:,.0f} orders/s", ""))
    return rows


def _names(figures: Figures, part: str) -> list[str]:
    found = figures.get(part)
    return [str(name) for name in found] if isinstance(found, Mapping) else []
