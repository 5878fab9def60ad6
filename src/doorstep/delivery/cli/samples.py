"""Load a sample retailer: SKUs, locations and stock from CSV and TOML files."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from doorstep.bootstrap import App
from doorstep.delivery.cli.opening import opened
from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.domain.network.model import Location, text
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.domain.routing.views import rules as views
from doorstep.flows import network_change, rule_sets
from doorstep.kernel import documents, errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku

_out = Console()
NOTNAKED = Path(__file__).parents[4] / "samples" / "notnaked"


def load(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder with skus.csv, locations.toml, stock.csv, network.yaml and rules.yaml."),
    ] = NOTNAKED,
) -> None:
    """Load a sample retailer (NotNaked by default) into the database. Twice is harmless."""
    with opened() as app:
        _out.print(load_into(app, folder))
        _out.print(let_rules_decide(app, folder / "rules.yaml"))


def load_into(app: App, folder: Path) -> str:
    """Load a folder; returns a sentence about what was loaded. Raises Invalid when the files are not there."""
    if not (folder / "skus.csv").is_file():
        raise errors.Invalid(
            f"{folder} has no skus.csv: run this from a checkout, or name the folder of the samples."
        )
    items = msgspec.convert(list(_rows(folder / "skus.csv")), list[Item], strict=False)
    tables = tomllib.loads((folder / "locations.toml").read_text())["location"]
    locations = msgspec.convert([{"id": 0, **table} for table in tables], list[Location])
    with app.db.write(actor="samples") as tx:
        catalog.put(tx, items=items)
        network.put(tx, locations=locations)
        _network(tx, folder / "network.yaml", app.clock.now())
        pieces = _stock(tx, folder / "stock.csv", app.clock.now())
    return f"Loaded {len(items)} SKUs, {len(locations)} locations and {pieces} pieces of stock."


def let_rules_decide(app: App, file: Path) -> str:
    """Let a retailer's rule set decide, unless somebody has let another; returns a sentence."""
    if not file.is_file():
        return "No rules.yaml: the rules that Doorstep comes with decide."
    read = documents.read(file.read_text(), RuleSet)
    if read.value is None:
        raise errors.Invalid(" ".join(map(str, read.problems)))
    with app.db.write(actor="samples") as tx:
        if views.active_number(tx) is not None:
            return "The rule set that decides goes on to decide."
        why, now = "Samples loaded", app.clock.now()
        draft = rule_sets.draft(tx, draft=Draft(read.value, why), now=now)
        active = rule_sets.activate(tx, number=draft.number, why=why, instead_of=None, now=now)
    return f"The rule set {active.label} decides; its {len(read.value.cases)} golden cases pass."


def _network(tx: WriteTx, file: Path, now: datetime) -> None:
    """Calendars, shifts and tariffs, if the retailer has any."""
    if file.is_file():
        network_change.apply(tx, document=text.read(file.read_text()), note="Samples loaded", at=now)


def _stock(tx: WriteTx, file: Path, now: datetime) -> int:
    """Opening stock, received once however often it is loaded."""
    ids = {location.code: location.id for location in network_views.locations(tx).values()}
    movements = [
        Movement(
            type=MovementType.RECEIVED,
            sku=Sku(row["sku"]),
            location_id=LocationId(ids[row["location"]]),
            quantity=int(row["on_hand"]),
            cause="opening stock",
            occurred_at=now,
            key=f"opening/{row['location']}/{row['sku']}",
        )
        for row in _rows(file)
        if int(row["on_hand"])
    ]
    inventory.move(tx, movements=movements)
    return sum(movement.quantity for movement in movements)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="") as handle:
        yield from csv.DictReader(handle)
