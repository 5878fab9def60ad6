"""`doorstep atp`: explain how many units of a SKU may be promised, and rebuild the tables behind it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.inventory.actions import rules
from doorstep.domain.inventory.model.availability import Question
from doorstep.domain.inventory.model.waterfall import waterfall
from doorstep.flows.availability import available_to_promise
from doorstep.kernel.ids import Sku

commands = typer.Typer(
    help="Available to promise: the quantity, what limits it, and its rules.", no_args_is_help=True
)


@commands.command()
def explain(
    sku: Annotated[str, typer.Argument(help="The SKU.")],
    channel: Annotated[str, typer.Option(help="Key of the sales channel.")] = "",
    group: Annotated[str, typer.Option(help="The buyer's group, as in pools: vip, b2b.")] = "",
) -> None:
    """Show how many units of a SKU may be promised now, and every deduction."""
    with opened() as app, app.db.read() as tx:
        question = Question(Sku(sku), channel, group)
        (found,) = available_to_promise.availability(tx, questions=[question], at=app.clock.now())
    for part in found.parts:
        table = Table("units", f"{part.sku} ({part.condition.value})", "rule", box=None, pad_edge=False)
        for step in waterfall(part):
            table.add_row(f"{step.units:+d}", str(step.words), step.rule.rule)
        out.print(table)
    if found.quantity is None:
        out.print(f"Unknown ({found.known_quantity} are certain): " + " ".join(found.because))
    else:
        out.print(f"{found.quantity} may be promised.")


@commands.command()
def rebuild() -> None:
    """Recompute every SKU and location from the rules. If all is correct, nothing changes."""
    with opened() as app:
        effect = app.db.transact(rules.rebuild, actor="cli")
    out.print(
        f"Changed: {effect.positions} SKU × location, {effect.thresholds} thresholds, {effect.pools} pools."
    )
