"""`doorstep ledger`: compare the stock counters with their movements."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.inventory import views as inventory

commands = typer.Typer(
    help="The stock ledger: every counter is the sum of its movements.", no_args_is_help=True
)


@commands.callback()
def _group() -> None:
    """Keep `verify` a named command while it is the only one."""


@commands.command()
def verify(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False
) -> None:
    """Recompute every counter from its movements. Exit code 1 if one differs."""
    with opened() as app, app.db.read() as tx:
        drift = inventory.drift(tx)
    if as_json:
        typer.echo(msgspec.json.encode({"drift": drift}).decode())
    elif drift:
        table = Table(
            "SKU", "location", "condition", "counter", "counter", "by ledger", box=None, pad_edge=False
        )
        for each in drift:
            location = "network" if each.location_id is None else str(each.location_id)
            table.add_row(
                each.sku, location, each.condition.value, each.counter, str(each.counted), str(each.by_ledger)
            )
        out.print(table)
    else:
        out.print("0 counters differ from their movements.")
    if drift:
        raise typer.Exit(1)
