"""`doorstep import` of stock and what was decided about it, and `doorstep export`: files of any length, a part in memory at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from doorstep.bootstrap import App
from doorstep.delivery.cli import imports as taking_in
from doorstep.delivery.cli.opening import opened
from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory.actions import imports
from doorstep.domain.inventory.model.imports import Import, ImportKind, ImportState, NewImport
from doorstep.domain.inventory.views import exports
from doorstep.domain.inventory.views import imports as views
from doorstep.domain.network import views as network
from doorstep.flows.stock import import_files
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import ImportId

_out = Console()
_err = Console(stderr=True)
_SHOWN = 20
export = typer.Typer(
    help="Write files as CSV: stock, its ledger, and what was decided about it.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or NDJSON.")]
Whole = Annotated[bool, typer.Option("--all-or-none", help="One bad row refuses the file.")]
Key = Annotated[str, typer.Option(help="The same key brings a file in once, for ever.")]
Source = Annotated[str, typer.Option(help="Which system the figures come from.")]


@taking_in.commands.command("stock")
def stock(
    file: File,
    *,
    delta: Annotated[
        bool, typer.Option("--delta", help="Quantities are changes, not what is on hand.")
    ] = False,
    source: Source = "file",
    as_of: Annotated[
        datetime | None, typer.Option(help="When the figures were read (UTC); what moved since stays moved.")
    ] = None,
    whole: Whole = False,
    key: Key = "",
) -> None:
    """Bring in stock: sku, location, quantity and, if you like, condition."""
    kind = ImportKind.STOCK_CHANGES if delta else ImportKind.STOCK
    moment = as_of.replace(tzinfo=UTC) if as_of else None
    _bring_in(file, lambda now: NewImport(kind, file.name, moment or now, source, whole, key or None))


@taking_in.commands.command("skus")
def skus(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Bring in the catalog: sku, title, weight_grams, price_minor, currency and more."""
    _bring_in(file, _reported(ImportKind.SKUS, file, whole, key))


@taking_in.commands.command("supplies")
def supplies(file: File, *, source: Source = "file", whole: Whole = False, key: Key = "") -> None:
    """Bring in what will come: kind, number, line_no, sku, location, quantity, eta_date and confidence."""
    _bring_in(file, lambda now: NewImport(ImportKind.SUPPLIES, file.name, now, source, whole, key or None))


