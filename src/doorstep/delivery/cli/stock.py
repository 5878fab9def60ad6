"""`doorstep import` and `doorstep export` of stock and its rules: streamed, so files may have any length."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from doorstep.bootstrap import App
from doorstep.delivery.cli import imports as taking_in
from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import err, out
from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory.actions import imports
from doorstep.domain.inventory.model.imports import Import, ImportKind, ImportState, NewImport
from doorstep.domain.inventory.views import exports
from doorstep.domain.inventory.views import imports as views
from doorstep.domain.network import views as network
from doorstep.flows.stock import import_files
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ImportId

_SHOWN = 20
export = typer.Typer(help="Export CSV files: stock, its ledger and its rules.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or NDJSON.")]
Whole = Annotated[bool, typer.Option("--all-or-none", help="Reject the whole file if any row is invalid.")]
Key = Annotated[str, typer.Option(help="The same key imports a file only once.")]
Source = Annotated[str, typer.Option(help="The system that the quantities come from.")]


@taking_in.commands.command("stock")
def stock(
    file: File,
    *,
    delta: Annotated[
        bool, typer.Option("--delta", help="Quantities are changes, not on-hand totals.")
    ] = False,
    source: Source = "file",
    as_of: Annotated[
        datetime | None, typer.Option(help="When the quantities were read (UTC); later movements are kept.")
    ] = None,
    whole: Whole = False,
    key: Key = "",
) -> None:
    """Import stock: sku, location, quantity and, optionally, condition."""
    kind = ImportKind.STOCK_CHANGES if delta else ImportKind.STOCK
    moment = as_of.replace(tzinfo=UTC) if as_of else None
    _bring_in(file, lambda now: NewImport(kind, file.name, moment or now, source, whole, key or None))


@taking_in.commands.command("skus")
def skus(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Import the catalog: sku, title, weight_grams, price_minor, currency and more."""
    _bring_in(file, _reported(ImportKind.SKUS, file, whole, key))


@taking_in.commands.command("supplies")
def supplies(file: File, *, source: Source = "file", whole: Whole = False, key: Key = "") -> None:
    """Import future supply: kind, number, line_no, sku, location, quantity, eta_date and confidence."""
    _bring_in(file, lambda now: NewImport(ImportKind.SUPPLIES, file.name, now, source, whole, key or None))


