"""`doorstep connections`: accounts at partners."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened, toml_of
from doorstep.delivery.cli.terminal import out, styled
from doorstep.domain.connections import actions, views
from doorstep.domain.connections.model import Kind, Mode
from doorstep.flows import operations
from doorstep.kernel import errors, jobs

commands = typer.Typer(
    help="Accounts at shops, carriers, gateways, ERPs and mail relays.", no_args_is_help=True
)


@commands.command("list")
def list_() -> None:
    """List all connections and their modes."""
    with opened() as app, app.db.read() as tx:
        rows = views.all_connections(tx)
    table = Table("key", "kind", "connector", "name", "mode", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.key, row.kind, row.connector_id, row.name, row.mode)
    out.print(table if rows else "No connections yet: doorstep connections put FILE.toml")


@commands.command("connectors")
def connectors() -> None:
    """List the connectors, and the settings that each needs."""
    with opened() as app:
        for connector in sorted(
            app.registry.connectors.values(), key=lambda each: (each.kind.value, each.id)
        ):
            out.print(
                styled(
                    "[bold]{name}[/bold]  {label}",
                    name=f"{connector.kind.value}/{connector.id}",
                    label=connector.label,
                )
            )
            for field, description in app.registry.fields(connector).items():
                out.print(f"    {field}: {description}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A table of the file: the connector and its settings."""

    kind: Kind
    connector: str
    name: str = ""
    settings: dict[str, object] = field(default_factory=dict)


@commands.command("put")
def put(
    file: Annotated[
        Path, typer.Argument(help=r"TOML: \[key] kind, connector, name, and a \[key.settings] table.")
    ],
) -> None:
    """Create or replace connections from a file. A new one is live; a known one keeps its mode.

    Secrets are encrypted at once. A setting may be { env = "NAME" }: it is read from that environment variable. Delete a
    file that has secrets in it afterwards.
    """
    entries = _entries(file)
    with opened() as app, app.db.write(actor="cli") as tx:
        for key, entry in entries.items():
            connector = app.registry.connector(entry.kind, entry.connector)
            app.registry.configure(
                tx, key=key, connector=connector, name=entry.name or key, settings=entry.settings
            )
        modes = {row.key: row.mode for row in views.all_connections(tx)}
    for key, entry in entries.items():
        out.print(f"{key}: {entry.kind.value}/{entry.connector}, {modes[key]}")
    if not entries:
        out.print(f"{file} has no [key] table: nothing changes.")


def _entries(file: Path) -> dict[str, Entry]:
    return {key: _entry(file, key, table) for key, table in toml_of(file).items()}


def _entry(file: Path, key: str, table: object) -> Entry:
    if not isinstance(table, dict):
        raise errors.Invalid(
            f"{file}: {key} is not a table. A connection is [{key}] with kind, connector and name, and [{key}.settings]."
        )
    for name in ("kind", "connector"):
        if name not in table:
            raise errors.Invalid(f"{file}: [{key}] has no {name}.", field=name)
    if table["kind"] not in set(Kind):
        kinds = ", ".join(each.value for each in Kind)
        raise errors.Invalid(
            f"{file}: {table['kind']!r} in [{key}] is not a kind: use one of {kinds}.", field="kind"
        )
    try:
        entry = msgspec.convert(table, Entry)
    except msgspec.ValidationError as problem:
        where = str(problem).rpartition("$")[2].strip("`.") or "it"
        raise errors.Invalid(f"{file}: {where} in [{key}] has a value of the wrong type.") from problem
    return replace(entry, settings=_resolved(file, key, entry.settings))


def _resolved(file: Path, key: str, settings: Mapping[str, object]) -> dict[str, object]:
    """The settings with the values of environment variables instead of { env = "NAME" }."""
    found = dict(settings)
    for name, value in settings.items():
        if isinstance(value, dict) and set(value) == {"env"}:
            variable = str(value["env"])
            if not os.environ.get(variable):
                raise errors.Invalid(f"{file}: {name} of {key} needs the environment variable {variable}.")
            found[name] = os.environ[variable]
    return found


@commands.command("mode")
def mode(key: str, to: Mode) -> None:
    """Switch a connection: off, shadow (reads are sent, writes are only logged and stored) or live."""
    with opened() as app, app.db.write(actor="cli") as tx:
        actions.switch(tx, key=key, mode=to)
        kept = jobs.count_shadowed(tx).get(key, 0)
    out.print(f"{key} is {to.value}.")
    if kept and to is Mode.LIVE:
        out.print(
            styled(
                "{kept} calls were only logged in shadow mode: see [bold]doorstep connections unsent {key}[/bold], "
                "then --send or --discard them.",
                kept=kept,
                key=key,
            )
        )


@commands.command("shadowed", hidden=True)
@commands.command("unsent")
def unsent(
    key: str,
    send: Annotated[
        bool, typer.Option("--send", help="Send the calls now; the connection must be live.")
    ] = False,
    discard: Annotated[
        bool, typer.Option("--discard", "--drop", help="Discard the calls: they are never sent.")
    ] = False,
) -> None:
    """List, send or discard the calls that were not sent because the connection was in shadow mode."""
    if send and discard:
        raise errors.Invalid("Choose --send or --discard.")
    with opened() as app, app.db.write(actor="cli") as tx:
        if send or discard:
            verb = operations.send_shadowed if send else operations.drop_shadowed
            count = verb(tx, key=key)
            calls = "1 call" if count == 1 else f"{count} calls"
            out.print(f"{calls} {'will be sent' if send else 'discarded'}.")
            return
        operations.mode_of(tx, key)
        rows = jobs.shadowed(tx, connection=key)
    table = Table("id", "what", "about", "event", "since", "would send", box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            str(row.id),
            row.subscriber,
            f"{row.stream} {row.key}",
            row.event_type,
            row.occurred_at.strftime("%Y-%m-%d %H:%M"),
            " ".join(map(jobs.plain, row.would_send.values())),
        )
    out.print(table if rows else "No unsent calls.")
