"""`doorstep rules`: manage the routing rule set as a file: test, activate, compare, restore."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened, text_of
from doorstep.delivery.cli.terminal import out
from doorstep.domain.routing.actions import rules as verbs
from doorstep.domain.routing.actions.rules import Draft, Version
from doorstep.domain.routing.model.case_results import CaseOutcome
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.domain.routing.model.rules.schema import schema as schema_of_rules
from doorstep.domain.routing.views import rules as views
from doorstep.flows.routing_rules import rule_sets
from doorstep.kernel import documents
from doorstep.kernel.db import WriteTx
from doorstep.kernel.documents import Problem, Text

commands = typer.Typer(
    help="The routing rule set as a file: test, activate, list versions, restore.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="The rule set, YAML or JSON.")]
Why = Annotated[str, typer.Option("--reason", "--why", help="The reason, kept in the history.")]


@commands.command("plan", hidden=True)
@commands.command("preview")
def show_changes(file: File) -> None:
    """Validate a file: errors, changes, test cases. Nothing is stored; exit code 1 if it cannot be activated."""
    read = _read(file)
    with opened() as app, app.db.read() as tx:
        proposal = rule_sets.preview(tx, document=_value(read), now=app.clock.now())
    _say(proposal, read)
    if not proposal.may_decide:
        raise typer.Exit(1)


@commands.command()
def apply(file: File, why: Why) -> None:
    """Activate a file from the next order on, if it is valid and its test cases pass. Repeating it changes nothing."""
    read = _read(file)
    with opened() as app:
        proposal, active = app.db.transact(
            lambda tx: _activate(tx, _value(read), why, app.clock.now()), actor="cli"
        )
    _say(proposal, read)
    if not proposal.may_decide:
        raise typer.Exit(1)
    if active is not None:
        out.print(f"Version {active.number} is active.")


def _activate(
    tx: WriteTx, document: RuleSet, why: str, now: datetime
) -> tuple[rule_sets.Preview, Version | None]:
    """Activate a rule set if it may decide and changes anything; returns what was found, and the new version."""
    proposal = rule_sets.preview(tx, document=document, now=now)
    if not proposal.may_decide or not proposal.changes:
        return proposal, None
    before = proposal.instead_of
    draft = rule_sets.draft(tx, draft=Draft(proposal.document, why, based_on=before), now=now)
    return proposal, rule_sets.activate(tx, number=draft.number, why=why, instead_of=before, now=now)


@commands.command("test")
def run_cases(
    file: Annotated[Path | None, typer.Argument(help="A rule set; without one, the active version.")] = None,
) -> None:
    """Run the test cases. Exit code 1 if one fails."""
    read = None if file is None else _read(file)
    with opened() as app, app.db.read() as tx:
        document = views.document(tx, number=views.active_number(tx)) if read is None else _value(read)
        outcomes = rule_sets.run_cases(tx, document=document)
    _cases(outcomes)
    if not all(each.is_green for each in outcomes):
        raise typer.Exit(1)


@commands.command()
def export(
    number: Annotated[int | None, typer.Argument(help="A version; default: the active one.")] = None,
) -> None:
    """Write a version to standard output. Comments of its original file are not kept."""
    with opened() as app, app.db.read() as tx:
        wanted = views.active_number(tx) if number is None else number
        sys.stdout.write(documents.write(views.document(tx, number=wanted)))


@commands.command()
def history() -> None:
    """List every version: who wrote and activated it, when and why."""
    with opened() as app, app.db.read() as tx:
        versions = views.versions(tx)
    table = Table("version", "name", "state", "since", "by", "why", box=None, pad_edge=False)
    for each in versions:
        at = each.activated_at or each.drafted_at
        why = each.activated_why or each.drafted_why
        state = f"{each.state}, restores {each.restores}" if each.restores else each.state
        by = each.activated_by or each.drafted_by
        table.add_row(str(each.number), each.name, state, f"{at:%Y-%m-%d %H:%M}", by, why)
    out.print(table if versions else "There is no version yet: the built-in rules are active.")


@commands.command("rollback", hidden=True)
@commands.command("restore")
def restore(number: Annotated[int, typer.Argument(help="The version to restore.")], why: Why) -> None:
    """Restore an earlier version, as a new version."""
    with opened() as app:
        active = app.db.transact(
            lambda tx: verbs.roll_back(
                tx, number=number, why=why, instead_of=views.active_number(tx), at=app.clock.now()
            ),
            actor="cli",
        )
    out.print(f"Version {active.number} is active: it restores version {number}.")


@commands.command()
def schema() -> None:
    """Write the JSON Schema of rule sets to standard output."""
    sys.stdout.write(json.dumps(schema_of_rules(), indent=2) + "\n")


def _read(file: Path) -> Text[RuleSet]:
    return documents.read(text_of(file), RuleSet)


def _value(read: Text[RuleSet]) -> RuleSet:
    if read.value is None:
        _wrong(read.problems)
        raise typer.Exit(1)
    return read.value


def _say(proposal: rule_sets.Preview, read: Text[RuleSet]) -> None:
    _wrong(read.at(each) for each in proposal.problems)
    for change in proposal.changes:
        style = "green" if not change.before else "red" if not change.after else "yellow"
        out.print(str(change), style=style, soft_wrap=True)
    if not proposal.changes:
        out.print("Nothing changes.")
    _cases(proposal.outcomes)


def _wrong(problems: Iterable[Problem]) -> None:
    for each in problems:
        out.print(str(each), style="bold red", soft_wrap=True)


def _cases(outcomes: Iterable[CaseOutcome]) -> None:
    reported = list(outcomes)
    for each in reported:
        out.print(
            f"{'✓' if each.is_green else '✗'} {each.name}",
            style="green" if each.is_green else "red",
            markup=False,
        )
        for line in (*each.differences, *(() if each.is_green else map(str, each.sentences))):
            out.print(f"    {line}", soft_wrap=True)
    red = sum(not each.is_green for each in reported)
    if reported:
        out.print(f"{len(reported) - red} of {len(reported)} test cases pass.")
