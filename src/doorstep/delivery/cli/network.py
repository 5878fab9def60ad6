"""`doorstep network`: manage calendars, tariffs and shifts of the network as a file."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from doorstep.delivery.cli.opening import opened, text_of
from doorstep.delivery.cli.terminal import out
from doorstep.domain.network import views
from doorstep.domain.network.model import Document, text
from doorstep.flows.network import network_change, outage_control
from doorstep.flows.network.network_change import Preview
from doorstep.kernel import errors

commands = typer.Typer(
    help="Calendars, cut-offs, shifts and tariffs as one file: preview, apply, export.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="The document, YAML or JSON.")]


@commands.command("plan", hidden=True)
@commands.command("preview")
def show_changes(file: File) -> None:
    """Preview what a file would change. Nothing is stored."""
    document = _read(file)
    with opened() as app, app.db.read() as tx:
        _say(network_change.preview(tx, document=document, at=app.clock.now()))


@commands.command()
def apply(
    file: File,
    reason: Annotated[str, typer.Option("--reason", "--note", help="The reason, kept with the version.")],
) -> None:
    """Apply a file from the next order on. Repeating it changes nothing."""
    document = _read(file)
    with opened() as app:
        app.db.transact(
            lambda tx: _say(network_change.apply(tx, document=document, note=reason, at=app.clock.now())),
            actor="cli",
        )


@commands.command()
def export() -> None:
    """Write the current document to standard output."""
    with opened() as app, app.db.read() as tx:
        sys.stdout.write(text.write(views.document(tx)))


@commands.command()
def schema() -> None:
    """Write the document's JSON Schema to standard output."""
    sys.stdout.write(json.dumps(text.schema(), indent=2) + "\n")


@commands.command("outage", hidden=True)
@commands.command("start-outage")
def start_outage(
    carrier: Annotated[str, typer.Argument(help="The key of a connection or of a tariff.")],
    reason: Annotated[
        str,
        typer.Option("--reason", "--why", help="The reason, shown in explanations and in the console."),
    ],
    until: Annotated[
        str,
        typer.Option(
            help="End of the outage, with its offset as in 2026-11-27T18:00+05:30; without it: until you end it."
        ),
    ] = "",
) -> None:
    """Start a carrier outage: the carrier gets no parcels; planned work is re-routed."""
    until_at = _moment(until) if until else None
    with opened() as app:
        app.db.transact(
            lambda tx: outage_control.start(
                tx, carrier=carrier, reason=reason, until_at=until_at, now=app.clock.now()
            ),
            actor="cli",
        )
    out.print(f"{carrier} gets no parcels until {until or 'you end the outage'}.")


@commands.command("back", hidden=True)
@commands.command("end-outage")
def end_outage(carrier: Annotated[str, typer.Argument(help="The carrier with the outage.")]) -> None:
    """End a carrier outage: the carrier gets parcels again, and waiting orders are retried."""
    with opened() as app:
        app.db.transact(lambda tx: outage_control.end(tx, carrier=carrier, now=app.clock.now()), actor="cli")
    out.print(f"{carrier} gets parcels again.")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise errors.Invalid(f"{text!r} is not a time: write one like 2026-11-27T18:00+05:30.") from None
    if found.tzinfo is None:
        raise errors.Invalid(f"{text!r} has no time zone: add its offset, as in {text}+05:30.")
    return found


def _read(file: Path) -> Document:
    return text.read(text_of(file))


def _say(proposal: Preview) -> None:
    for line in proposal.changes:
        style = {"+": "green", "-": "red"}.get(line[:1], "dim")
        out.print(line, style=style)
    for doubt in proposal.doubts:
        out.print(f"Check: {doubt}", style="yellow")
    if not proposal.changes:
        out.print("Nothing changes.")
