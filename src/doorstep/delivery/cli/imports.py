"""`doorstep import`: stream files in, with a progress bar; rejected rows are listed by line and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from doorstep.bootstrap import App
from doorstep.delivery.cli import order_files
from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.order_files import OrderDocument
from doorstep.delivery.cli.terminal import err, out
from doorstep.flows.capture import direct_orders
from doorstep.flows.capture.direct_orders import CaptureStatus, Documents
from doorstep.kernel import errors, log

commands = typer.Typer(help="Import files: orders, stock and related data.", no_args_is_help=True)
_BATCH, _SHOWN = 500, 20
_log = log.get("import")


@dataclass(slots=True)
class _Tally:
    """The results for the orders of a file."""

    became: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str]] = field(default_factory=list)


@commands.callback()
def _group() -> None:
    """Keep subcommands named, even while there is only one."""


@commands.command("orders")
def orders(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV (a row per line) or NDJSON.")
    ],
    *,
    channel: Annotated[str, typer.Option(help="Key of the direct connection the orders belong to.")],
    rejects: Annotated[
        Path | None, typer.Option(help="Write the line and reason of each rejected row to this file.")
    ] = None,
) -> None:
    """Import orders from a file: each is stored, checked, routed and reserved. Repeating it changes nothing."""
    tally = _Tally()
    with opened() as app, _progress() as progress:
        connection = app.registry.by_key(channel)
        if connection.connector_id != direct_orders.DIRECT:
            raise errors.Invalid(
                f"{channel} is a {connection.connector_id} connection: order files need a direct one."
            )
        bar = progress.add_task(file.name, total=file.stat().st_size, orders=0)
        found = order_files.documents(file, read_to=lambda position: progress.update(bar, completed=position))
        for batch in _batches(found):
            _take(app, connection.key, batch, tally)
            progress.update(bar, orders=tally.became.total())
    _say(tally, rejects)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[orders]:,} orders"), TimeRemainingColumn(), console=err,
    )  # fmt: skip


def _batches(found: Iterable[OrderDocument]) -> Iterator[list[OrderDocument]]:
    batch: list[OrderDocument] = []
    for each in found:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _take(app: App, channel: str, batch: Sequence[OrderDocument], tally: _Tally) -> None:
    """Run one transaction for the batch; if it fails, every document is stored and workers process them one by one."""
    good = [each for each in batch if not each.problem]
    tally.refused += [(each.line, each.problem) for each in batch if each.problem]
    documents = Documents(app.registry.by_key(channel), [each.document for each in good], log.new_trace_id())
    try:
        outcomes = app.db.transact(
            lambda tx: direct_orders.capture(app.context, tx, documents=documents), actor="cli"
        )
    except Exception as problem:  # noqa: BLE001 - orders coming in: one that fails must not stop the file
        _log.warning(
            "a batch could not be imported at once; workers import it order by order", error=str(problem)
        )
        outcomes = app.db.transact(
            lambda tx: direct_orders.store(app.context, tx, documents=documents), actor="cli"
        )
    for each, outcome in zip(good, outcomes, strict=True):
        if outcome.result is CaptureStatus.REFUSED:
            tally.refused.append((each.line, outcome.error))
        else:
            tally.became[outcome.result.value] += 1


def _say(tally: _Tally, rejects: Path | None) -> None:
    counts = ", ".join(f"{count:,} {became}" for became, count in tally.became.items()) or "nothing imported"
    out.print(f"{counts}, {len(tally.refused):,} rejected.")
    for line, reason in tally.refused[:_SHOWN]:
        err.print(f"  line {line}: {reason}", style="red", soft_wrap=True)
    if len(tally.refused) > _SHOWN:
        err.print(f"  … and {len(tally.refused) - _SHOWN:,} more (--rejects FILE writes them all).")
    if rejects is not None:
        rejects.write_text("".join(f"{line}\t{reason}\n" for line, reason in tally.refused))
    if tally.refused:
        raise typer.Exit(1)