@taking_in.commands.command("replenishment")
def replenishment(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Bring in how much places should hold: sku or category, location or location_kind, source, min and max."""
    _bring_in(file, _reported(ImportKind.REPLENISHMENT, file, whole, key))


@taking_in.commands.command("rules")
def rules(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Bring in availability rules, known by kind and name: kind, name, value, reason and whom they hold for."""
    _bring_in(file, _reported(ImportKind.RULES, file, whole, key))


@taking_in.commands.command("sell-ahead")
def sell_ahead(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Bring in what may be sold before it is here: sku, mode and, if you like, limit, days and confidence."""
    _bring_in(file, _reported(ImportKind.SELL_AHEAD, file, whole, key))


@taking_in.commands.command("parts")
def parts(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Bring in what kits and graded SKUs are made of: sku, part_sku, condition, pieces; rows of a sku side by side."""
    _bring_in(file, _reported(ImportKind.PARTS, file, whole, key))


def _reported(kind: ImportKind, file: Path, whole: bool, key: str) -> Callable[[datetime], NewImport]:
    return lambda now: NewImport(kind, file.name, now, "file", whole, key or None)


def _bring_in(file: Path, make: Callable[[datetime], NewImport]) -> None:
    """Load the file, then check and apply it here, beside whatever workers are running."""
    with opened() as app, _progress() as progress:
        import_id = _load(app, file, make(app.clock.now()), progress)
        _work(app, import_id, progress)
        with app.db.read() as tx:
            done, bad = (
                views.row(tx, import_id=import_id),
                views.problems(tx, import_id=import_id, limit=_SHOWN),
            )
    _out.print(
        f"Import {done.id} is {done.state.value}: {done.applied:,} applied, {done.ignored:,} say nothing new, "
        f"{done.bad:,} are bad."
    )
    for row in bad:
        _err.print(
            f"  line {row.line_no}: {row.problem}", style="red", highlight=False, markup=False, soft_wrap=True
        )
    if done.bad > _SHOWN:
        _err.print(f"  … and more: see the console under Inventory, Files, import {done.id}.")
    if done.bad or done.state is not ImportState.DONE:
        raise typer.Exit(1)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=_err,
    )


def _load(app: App, file: Path, new: NewImport, progress: Progress) -> ImportId:
    bar = progress.add_task("reading", total=file.stat().st_size)
    with file.open("rb") as raw, app.db.write(actor="cli") as tx:
        lines = _counted(raw, lambda size: progress.advance(bar, size))
        import_id, is_known = import_files.store(tx, new=new, raw=lines, at=app.clock.now())
    if is_known:
        _err.print(f"This key brought in import {import_id} before: nothing is doubled.")
    return import_id


def _counted(raw: IO[bytes], read: Callable[[int], object]) -> Iterator[bytes]:
    for line in raw:
        read(len(line))
        yield line


def _work(app: App, import_id: ImportId, progress: Progress) -> None:
    """Handful by handful; if a worker has the file just now, wait for it."""
    bar = progress.add_task("applying", total=100)
    while True:
        with app.db.write(actor="system") as tx:
            claimed = imports.claim(tx, import_id=import_id)
            file = import_files.apply_next(tx, claimed, now=app.clock.now()) if claimed else None
        found = file or _wait(app, import_id)
        progress.update(bar, completed=found.percent, description=found.state.value)
        if found.is_over or found.state is ImportState.FAILED:
            return


def _wait(app: App, import_id: ImportId) -> Import:
    """How far the file is, once whoever works on it has finished a handful."""
    with app.db.write(actor="system") as tx:
        imports.wait(tx, import_id=import_id)
        return views.row(tx, import_id=import_id)


Target = Annotated[Path | None, typer.Argument(help="Where to write it; nothing: to the terminal.")]
Place = Annotated[str, typer.Option(help="Code of a location; all, if left out.")]


@export.command("stock")
def export_stock(target: Target = None, *, location: Place = "") -> None:
    """Every counter, as a file that `doorstep import stock` reads."""
    _write(target, lambda tx: exports.stock(tx, location_id=_place(tx, location)))


@export.command("movements")
def export_movements(
    target: Target = None,
    *,
    location: Place = "",
    since: Annotated[datetime | None, typer.Option(help="From then on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before then (UTC).")] = None,
) -> None:
    """The ledger, oldest line first."""
    start, end = (each.replace(tzinfo=UTC) if each else None for each in (since, until))
    _write(target, lambda tx: exports.movements(tx, of=exports.Slice(start, end, _place(tx, location))))


@export.command("rules")
def export_rules(target: Target = None) -> None:
    """Every availability rule, as a file that `doorstep import rules` reads."""
    _write(target, exports.rules)


@export.command("sell-ahead")
def export_sell_ahead(target: Target = None) -> None:
    """What may be sold ahead, as a file that `doorstep import sell-ahead` reads."""
    _write(target, exports.sell_ahead)


@export.command("parts")
def export_parts(target: Target = None) -> None:
    """What kits and graded SKUs are made of, as a file that `doorstep import parts` reads."""
    _write(target, catalog.parts_file)


def _place(tx: ReadTx, code: str) -> int | None:
    return network.by_code(tx, code=code).id if code else None


def _write(target: Path | None, make: Callable[[ReadTx], Iterator[bytes]]) -> None:
    with opened() as app, app.db.read() as tx:
        if target is None:
            sys.stdout.buffer.writelines(make(tx))
            sys.stdout.buffer.flush()
            return
        try:
            with target.open("wb") as file:
                file.writelines(make(tx))
        except OSError as problem:
            raise errors.Invalid(f"{target} cannot be written: {problem}.") from problem
