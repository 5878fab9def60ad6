"""`doorstep dead-letters`: list failed work and its errors, and retry it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.analytics.views import dead_letters as views
from doorstep.flows import operations
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import whole_number

commands = typer.Typer(help="Failed work: see the error, fix the cause, retry.", no_args_is_help=True)


@commands.command("list")
def list_() -> None:
    """List every dead letter with its error."""
    with opened() as app, app.db.read() as tx:
        letters = views.dead_letters(tx)
    table = Table(
        "id", "class", "what", "topic", "attempts", "last failed", "error", box=None, pad_edge=False
    )
    for letter in letters:
        name = f"{letter.source}:{letter.id}"
        when = letter.last_failed_at.strftime("%Y-%m-%d %H:%M") if letter.last_failed_at else ""
        table.add_row(
            name,
            letter.error_class or "",
            letter.what,
            letter.topic,
            str(letter.attempts),
            when,
            letter.error or "",
        )
    out.print(table if letters else "No dead letters.")


@commands.command("redrive", hidden=True)
@commands.command("retry")
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids as the list shows them, e.g. inbox:12 delivery:7.")
    ] = None,
    error_class: Annotated[
        str, typer.Option("--class", help="All of an error class: transient, data, auth or bug.")
    ] = "",
) -> None:
    """Retry dead letters: some, or a complete error class."""
    if bool(ids) == bool(error_class):
        raise errors.Invalid("Give either ids or a --class.")

    def work(tx: WriteTx) -> int:
        if error_class:
            return operations.retry(tx, error_class=error_class)
        count = operations.retry(tx, deliveries=_of("delivery", ids), messages=_of("inbox", ids))
        _require(count, ids)
        return count

    with opened() as app:
        count = app.db.transact(work, actor="cli")
    out.print(f"{count} will be retried.")


@commands.command("discard")
def discard(ids: Annotated[list[str], typer.Argument(help="Ids as the list shows them.")]) -> None:
    """Discard dead letters. Their events and payloads are kept."""

    def work(tx: WriteTx) -> int:
        count = operations.discard(tx, deliveries=_of("delivery", ids), messages=_of("inbox", ids))
        _require(count, ids)
        return count

    with opened() as app:
        count = app.db.transact(work, actor="cli")
    out.print(f"{count} discarded.")


def _require(count: int, ids: list[str] | None) -> None:
    """Raise NotFound, so that nothing changes, unless every id is a dead letter's."""
    wanted = len(set(ids or []))
    if count < wanted:
        raise errors.NotFound(
            f"{wanted - count} of {', '.join(ids or [])} is no dead letter: nothing changes. See doorstep dead-letters list."
        )


def _of(source: str, ids: list[str] | None) -> list[int]:
    chosen = []
    for each in ids or []:
        kind, _, number = each.partition(":")
        if kind not in {"inbox", "delivery"} or whole_number(number) is None:
            raise errors.Invalid(f"{each!r} is not an id: write it as the list shows it, e.g. inbox:12.")
        if kind == source:
            chosen.append(int(number))
    return chosen
