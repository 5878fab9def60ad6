"""`doorstep doctor`: check settings, database and connections; say what to do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from doorstep.bootstrap import open_app
from doorstep.delivery.cli.terminal import out
from doorstep.kernel import log, postgres, schema, settings
from doorstep.kernel.settings import Finding, Settings

_MARKS = {"ok": Text("ok", "green"), "warn": Text("look", "yellow"), "fail": Text("fail", "red")}


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not connect to the database.")] = False,
) -> None:
    """Check every setting, the database and the connections; show what is wrong and what to do."""
    chosen = settings.load()
    log.configure(style="console", level="error", stream=sys.stderr)
    findings = settings.explain(chosen)
    table = Table("", "setting", "value", "from", "what to do", box=None, pad_edge=False)
    for each in findings:
        table.add_row(_MARKS[each.status], each.name, each.value, each.source, each.advice)
    out.print(table)
    healthy = _is_healthy(findings)
    if not offline:
        healthy = _check_database(chosen) and healthy
    if not healthy:
        raise typer.Exit(1)


def _is_healthy(findings: Sequence[Finding]) -> bool:
    return all(each.status != "fail" for each in findings)


def _check_database(chosen: Settings) -> bool:
    with postgres.open_or_connect(chosen) as server:
        state = schema.state(server.url)
        out.print("\nThe database answers.")
        if state.problem:
            out.print(f"{state.problem[0].upper()}{state.problem[1:]}.")
            return False
        if state.is_newer:
            out.print(f"Its schema is at {state.found}, newer than {state.needed}; this version works on it.")
        return _check_connections(chosen)


def _check_connections(chosen: Settings) -> bool:
    with open_app(chosen) as app:
        findings = app.registry.findings(production=chosen.environment == "production")
    if not findings:
        out.print("Every connection can be opened, and its secrets are strong.")
        return True
    table = Table("", "connection", "what to do", box=None, pad_edge=False)
    for each in findings:
        table.add_row(_MARKS[each.status], each.name, each.advice)
    out.print(table)
    return _is_healthy(findings)
