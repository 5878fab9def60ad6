"""Collect the commands, and print expected errors as one sentence."""

from __future__ import annotations

import sys

import typer

import doorstep
from doorstep.delivery.cli import (
    atp,
    bench,
    connections,
    dead_letters,
    demo,
    doctor,
    imports,
    lab,
    ledger,
    locations,
    network,
    rules,
    samples,
    secrets,
    status,
    stock,
    users,
)
from doorstep.delivery.cli.terminal import err, out, styled
from doorstep.kernel import errors, log, postgres, schema, settings, signals

_FAILED = "[bold red]doorstep:[/bold red] {sentence}"


def create() -> typer.Typer:
    """All commands except the two server processes (see doorstep.processes)."""
    commands = typer.Typer(
        name="doorstep",
        help="Doorstep, an order management system. Start with [bold]doorstep demo[/bold] to follow one order from purchase to refund.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    commands.command(rich_help_panel="Set up")(migrate)
    commands.command(rich_help_panel="Set up")(doctor.doctor)
    commands.command(rich_help_panel="Set up")(version)
    commands.command("load-samples", rich_help_panel="Set up")(samples.load)
    commands.add_typer(users.commands, name="users", rich_help_panel="Set up")
    commands.add_typer(locations.commands, name="locations", rich_help_panel="Set up")
    commands.add_typer(connections.commands, name="connections", rich_help_panel="Set up")
    commands.add_typer(secrets.commands, name="secrets", rich_help_panel="Set up")
    commands.command(rich_help_panel="Operate")(status.status)
    commands.add_typer(imports.commands, name="import", rich_help_panel="Operate")
    commands.add_typer(stock.export, name="export", rich_help_panel="Operate")
    commands.add_typer(dead_letters.commands, name="dead-letters", rich_help_panel="Operate")
    commands.add_typer(ledger.commands, name="ledger", rich_help_panel="Operate")
    commands.add_typer(atp.commands, name="atp", rich_help_panel="Operate")
    commands.add_typer(network.commands, name="network", rich_help_panel="Operate")
    lab.add_to(rules.commands)
    commands.add_typer(rules.commands, name="rules", rich_help_panel="Operate")
    commands.command("demo", rich_help_panel="Demo and benchmark")(demo.demo)
    commands.command("bench", rich_help_panel="Demo and benchmark")(bench.bench)
    return commands


def run(commands: typer.Typer) -> None:
    """Run the command line; expected failures print one plain sentence with exit code 1, never a traceback.

    SIGTERM ends a command like an exit: what it has opened is closed, an embedded database server above all.
    """
    signals.exit_on_termination()
    try:
        commands()
    except errors.DoorstepError as problem:
        err.print(styled(_FAILED, sentence=problem.message), soft_wrap=True)
        sys.exit(1)
    except OSError as problem:
        err.print(styled(_FAILED, sentence=_of_file(problem)), soft_wrap=True)
        sys.exit(1)


def _of_file(problem: OSError) -> str:
    reason = problem.strerror or str(problem)
    return f"{problem.filename}: {reason}." if problem.filename else f"{reason}."


def migrate() -> None:
    """Upgrade the database to this version's schema. Run it before you start new processes; repeating it changes nothing."""
    chosen = settings.load()
    log.configure(style="console", level="warning", stream=sys.stderr)
    with postgres.open_or_connect(chosen) as server:
        before = schema.state(server.url).found
        schema.upgrade(server.url)
        after = schema.state(server.url).found
    out.print(
        f"The schema is at {after}"
        + (" already." if before == after else f" (it was at {before or 'nothing'}).")
    )


def version() -> None:
    """Print the version."""
    out.print(doorstep.__version__)
