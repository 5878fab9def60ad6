"""`doorstep status`: what waits in every queue, what failed, is pending, dead or in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.analytics.views import health
from doorstep.domain.analytics.views.health import ConnectionHealth
from doorstep.flows import backlog
from doorstep.flows.backlog import Backlog


def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")] = False
) -> None:
    """Show what waits in every queue and for how long, how fast it goes, and what needs a person."""
    with opened() as app, app.db.read() as tx:
        now = app.clock.now()
        found = backlog.every(tx, now=now)
        pending = [each for each in health.connections(tx, now=now) if each.pending_since is not None]
    if as_json:
        typer.echo(msgspec.json.encode({"backlog": found, "pending": list(map(_pending, pending))}).decode())
        return
    out.print(_table(found))
    for each in pending:
        calls = "1 call is" if each.pending == 1 else f"{each.pending} calls are"
        out.print(f"{each.key}: {calls} pending since {each.pending_since:%Y-%m-%d %H:%M:%S} UTC")


def _pending(row: ConnectionHealth) -> dict[str, object]:
    return {"connection": row.key, "pending": row.pending, "pending_since": row.pending_since}


def _table(found: Sequence[Backlog]) -> Table:
    heads = (
        "waiting",
        "oldest",
        "per minute",
        "failed per minute",
        "retrying",
        "pending",
        "dead",
        "in doubt",
    )
    table = Table("work", "queue", *heads, box=None, pad_edge=False)
    for row in found:
        queue = backlog.QUEUES[row.name]
        table.add_row(
            row.name.replace("_", " "),
            "every" if queue is None else queue,
            str(row.waiting),
            age(row.oldest_seconds) if row.waiting else "",
            f"{row.done_per_minute:,.0f}",
            f"{row.failed_per_minute:,.0f}",
            *(str(number or "") for number in (row.retrying, row.pending, row.dead, row.in_doubt)),
        )
    return table


def age(seconds: float) -> str:
    """An age in its largest unit: 12 s, 5 min, 3 h, 2 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
