"""`doorstep rules simulate`, `shadow`, `canary`, `trial`, `stop`: compare a draft with the active rules."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from doorstep.bootstrap import App
from doorstep.delivery.cli.opening import opened, text_of
from doorstep.delivery.cli.terminal import err, out
from doorstep.domain.routing.actions import trials as verbs
from doorstep.domain.routing.actions.trials import NewTrial, Trial
from doorstep.domain.routing.model import rules as model
from doorstep.domain.routing.model.lab import (
    Difference,
    Guardrails,
    Measured,
    TrialKind,
    compare,
    gates,
    guardrails,
)
from doorstep.domain.routing.model.lab.measures import Busy, Compared, busy
from doorstep.domain.routing.model.rules import CompiledRules, RuleSet
from doorstep.domain.routing.views import rules, trials
from doorstep.flows.routing_rules import history, rule_sets, simulation, simulation_files, trial_control
from doorstep.flows.routing_rules.history import Window
from doorstep.flows.routing_rules.simulation import How, Material, Sides, Simulation
from doorstep.kernel import documents, errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import whole_number
from doorstep.kernel.money import CURRENCIES, Money

_MARKS = {"better": ("▼ better", "green"), "worse": ("▲ worse", "red"), "same": ("= same", "dim")}
_SHOWN = 10
Why = Annotated[str, typer.Option("--reason", "--why", help="The reason, kept in the history.")]
_OTHER_COSTS = (
    "Cost per order cannot be compared: the draft sets other costs than the active rules, and each side is priced with its own. "
    "To compare plans, give the draft the same costs."
)
Draft = Annotated[int, typer.Argument(help="The draft to try.")]


def add_to(commands: typer.Typer) -> None:
    """Add the lab's commands to those of rules."""
    for name, command in (
        ("simulate", simulate), ("shadow", shadow), ("canary", canary), ("trial", show), ("stop", stop),
    ):  # fmt: skip
        commands.command(name)(command)


@dataclass(frozen=True, slots=True)
class _Request:
    """What to simulate."""

    draft: str
    days: int
    orders: Path | None
    stock: Path | None
    how: How


def simulate(  # tidy: parameters the command line reads its options from the signature
    draft: Annotated[str, typer.Argument(help="A file (YAML or JSON) or the number of a version.")],
    *,
    days: Annotated[int, typer.Option(min=1, help="How far back the orders go.")] = 7,
    orders: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Orders from a file instead: order documents as NDJSON.")] = None,
    stock: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Stock for these orders: CSV with sku, location, quantity. Default: current available stock.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Orders that come within this number of minutes are routed together.")] = 15,
    batch_seconds: Annotated[float, typer.Option(min=0, help="Seconds to optimize each batch.")] = 0.0,
    must: Annotated[str, typer.Option(help="Limits relative to the active rules, as cost<=1.00,splits<=1.02; exit code 1 if one is exceeded.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output instead.")] = False,
    to_csv: Annotated[Path | None, typer.Option("--csv", help="Write the orders with another plan to this file.")] = None,
) -> None:  # fmt: skip
    """Simulate a draft and the active rules on past orders, side by side. Nothing is stored."""
    limits = gates.read(must)
    how = How(timedelta(minutes=every), batch_seconds)
    with opened() as app:
        found, numbers, currency = _simulated(app, _Request(draft, days, orders, stock, how))
    compared = compare(found.before, found.after)
    failing = gates.broken(limits, compared)
    if to_csv is not None:
        _write(to_csv, found.changes, numbers)
    if as_json:
        print(json.dumps(_plain(found, compared, failing), indent=2))
    else:
        _print_comparison(found, compared, numbers, currency)
    for each in failing:
        err.print(f"✗ {each}", style="red")
    if failing:
        raise typer.Exit(1)


