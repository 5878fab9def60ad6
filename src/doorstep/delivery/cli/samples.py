"""Load a sample retailer: SKUs, locations and stock from CSV and TOML files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from doorstep.bootstrap import App
from doorstep.delivery.cli import locations as location_files
from doorstep.delivery.cli.opening import opened, text_of
from doorstep.delivery.cli.terminal import out
from doorstep.domain.catalog.model import Item
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.network import views as network_views
from doorstep.domain.network.model import text
from doorstep.domain.routing.actions.rules import Draft, Version
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.domain.routing.views import rules as views
from doorstep.flows.network import locations as put_locations
from doorstep.flows.network import network_change
from doorstep.flows.routing_rules import rule_sets
from doorstep.flows.stock import items as put_items
from doorstep.kernel import documents, errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku

T = TypeVar("T")
NOTNAKED = Path(__file__).parents[4] / "samples" / "notnaked"


@dataclass(frozen=True, slots=True)
class OpeningStock:
    """A row of stock.csv."""

    sku: Sku
    location: str
    quantity: int


def load(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder with skus.csv, locations.toml, stock.csv, network.yaml and rules.yaml."),
    ] = NOTNAKED,
) -> None:
    """Load a sample retailer (NotNaked by default) into the database. Repeating it changes nothing."""
    with opened() as app:
        out.print(load_into(app, folder))
        out.print(let_rules_decide(app, folder / "rules.yaml"))


def load_into(app: App, folder: Path) -> str:
    """Load a folder; returns a sentence about its content. Raises Invalid when files are missing."""
    if not (folder / "skus.csv").is_file():
        raise errors.Invalid(
            f"{folder} has no skus.csv: run this from a checkout, or give the folder of the samples."
        )
    items = _typed(folder / "skus.csv", list(_rows(folder / "skus.csv")), Item)
    locations = location_files.read(folder / "locations.toml")

    def work(tx: WriteTx) -> int:
        put_items.put(tx, items=items)
        put_locations.put(tx, locations=locations, now=app.clock.now())
        _network(tx, folder / "network.yaml", app.clock.now())
        return _stock(tx, folder / "stock.csv", app.clock.now())

    units = app.db.transact(work, actor="samples")
    return f"Loaded {len(items)} SKUs, {len(locations)} locations and {units} units of stock."


def let_rules_decide(app: App, file: Path) -> str:
    """Activate a retailer's rule set, unless another one is active; returns a sentence."""
    if not file.is_file():
        return "There is no rules.yaml: the built-in rules are active."
    read = documents.read(text_of(file), RuleSet)
    if read.value is None:
        raise errors.Invalid(" ".join(map(str, read.problems)))
    document = read.value

    def work(tx: WriteTx) -> Version | None:
        if views.active_number(tx) is not None:
            return None
        why, now = "Samples loaded", app.clock.now()
        draft = rule_sets.draft(tx, draft=Draft(document, why), now=now)
        return rule_sets.activate(tx, number=draft.number, why=why, instead_of=None, now=now)

    active = app.db.transact(work, actor="samples")
    if active is None:
        return "The active rule set stays active."
    return f"The rule set {active.label} is active; its {len(read.value.cases)} test cases pass."


def _network(tx: WriteTx, file: Path, now: datetime) -> None:
    """Load calendars, shifts and tariffs, if the retailer has any."""
    if file.is_file():
        network_change.apply(tx, document=text.read(text_of(file)), note="Samples loaded", at=now)


def _stock(tx: WriteTx, file: Path, now: datetime) -> int:
    """Receive the opening stock, only once however often it is loaded."""
    rows = _typed(file, list(_rows(file)), OpeningStock)
    ids = {location.code: location.id for location in network_views.locations(tx).values()}
    if unknown := sorted({row.location for row in rows} - ids.keys()):
        raise errors.Invalid(f"{file}: unknown location {', '.join(unknown)}.")
    movements = [
        Movement(
            type=MovementType.RECEIVED,
            sku=row.sku,
            location_id=LocationId(ids[row.location]),
            quantity=row.quantity,
            cause="opening stock",
            occurred_at=now,
            key=f"opening/{row.location}/{row.sku}",
        )
        for row in rows
        if row.quantity
    ]
    inventory.move(tx, movements=movements)
    return sum(movement.quantity for movement in movements)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(text_of(file).splitlines())


def _typed(file: Path, rows: object, target: type[T]) -> list[T]:
    try:
        return msgspec.convert(rows, list[target], strict=False)  # type: ignore[valid-type]  # a type known at run time
    except msgspec.ValidationError as problem:
        raise errors.Invalid(f"{file}: {problem}") from problem