@taking_in.commands.command("replenishment")
def replenishment(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Import replenishment rules: sku or category, location or location_kind, source, min and max."""
    _bring_in(file, _reported(ImportKind.REPLENISHMENT, file, whole, key))


@taking_in.commands.command("rules")
def rules(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Import availability rules, identified by kind and name: kind, name, value, reason and scope."""
    _bring_in(file, _reported(ImportKind.RULES, file, whole, key))


@taking_in.commands.command("sell-ahead")
def sell_ahead(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Import what may be sold ahead: sku, mode and, optionally, limit, days and confidence."""
    _bring_in(file, _reported(ImportKind.SELL_AHEAD, file, whole, key))


@taking_in.commands.command("parts")
def parts(file: File, *, whole: Whole = False, key: Key = "") -> None:
    """Import components of kits and B-grade SKUs: sku, part_sku, condition, quantity; rows of a SKU are adjacent."""
    _bring_in(file, _reported(ImportKind.PARTS, file, whole, key))


def _reported(kind: ImportKind, file: Path, whole: bool, key: str) -> Callable[[datetime], NewImport]:
    return lambda now: NewImport(kind, file.name, now, "file", whole, key or None)


def _bring_in(file: Path, make: Callable[[datetime], NewImport]) -> None:
    """Load the file, then check and apply it here, beside any running workers."""
    with opened() as app, _progress() as progress:
        import_id = _load(app, file, make(app.clock.now()), progress)
        _work(app, import_id, progress)
        with app.db.read() as tx:
            done, bad = (
                views.row(tx, import_id=import_id),
                views.problems(tx, import_id=import_id, limit=_SHOWN),
            )
    out.print(
        f"Import {done.id} is {done.state.value}: {done.applied:,} applied, {done.ignored:,} unchanged, "
        f"{done.bad:,} invalid."
    )
    for row in bad:
        err.print(f"  line {row.line_no}: {row.problem}", style="red", soft_wrap=True)
    if done.bad > _SHOWN:
        err.print(f"  … and more: see the console under Inventory, Files, import {done.id}.")
    if done.bad or done.state is not ImportState.DONE:
        raise typer.Exit(1)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
    )


def _load(app: App, file: Path, new: NewImport, progress: Progress) -> ImportId:
    bar = progress.add_task("reading", total=file.stat().st_size)
    with file.open("rb") as raw:

        def work(tx: WriteTx) -> tuple[ImportId, bool]:
            raw.seek(0)
            progress.reset(bar)
            lines = _counted(raw, lambda size: progress.advance(bar, size))
            return import_files.store(tx, new=new, raw=lines, at=app.clock.now())

        import_id, is_known = app.db.transact(work, actor="cli")
    if is_known:
        err.print(f"Import {import_id} already used this key: nothing changes.")
    return import_id


def _counted(raw: IO[bytes], read: Callable[[int], object]) -> Iterator[bytes]:
    for line in raw:
        read(len(line))
        yield line


def _work(app: App, import_id: ImportId, progress: Progress) -> None:
    """Work in chunks; if a worker has the file, wait for it."""
    bar = progress.add_task("applying", total=100)
    while True:
        file = app.db.transact(functools.partial(_apply_next, app, import_id), actor="system")
        found = file or _wait(app, import_id)
        progress.update(bar, completed=found.percent, description=found.state.value)
        if found.is_over or found.state is ImportState.FAILED:
            return


def _apply_next(app: App, import_id: ImportId, tx: WriteTx) -> Import | None:
    """Apply the next chunk, unless a worker has the file."""
    claimed = imports.claim(tx, import_id=import_id)
    return import_files.apply_next(tx, claimed, now=app.clock.now()) if claimed else None


def _wait(app: App, import_id: ImportId) -> Import:
    """The progress of the file, after the current chunk."""

    def work(tx: WriteTx) -> Import:
        imports.wait(tx, import_id=import_id)
        return views.row(tx, import_id=import_id)

    return app.db.transact(work, actor="system")


Target = Annotated[Path | None, typer.Argument(help="Output file. Default: the terminal.")]
RoutingLocation = Annotated[str, typer.Option(help="Code of a location; default: all.")]


@export.command("stock")
def export_stock(target: Target = None, *, location: RoutingLocation = "") -> None:
    """Export every counter, as a file that `doorstep import stock` reads."""
    _write(target, lambda tx: exports.stock(tx, location_id=_location(tx, location)))


@export.command("movements")
def export_movements(
    target: Target = None,
    *,
    location: RoutingLocation = "",
    since: Annotated[datetime | None, typer.Option(help="Start of the period (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="End of the period (UTC), excluded.")] = None,
) -> None:
    """Export the ledger, oldest line first."""
    start, end = (each.replace(tzinfo=UTC) if each else None for each in (since, until))
    _write(target, lambda tx: exports.movements(tx, of=exports.Slice(start, end, _location(tx, location))))


@export.command("rules")
def export_rules(target: Target = None) -> None:
    """Export every availability rule, as a file that `doorstep import rules` reads."""
    _write(target, exports.rules)


@export.command("sell-ahead")
def export_sell_ahead(target: Target = None) -> None:
    """Export what may be sold ahead, as a file that `doorstep import sell-ahead` reads."""
    _write(target, exports.sell_ahead)


@export.command("parts")
def export_parts(target: Target = None) -> None:
    """Export the components of kits and B-grade SKUs, as a file that `doorstep import parts` reads."""
    _write(target, catalog.parts_file)


def _location(tx: ReadTx, code: str) -> int | None:
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