def _simulated(app: App, request: _Request) -> tuple[Simulation, dict[int, str], str]:
    with app.db.read() as tx:
        sides = Sides(rules.compiled_rules(tx), _compiled_rules(app, tx, request.draft))
        material = _material(app, tx, request)
    with _progress(2 * len(material.past.arrivals)) as reported:
        found = simulation.simulate(material.past, sides, how=request.how, reported=reported)
    with app.db.read() as tx:
        numbers = material.numbers or simulation.numbers(tx, changes=found.changes)
    return found, {int(key): number for key, number in numbers.items()}, sides.after.document.currency


def _compiled_rules(app: App, tx: ReadTx, draft: str) -> CompiledRules:
    number = whole_number(draft)
    if number is not None:
        return rules.compiled_rules_of(tx, number=number)
    try:
        read = documents.read(text_of(Path(draft)), RuleSet)
    except errors.Invalid as problem:
        raise errors.Invalid(
            f"{draft} is neither a version nor a readable file: {problem.message}"
        ) from problem
    problems = read.problems or (
        () if read.value is None else rule_sets.problems(tx, document=read.value, now=app.clock.now())
    )
    if read.value is None or problems:
        raise errors.Invalid(
            " ".join(str(each if read.value is None else read.at(each)) for each in problems)
        )
    return model.compile(read.value, f"{read.value.name} ({Path(draft).name})")


def _material(app: App, tx: ReadTx, request: _Request) -> Material:
    now = app.clock.now()
    if request.orders is None:
        return Material(history.reconstruct(tx, window=Window(now - timedelta(days=request.days), now)), {})
    stock = None if request.stock is None else text_of(request.stock)
    return simulation_files.read(app.context, tx, orders=text_of(request.orders), stock=stock, now=now)


@contextmanager
def _progress(total: int) -> Iterator[simulation.Reported]:
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f} decisions"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("Replay", total=total)
        yield lambda done, _total: progress.update(bar, completed=done)


def _print_comparison(
    found: Simulation, compared: Sequence[Compared], numbers: dict[int, str], currency: str
) -> None:
    if not found.before.orders:
        out.print("There are no orders in this period: choose more days, or import a file of orders.")
        return
    out.print(
        f"{found.before.orders:,} orders, {found.before.a_second:,.0f} and {found.after.a_second:,.0f} a second.\n",
        highlight=False,
    )
    table = Table("", box=None, pad_edge=False)
    for name in ("now", "draft", "ratio"):
        table.add_column(name, justify="right")
    table.add_column("")
    for each in compared:
        words, style = _MARKS[each.mark]
        ratio = "–" if each.ratio is None else f"{each.ratio:.4f}"
        table.add_row(
            each.measure.label, _figure(each, each.before, currency), _figure(each, each.after, currency), ratio,
            Text(words, style),
        )  # fmt: skip
    out.print(table)
    if not found.same_costs:
        out.print(f"\n{_OTHER_COSTS}")
    _loads(busy(found.before, found.after))
    _changes(found.changes, numbers, currency)


def _figure(each: Compared, value: float, currency: str) -> str:
    if each.measure.unit == "money":
        return _money(value, currency)
    unit = {"percent": " %", "km": " km", "grams": " g"}.get(each.measure.unit, "")
    return f"{value:,.2f}{unit}"


def _money(minor: float, currency: str) -> str:
    """Format minor units for people; without a currency they are not converted."""
    return str(Money(round(minor), currency)) if currency in CURRENCIES else f"{minor:,.1f}"


def _loads(loads: Sequence[Busy]) -> None:
    table = Table("location", box=None, pad_edge=False)
    for name in ("orders now", "draft", "units now", "draft", "busiest day now", "draft"):
        table.add_column(name, justify="right")
    for each in loads:
        table.add_row(each.location, *(f"{value:,}" for value in (*each.orders, *each.units, *each.peak)))
    out.print("")
    out.print(table)


