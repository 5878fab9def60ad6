"""`doorstep connections`: accounts at partners."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from doorstep.bootstrap import App
from doorstep.delivery.cli import (
    connection_comparison,
    connection_feeds,
    connection_files,
    connection_go_live,
    connection_maps,
    connection_sign_ins,
    connection_stock,
)
from doorstep.delivery.cli.opening import opened, toml_of
from doorstep.delivery.cli.terminal import out, styled
from doorstep.domain.connections import actions, views
from doorstep.domain.connections.model import Kind, Mode, not_a_setting
from doorstep.flows import connection_checks, operations
from doorstep.kernel import errors, jobs
from doorstep.kernel.db import WriteTx

commands = typer.Typer(
    help="Accounts at shops, carriers, gateways, ERPs and mail relays.", no_args_is_help=True
)
commands.command("feeds")(connection_feeds.list_feeds)
commands.command("feed")(connection_feeds.change_feed)
commands.command("back-fill")(connection_feeds.back_fill)
commands.command("read-again")(connection_feeds.read_again)
commands.command("report")(connection_go_live.report)
commands.command("go-live")(connection_go_live.go_live)
commands.command("compare")(connection_comparison.compare)
commands.command("stock")(connection_stock.list_stock)
commands.command("files")(connection_files.list_files)
commands.command("read-file-again")(connection_files.read_file_again)
commands.command("connect")(connection_sign_ins.connect)
commands.command("sign-in")(connection_sign_ins.sign_in)
commands.command("maps")(connection_maps.list_maps)
commands.command("map")(connection_maps.set_map)
commands.command("unmap")(connection_maps.remove_map)


@commands.command("list")
def list_() -> None:
    """List all connections and their modes."""
    with opened() as app:
        with app.db.read() as tx:
            rows = views.all_connections(tx)
        problems = app.registry.problems()
    table = Table("key", "kind", "connector", "name", "mode", "problem", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.key, row.kind, row.connector_id, row.name, row.mode, problems.get(row.key, ""))
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
    """A table of the file: the connector, its settings, what it is limited to (channels or legal_entities), first mode."""

    kind: Kind
    connector: str
    name: str = ""
    mode: Mode = Mode.LIVE
    settings: dict[str, object] = field(default_factory=dict)
    serves: dict[str, list[str]] | None = None


_ENTRY = [each.name for each in dataclasses.fields(Entry)]


@commands.command("put")
def put(
    file: Annotated[
        Path, typer.Argument(help=r"TOML: \[key] kind, connector, name, and a \[key.settings] table.")
    ],
) -> None:
    """Create or replace connections from a file. A new one has the mode of the file, a known one keeps its own.

    With mode = "shadow" calls are logged and not sent: doorstep connections report KEY says what going live would send,
    doorstep connections go-live KEY sends it. Without a mode a new one is live: it sends at once, stock levels too.

    Secrets are encrypted at once. A setting may be { env = "NAME" }: it is read from that environment variable. Delete a
    file that has secrets in it afterwards.
    """
    entries = _entries(file)
    with opened() as app:
        modes = app.db.transact(functools.partial(_configure, app, entries), actor="cli")
    for key, entry in entries.items():
        out.print(f"{key}: {entry.kind.value}/{entry.connector}, {modes[key]}")
    if any(modes[key] == Mode.SHADOW for key in entries):
        out.print(
            "In shadow mode calls are logged and not sent. Next: doorstep connections test KEY, report KEY, go-live KEY."
        )
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
    unknown = next((name for name in table if name not in _ENTRY), None)
    if unknown is not None:
        raise errors.Invalid(f"{file}: in [{key}] {not_a_setting(unknown, _ENTRY)}", field=unknown)
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


def _configure(app: App, entries: Mapping[str, Entry], tx: WriteTx) -> dict[str, str]:
    """Create or change these connections; returns the mode of every one."""
    for key, entry in entries.items():
        connector = app.registry.connector(entry.kind, entry.connector)
        app.registry.configure(
            tx, key=key, connector=connector, name=entry.name or key, settings=entry.settings, mode=entry.mode
        )
        if entry.serves is not None:
            actions.limit(tx, key=key, serves=entry.serves)
    return {row.key: row.mode for row in views.all_connections(tx)}


@commands.command("test")
def test(key: str) -> None:
    """Test a connection: sign in at the vendor, look for what must exist there, and set up missing webhooks."""
    with opened() as app:
        findings = connection_checks.check(app.context, connection=app.registry.by_key(key), is_asked=True)
    for each in findings:
        out.print(
            styled(
                "{mark}  {name}  {message}",
                mark="ok" if each.is_ok else "!!",
                name=str(each.name),
                message=str(each.message),
            )
        )
    if not findings:
        out.print(f"{key} has nothing to test: nobody is called.")
    if not all(each.is_ok for each in findings):
        raise typer.Exit(1)


@commands.command("mode")
def mode(key: str, to: Mode) -> None:
    """Switch a connection: off, shadow (reads are sent, writes are only logged and stored) or live."""

    def work(tx: WriteTx) -> int:
        actions.switch(tx, key=key, mode=to)
        return jobs.count_shadowed(tx).get(key, 0)

    with opened() as app:
        kept = app.db.transact(work, actor="cli")
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
    catch_up: Annotated[
        bool,
        typer.Option(
            "--catch-up", help="Send what only we have, discard what others did just so, keep the rest."
        ),
    ] = False,
) -> None:
    """List, send or discard the calls that were not sent because the connection was in shadow mode."""
    if send + discard + catch_up > 1:
        raise errors.Invalid("Choose one of --send, --discard and --catch-up.")
    with opened() as app:
        if catch_up:
            done = app.db.transact(lambda tx: operations.catch_up(tx, key=key), actor="cli")
            out.print(f"{done.sent} sent, {done.discarded} discarded, {done.left} kept.")
            return
        if send or discard:
            verb = operations.send_shadowed if send else operations.drop_shadowed
            count = app.db.transact(lambda tx: verb(tx, key=key), actor="cli")
            calls = "1 call" if count == 1 else f"{count} calls"
            out.print(f"{calls} {'will be sent' if send else 'discarded'}.")
            return
        with app.db.read() as tx:
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
