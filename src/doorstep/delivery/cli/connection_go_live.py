"""`doorstep connections report|go-live`: can a connection be switched on, and switching it on."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.connections.model.readiness import CatchUp, Readiness, Report
from doorstep.flows.go_live import report as reports
from doorstep.flows.go_live.switch import NotConfirmed, Wanted
from doorstep.flows.go_live.switch import go_live as switch

_MARKS = {
    Readiness.READY: ("ready ", "green"),
    Readiness.ATTENTION: ("look  ", "yellow"),
    Readiness.BLOCKED: ("blocks", "red"),
}
_BLOCKED, _NEEDS_ATTENTION = 1, 3


def report(
    key: str,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 3 also where something needs attention.")
    ] = False,
) -> None:
    """Report whether a connection can be switched on. Ends with 0 if it can, with 1 where something blocks."""
    with opened() as app, app.db.read() as tx:
        found = reports.of(app.context, tx, key=key)
    _show(found)
    if found.standing is Readiness.BLOCKED:
        raise typer.Exit(_BLOCKED)
    if strict and found.standing is Readiness.ATTENTION:
        raise typer.Exit(_NEEDS_ATTENTION)


def _show(found: Report) -> None:
    for line in found.lines:
        word, color = _MARKS[line.standing]
        moment = f" ({line.at:%Y-%m-%d %H:%M} UTC)" if line.at else ""
        text = Text.assemble((word, color), f"  {line.topic.value}: {line.message.english()}{moment}")
        out.print(text, soft_wrap=True)
    for each in found.kept:
        counts = ", ".join(
            f"{count} {result.value.replace('_', ' ')}" for result, count in each.counts.items()
        )
        out.print(f"kept    {each.operation.value}: {each.total} ({counts})", highlight=False)


def go_live(
    key: str,
    catch_up: Annotated[
        CatchUp,
        typer.Option(
            help="Kept calls: missing sends what only Doorstep has and discards what others did, all and none send or discard "
            "everything, later keeps everything."
        ),
    ] = CatchUp.LATER,
    confirm: Annotated[bool, typer.Option("--confirm", help="Go live although something blocks.")] = False,
) -> None:
    """Switch a connection to live, unless its report says that something would be lost or doubled."""
    wanted = Wanted(catch_up, is_confirmed=confirm)
    with opened() as app:
        app.registry.refresh()
        try:
            done = app.db.transact(lambda tx: switch(app.context, tx, key=key, wanted=wanted), actor="cli")
        except NotConfirmed as problem:
            out.print(f"{problem} Add --confirm.", markup=False, soft_wrap=True)
            raise typer.Exit(_BLOCKED) from problem
    out.print(f"{key} is live: {done.sent} calls sent, {done.discarded} discarded, {done.left} kept.")
