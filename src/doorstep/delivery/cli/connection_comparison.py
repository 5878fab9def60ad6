"""`doorstep connections compare`: what a connection in shadow mode would have sent, beside what others did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.connections.model.comparison import Fact, Operation, Result
from doorstep.domain.connections.views import comparisons
from doorstep.domain.connections.views.comparisons import Filter, Total
from doorstep.flows import operations
from doorstep.flows.comparison import compare as comparison

_WORDS = {
    Result.SAME: "same",
    Result.DIFFERENT: "different",
    Result.ONLY_OURS: "only ours",
    Result.ONLY_THEIRS: "only theirs",
    Result.OPEN: "not comparable yet",
}


def compare(
    key: str,
    result: Annotated[Result | None, typer.Option(help="Only calls that compare so.")] = None,
    operation: Annotated[Operation | None, typer.Option(help="Only calls of this kind.")] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only of this day (UTC).")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Compare what is due first, without waiting for a worker.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
) -> None:
    """Compare the calls that were kept in shadow mode with what others did: totals, then the newest with both sides."""
    with opened() as app:
        if now:
            comparison.compare_due(app.context)
        with app.db.read() as tx:
            connection = operations.connection_of(tx, key)
            wanted = Filter(connection.id, operation or "", result or "", day.date() if day else None)
            totals = comparisons.totals(tx, connection_id=connection.id)
            found = comparisons.listed(tx, wanted=wanted, page=replace(comparisons.NEWEST, limit=limit))
    if not totals:
        out.print(f"{key} has no calls to compare: they appear here while it is in shadow mode.")
        return
    out.print(_totals(totals))
    for each in found:
        head = f"{each.id}  {each.operation.value}  {each.reference}  {each.occurred_at:%Y-%m-%d %H:%M}  {_WORDS[each.result]}"
        sides = (("ours", _facts(each.ours)), ("theirs", _facts(each.theirs)), ("why", each.reason.english()))
        lines = [f"    {name}: {words}" for name, words in sides if words]
        out.print(*(head, *lines), sep="\n", markup=False, highlight=False, soft_wrap=True)
    if not found:
        out.print("No call compares so.")


def _totals(totals: list[Total]) -> Table:
    counts: dict[Operation, Counter[Result]] = {}
    for each in totals:
        counts.setdefault(each.operation, Counter())[each.result] += each.count
    table = Table("call", *_WORDS.values(), box=None, pad_edge=False)
    for operation, found in counts.items():
        table.add_row(operation.value, *(str(found[each]) for each in _WORDS))
    return table


def _facts(facts: Mapping[Fact, str]) -> str:
    return ", ".join(f"{name.value.replace('_', ' ')} {value}" for name, value in facts.items() if value)
