"""Write docs/reference.md and docs/channels.md from the code. `--check` only compares."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pydantic
import typer.main

from doorstep import domain
from doorstep.bootstrap import discover
from doorstep.delivery import cli
from doorstep.domain.connections.model import Connector, Kind
from doorstep.domain.identity.model import PERMISSIONS, Permission, Role
from doorstep.flows import map as flow_map
from doorstep.flows.jobs import JOBS
from doorstep.kernel.settings import Settings

DOCS = Path(__file__).parents[1] / "docs"


def reference() -> str:
    """The whole page."""
    parts = [
        "# Reference",
        "Written from the code by `make reference`; do not edit.",
        *_settings(),
        *_commands(),
    ]
    parts += [*_flow(), *_events(), *_permissions(), *_connectors()]
    return "\n".join(parts) + "\n"


def _table(*rows: tuple[str, ...]) -> list[str]:
    head, *body = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return ["", head, "|" + "---|" * len(rows[0]), *body, ""]


def _settings() -> Iterator[str]:
    yield "\n## Settings\n\nEnvironment variables, or the same in lower case without the prefix in `doorstep.toml`."
    rows = [("variable", "default", "meaning")]
    for name, field in Settings.model_fields.items():
        default = (
            ""
            if field.default_factory or field.is_required() or field.default is None
            else str(field.default)
        )
        rows.append((f"`DOORSTEP_{name.upper()}`", default, field.description or ""))
    yield from _table(*rows)


def _commands() -> Iterator[str]:
    yield "\n## Commands\n\n`serve` and `worker` run the processes; `doorstep COMMAND --help` lists the options."
    rows = [("command", "what it does")]
    group = typer.main.get_command(cli.create())
    rows += sorted(_walk(group, "doorstep"))
    yield from _table(*rows)


def _walk(command: object, name: str) -> Iterator[tuple[str, str]]:
    for key, each in getattr(command, "commands", {}).items():
        if each.hidden:
            continue
        if hasattr(each, "commands"):
            yield from _walk(each, f"{name} {key}")
        else:
            yield f"`{name} {key}`", (each.help or "").splitlines()[0]


def _flow() -> Iterator[str]:
    yield "\n## What happens, in order\n\nRuns when a batch of messages comes in, in one transaction (`CAPTURE` in `flows/map.py`)."
    rows = [("function", "what it does")]
    for function in flow_map.CAPTURE:
        module = function.__module__.removeprefix("doorstep.")
        rows.append((f"`{module}.{function.__name__}`", (inspect.getdoc(function) or "").splitlines()[0]))
    yield from _table(*rows)
    yield "\nFollows from each event (`MAP`)."
    yield from _table(
        ("event", "subscriber", "kind"),
        *((f"`{row.event}`", f"`{row.name}`", "task" if row.task else "handler") for row in flow_map.MAP),
    )
    yield "\nRuns by the clock (`JOBS`)."
    yield from _table(("job", "every"), *((f"`{job.name}`", f"{job.every_seconds:,.0f} s") for job in JOBS))


def _events() -> Iterator[str]:
    yield "\n## Events\n\nEvents in the log, with their data and their subscribers (`flows/map.py`)."
    listeners: dict[str, list[str]] = {}
    for row in flow_map.MAP:
        listeners.setdefault(row.event, []).append(f"`{row.name}`")
    rows = [("type", "meaning", "data", "then")]
    for module in pkgutil.iter_modules(domain.__path__):
        rows += sorted(_facts(module.name, listeners))
    yield from _table(*rows)


def _facts(module: str, listeners: dict[str, list[str]]) -> Iterator[tuple[str, str, str, str]]:
    try:
        found = importlib.import_module(f"{domain.__name__}.{module}.events")
    except ModuleNotFoundError:
        return
    for _, fact in inspect.getmembers(found, dataclasses.is_dataclass):
        kind = getattr(fact, "type", None)
        if kind and fact.__module__ == found.__name__:
            data = ", ".join(field.name for field in dataclasses.fields(fact))
            yield f"`{kind}`", inspect.getdoc(fact) or "", data, ", ".join(listeners.get(kind, []))


def _permissions() -> Iterator[str]:
    yield "\n## Permissions\n\nLocation staff see and do only what is at their location."
    rows = [("permission", *(role.value.replace("_", " ") for role in Role))]
    rows += [
        (f"`{each.value}`", *("yes" if each in PERMISSIONS[role] else "" for role in Role))
        for each in Permission
    ]
    yield from _table(*rows)


def _connectors() -> Iterator[str]:
    yield "\n## Connectors"
    for connector in sorted(discover().values(), key=lambda each: (each.kind.value, each.id)):
        yield f"\n### {connector.kind.value}/{connector.id}: {connector.label}\n"
        yield f"Features: {', '.join(sorted(connector.features)) or 'none'}."
        if issubclass(connector.settings, pydantic.BaseModel):
            fields = connector.settings.model_fields.items()
            yield from _table(
                ("setting", "meaning"), *((f"`{name}`", field.description or "") for name, field in fields)
            )


def channels() -> str:
    """The page of what Doorstep connects to: per kind a table, and what each was proven with."""
    found = sorted(discover().values(), key=lambda each: each.label)
    parts = [
        "# What Doorstep connects to",
        "\nWritten from the connectors by `make reference`; do not edit. How to add one: [connectors](connectors.md).",
        "\n*beta*: proven with the evidence that is given, not tried with a live account yet. *reference*: in memory, or our own format.",
    ]
    for kind in Kind:
        parts.append(f"\n## {kind.value.capitalize()}")
        rows = [("connector", "state", "countries", "features", "reads by the clock", "evidence")]
        rows += [_row(each) for each in found if each.kind is kind]
        parts += _table(*rows)
    return "\n".join(parts) + "\n"


def _row(each: Connector) -> tuple[str, ...]:
    name = f"[{each.label}]({each.vendor.documentation})" if each.vendor.documentation else each.label
    return (
        f"{name} `{each.kind.value}/{each.id}`",
        each.vendor.maturity.value,
        ", ".join(each.vendor.countries) or "all",
        ", ".join(sorted(each.features)) or "none",
        ", ".join(feed.label for feed in each.feeds) or "nothing",
        each.vendor.evidence,
    )


def main() -> int:
    """Write the pages, or with --check say whether they are what the code says."""
    status = 0
    for target, page in ((DOCS / "reference.md", reference()), (DOCS / "channels.md", channels())):
        if "--check" not in sys.argv:
            target.write_text(page)
        elif not target.exists() or target.read_text() != page:
            sys.stderr.write(f"docs/{target.name} is not what the code says: run make reference\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