def _changes(changes: Sequence[Difference], numbers: dict[int, str], currency: str) -> None:
    out.print(f"\n{len(changes):,} orders change.")
    for each in sorted(changes, key=lambda change: -abs(change.cost_minor))[:_SHOWN]:
        out.print(
            f"  {numbers.get(each.order_id, each.order_id)}  {_money(each.cost_minor, currency)}  {each.before.words} → {each.after.words}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    if len(changes) > _SHOWN:
        out.print(f"  … and {len(changes) - _SHOWN:,} more (--csv FILE writes them all).")


def _plain(found: Simulation, compared: Sequence[Compared], failing: Sequence[str]) -> dict[str, object]:
    return {
        "measures": [
            {"key": each.measure.key, "now": each.before, "draft": each.after, "ratio": each.ratio, "mark": each.mark}
            for each in compared
        ],
        "now": _totals(found.before),
        "draft": _totals(found.after),
        "changed": len(found.changes),
        "same_costs": found.same_costs,
        "broken": list(failing),
    }  # fmt: skip


def _totals(measured: Measured) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(measured)
    return plain | {"orders_a_second": round(measured.a_second)}


def _write(file: Path, changes: Sequence[Difference], numbers: dict[int, str]) -> None:
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(
            ("order", "at", "extra_minor", "sent_before", "sent_after", "parcels_before", "parcels_after",
             "why_before", "why_after")
        )  # fmt: skip
        for each in changes:
            old, new = each.before, each.after
            rows.writerow(
                (numbers.get(each.order_id, each.order_id), each.at.isoformat(), each.cost_minor, old.words,
                 new.words, old.parcels, new.parcels, old.sentence, new.sentence)
            )  # fmt: skip


def shadow(draft: Draft, why: Why) -> None:
    """Start a shadow trial: a draft plans every order beside the active rules, without effect."""
    _start(NewTrial(draft, TrialKind.SHADOW, 100, Guardrails(), why))


def canary(
    draft: Draft,
    why: Why,
    percent: Annotated[int, typer.Option(min=1, max=100, help="The share of orders that it routes.")] = 10,
    cost_ratio: Annotated[float, typer.Option(help="Stops automatically above this ratio of the cost per order.")] = 1.05,
    sample: Annotated[int, typer.Option(help="Orders that the trial needs before it has a result.")] = 100,
) -> None:  # fmt: skip
    """Start a canary trial: a draft routes a share of the orders; guardrails stop it when it does worse."""
    rails = guardrails.guardrails({"cost_ratio": cost_ratio, "sample": sample})
    _start(NewTrial(draft, TrialKind.CANARY, percent, rails, why))


def _start(new: NewTrial) -> None:
    with opened() as app:
        found = app.db.transact(lambda tx: trial_control.start(tx, new=new, now=app.clock.now()), actor="cli")
    share = "in shadow mode" if found.kind is TrialKind.SHADOW else f"on {found.percent} % of the orders"
    out.print(f"Draft {found.draft} routes {share} from the next order on.")


def stop(why: Why) -> None:
    """Stop the running trial."""
    with opened() as app:
        found = app.db.transact(lambda tx: verbs.stop(tx, why=why, at=app.clock.now()), actor="cli")
    out.print(f"The trial of draft {found.draft} ended.")


def show() -> None:
    """Show the running trial, or the last one."""
    with opened() as app, app.db.read() as tx:
        found = next(iter(trials.trials(tx, limit=1)), None)
        sides = trials.sides(tx, trial_id=found.id) if found else None
        currency = rules.compiled_rules(tx).document.currency
    if found is None or sides is None:
        out.print("There was no trial yet.")
        return
    out.print(_words(found))
    table = Table("", "orders", "cost", "several parcels", "late", "rejected", box=None, pad_edge=False)
    for name, side in zip(("now", "draft"), sides, strict=True):
        table.add_row(
            name, f"{side.orders:,}", _money(side.cost, currency), f"{side.split_percent:.1f} %", f"{side.miss_percent:.1f} %",
            f"{side.reject_percent:.1f} %",
        )  # fmt: skip
    out.print(table)


def _words(found: Trial) -> str:
    if found.ended_at is None:
        return (
            f"Draft {found.draft} is in trial ({found.kind.value}) since {found.started_at:%Y-%m-%d %H:%M}."
        )
    return f"The trial of draft {found.draft} ended {found.ended_at:%Y-%m-%d %H:%M}: {found.ended_why}"
