"""The command: start everything, run the demo, show the table, wait for Ctrl-C."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from doorstep.bootstrap import App
from doorstep.delivery.cli.demo import audit, rehearse
from doorstep.delivery.cli.demo.doors import Doors, Mismatch
from doorstep.delivery.cli.demo.journey import Numbers, Story
from doorstep.delivery.cli.demo.rehearse import Damage, Failing
from doorstep.delivery.cli.demo.setting import Login, set_up
from doorstep.delivery.cli.demo.stage import Stage, choose_port, staged
from doorstep.delivery.cli.terminal import styled
from doorstep.kernel.signals import interrupt_on_every_signal


@dataclass(slots=True)
class DemoResult:
    """The result of the demo, as JSON."""

    matched: bool = True
    runs: list[dict[str, object]] = field(default_factory=list)
    seconds: float = 0.0
    console: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Choice:
    failing: Failing | None
    seeds: list[int]
    quiet: bool


def demo(  # tidy: parameters the command line reads its options from the signature
    *,
    once: Annotated[
        bool,
        typer.Option("--once", help="Run the demo once and exit; exit code 0 only if every step matched."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the result, as JSON.")] = False,
    port: Annotated[
        int | None, typer.Option(help="Port of web and console (default: the first free one from 8700).")
    ] = None,
    rehearse_: Annotated[
        Failing | None,
        typer.Option(
            "--rehearse",
            help="calls: every partner call fails once; webhooks: doubled and shuffled; worker: killed at random.",
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option(help="How many times to run the demo, each with its own seed.", min=1)
    ] = 1,
    seed: Annotated[int, typer.Option(help="First seed.")] = 1,
    database_url: Annotated[
        str, typer.Option(help="An empty PostgreSQL database to use instead of the embedded one.")
    ] = "",
) -> None:
    """Start a sample retailer with all its partners on this machine and follow one order from purchase to refund."""
    interrupt_on_every_signal()
    out = Console(stderr=as_json, quiet=as_json, markup=False, highlight=False)
    choice = _Choice(rehearse_, list(range(seed, seed + runs)), as_json)
    outcome = DemoResult()
    began = time.monotonic()
    try:
        with (
            staged(choose_port(port), database_url=database_url) as stage,
            set_up(stage, out) as (app, doors, logins),
        ):
            _run_stories(app, doors, choice, outcome, out)
            outcome.seconds = round(time.monotonic() - began, 1)
            outcome.console = f"{stage.url}/console"
            if not once:
                _stay(stage, logins, out)
    except Mismatch as problem:
        outcome.matched, outcome.problem = False, problem.message
        out.print(styled("\n[bold red]The demo failed:[/bold red] {sentence}", sentence=problem.message))
    except KeyboardInterrupt:
        out.print("\nEverything that was started has been stopped.")
    if as_json:
        sys.stdout.write(json.dumps(asdict(outcome), indent=2, ensure_ascii=False) + "\n")
    if not outcome.matched:
        raise typer.Exit(1)


def _run_stories(app: App, doors: Doors, choice: _Choice, outcome: DemoResult, out: Console) -> None:
    """Run the demo once per seed; one that gets stuck lists the open work."""
    for number, seed in enumerate(choice.seeds):
        numbers = Numbers() if number == 0 else Numbers(f"SHK1245X{seed:03d}", f"SRK5678P{seed:03d}")
        story = Story(doors, numbers)
        try:
            with rehearse.failing(doors, choice.failing, seed) as damage:
                _play(story, damage, out)
            doors.until("all work is done", lambda: audit.quiet(app))
        except Mismatch as problem:
            raise Mismatch(f"{problem.message}\n{audit.left_over(app)}") from problem
        table, found = audit.closing_table(story), audit.findings(app, story)
        reported = {"seed": seed, "order": story.shop_name, "damage": damage.count}
        outcome.runs.append({**reported, "table": [asdict(row) for row in table], **found})
        _show(table, out)
        _check(table, found, story)


def _play(story: Story, damage: Damage, out: Console) -> None:
    """Every step, with its result and duration."""
    out.print()
    for title, action in story.steps():
        damage.before_step()
        began = time.monotonic()
        with out.status(f"{title} …"):
            sentence = action()
        took = f"({time.monotonic() - began:.1f} s)"
        line = "[green]✓[/green] [bold]{title}[/bold] {sentence} [dim]{took}[/dim]"
        out.print(styled(line, title=f"{title:<10}", sentence=sentence, took=took))


def _check(table: list[audit.AuditLine], found: dict[str, object], story: Story) -> None:
    if table != audit.expected_table(story):
        raise Mismatch(f"The closing table is {table}.")
    wrong = {name: value for name, value in found.items() if value != audit.EXPECTED[name]}
    if wrong:
        right = {name: audit.EXPECTED[name] for name in wrong}
        raise Mismatch(f"{story.shop_name}: {wrong} instead of {right}.")


def _show(rows: list[audit.AuditLine], out: Console) -> None:
    table = Table("Item", "Source", "Shipment id", "Status", "Return status")
    for row in rows:
        table.add_row(row.item, row.source, row.shipment_id, row.status, row.return_status)
    out.print()
    out.print(table)


def _stay(stage: Stage, logins: list[Login], out: Console) -> None:
    """Print the console's address and the sign-ins; wait for Ctrl-C."""
    people = Table("Sign in as", "Password", "Role", box=None, pad_edge=False)
    for login in logins:
        people.add_row(login.email, login.password, login.role)
    out.print(styled("\nThe console: [bold]{url}/console[/bold]   API: {url}/api/docs", url=stage.url))
    out.print(people)
    out.print("\nFor an API key: Settings, Create key. Ctrl-C stops everything.")
    while stage.died() is None:
        time.sleep(0.5)
    name = stage.died() or ""
    raise Mismatch(f"{name} stopped unexpectedly:\n{stage.last_words(name)}")
