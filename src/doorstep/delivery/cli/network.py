"""`doorstep network`: calendars, tariffs and shifts of the network as a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from doorstep.delivery.cli.opening import opened
from doorstep.domain.network import views
from doorstep.domain.network.model import Document, text
from doorstep.flows import network_change
from doorstep.flows.network_change import Proposal
from doorstep.kernel import errors

commands = typer.Typer(
    help="Calendars, cut-offs, shifts and tariffs as one file: look, apply, export.", no_args_is_help=True
)
_out = Console()
File = Annotated[Path, typer.Argument(help="The document, YAML or JSON.")]


@commands.command()
def plan(file: File) -> None:
    """Say what a file would change, and change nothing."""
    document = _read(file)
    with opened() as app, app.db.read() as tx:
        _say(network_change.propose(tx, document=document, at=app.clock.now()))


@commands.command()
def apply(
    file: File,
    note: Annotated[str, typer.Option(help="Why; it stays with the version.")],
) -> None:
    """Let a file hold from the next order on. Twice is harmless."""
    document = _read(file)
    with opened() as app, app.db.write(actor="cli") as tx:
        _say(network_change.apply(tx, document=document, note=note, at=app.clock.now()))


@commands.command()
def export() -> None:
    """Write the document that holds to standard output."""
    with opened() as app, app.db.read() as tx:
        sys.stdout.write(text.write(views.document(tx)))


@commands.command()
def schema() -> None:
    """Write the document's JSON Schema to standard output."""
    sys.stdout.write(json.dumps(text.schema(), indent=2) + "\n")


def _read(file: Path) -> Document:
    try:
        return text.read(file.read_text())
    except (OSError, UnicodeDecodeError) as problem:
        raise errors.Invalid(f"{file} cannot be read: {problem}.") from problem


def _say(proposal: Proposal) -> None:
    for line in proposal.changes:
        style = {"+": "green", "-": "red"}.get(line[:1], "dim")
        _out.print(line, style=style, markup=False, highlight=False)
    for doubt in proposal.doubts:
        _out.print(f"Look: {doubt}", style="yellow", markup=False)
    if not proposal.changes:
        _out.print("Nothing changes.")
