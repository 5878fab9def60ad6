"""`doorstep locations`: warehouses, stores, dark stores and 3PLs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened, toml_of
from doorstep.delivery.cli.terminal import out
from doorstep.domain.network import views
from doorstep.domain.network.model import Location
from doorstep.flows.network import locations
from doorstep.flows.network.locations import Closing
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx

commands = typer.Typer(help="Warehouses, stores, dark stores and 3PLs.", no_args_is_help=True)
Code = Annotated[str, typer.Argument(help="Code of the location.")]


@commands.command("list")
def list_() -> None:
    """List all locations."""
    with opened() as app, app.db.read() as tx:
        found = views.locations(tx).values()
    table = Table("code", "name", "kind", "city", "carrier", "open", box=None, pad_edge=False)
    for each in found:
        is_open = "yes" if each.active else "closed"
        table.add_row(each.code, each.name, each.kind.value, each.city, each.carrier or "–", is_open)
    out.print(table if found else "No locations yet: doorstep locations put FILE.toml")


@commands.command("put")
def put(
    file: Annotated[Path, typer.Argument(help=r"TOML with one [\[location]] table each.")],
) -> None:
    """Create or change locations from a file, by code. A closed location stays closed."""
    found = read(file)
    with opened() as app:
        known, unchanged = app.db.transact(lambda tx: _put(tx, found, app.clock.now()), actor="cli")
    for each in found:
        word = "unchanged" if each.code in unchanged else "changed" if each.code in known else "created"
        out.print(f"{each.code}: {word}")
    if not found:
        out.print(f"{file} has no [[location]] table: nothing changes.")


def _put(tx: WriteTx, found: Sequence[Location], now: datetime) -> tuple[set[str], set[str]]:
    """Create or change locations; returns the codes that were known, and those that nothing changed."""
    before = views.locations(tx).values()
    locations.put(tx, locations=found, now=now)
    after = views.locations(tx).values()
    known = {each.code for each in before}
    return known, known & {each.code for each in after if each in before}


@commands.command("close")
def close(
    code: Code,
    reason: Annotated[str, typer.Option(help="The reason, kept in the history.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would happen.")] = False,
) -> None:
    """Close a location: no more orders are routed to it."""
    with opened() as app:

        def work(tx: WriteTx) -> Closing:
            location_id = views.by_code(tx, code=code).id
            if dry_run:
                return locations.preview_closing(tx, location_id=location_id)
            return locations.close(tx, location_id=location_id, reason=reason, now=app.clock.now())

        closing = app.db.transact(work, actor="cli")
    _print(closing)
    if not dry_run:
        out.print(f"{code} is closed.")
    elif not closing.obstacles and not closing.effects:
        out.print(f"{code} can be closed: it has no open work and no stock.")


@commands.command("reopen")
def reopen(code: Code) -> None:
    """Reopen a closed location: orders are routed to it again."""
    with opened() as app:
        app.db.transact(
            lambda tx: locations.reopen(tx, location_id=views.by_code(tx, code=code).id, now=app.clock.now()),
            actor="cli",
        )
    out.print(f"{code} is open.")


def _print(closing: Closing) -> None:
    for sentence in (*closing.obstacles, *closing.effects):
        out.print(f"· {sentence}")


def read(file: Path) -> list[Location]:
    """Read the locations of a TOML file; raises Invalid with the wrong field."""
    try:
        tables = msgspec.convert(toml_of(file).get("location", []), list[dict[str, object]])
        return msgspec.convert([{**_DEFAULTS, **table, "id": 0} for table in tables], list[Location])
    except msgspec.ValidationError as problem:
        raise errors.Invalid(f"{file}: {problem}. Write each as a [[location]] table.") from problem


_DEFAULTS: dict[str, object] = {
    "gstin": "", "phone": "", "email": "", "line2": "", "state": "", "state_code": "", "hours": {},
    "cut_off": "16:00", "carrier": "", "return_carrier": "", "ships": True, "active": True,
}  # fmt: skip
