"""`doorstep connections files|read-file-again`: files that are exchanged with partners."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.connections.actions import files as actions
from doorstep.domain.connections.views import files


def list_files(
    key: str,
    state: Annotated[str, typer.Option(help="Only in this state, as in failed.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
) -> None:
    """List the files that a connection has received and sent, newest first."""
    with opened() as app:
        connection = app.registry.by_key(key)
        page = replace(files.LATEST, limit=limit)
        with app.db.read() as tx:
            found = files.listed(tx, connection_id=connection.id, state=state, page=page)
    table = Table("id", "", "file", "bytes", "rows", "when", "state", "problem", box=None, pad_edge=False)
    for each in found:
        same = f"same content as {each.duplicate_of}" if each.duplicate_of else ""
        table.add_row(
            str(each.id),
            each.direction,
            each.name,
            str(each.size_bytes),
            str(each.rows),
            f"{each.created_at:%Y-%m-%d %H:%M:%S}",
            each.state,
            each.error or same,
        )
    out.print(table if found else f"{key} has exchanged no files.")


def read_file_again(
    key: str,
    file_id: Annotated[int, typer.Argument(help="The id that `doorstep connections files` shows.")],
) -> None:
    """Read a file again, from the archive or the errors folder, with today's connector. A worker reads it."""
    with opened() as app:
        connection = app.registry.by_key(key)
        app.db.transact(
            lambda tx: actions.read_again(tx, connection_id=connection.id, transfer_id=file_id), actor="cli"
        )
    out.print(f"{key}: file {file_id} is read again.")
