"""Routing: the rule set that decides, its versions with their differences, its golden cases."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity import views as identity
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import rules as verbs
from doorstep.domain.routing.model.rules import RuleSet, diff, words
from doorstep.domain.routing.views import rules as views
from doorstep.flows.routing_rules import rule_sets
from doorstep.kernel import documents
from doorstep.kernel.db import ReadTx, WriteTx

BACK = f"{ROOT}/routing"
SENTENCES = {
    "of_run": words.of_run,
    "of_orders": words.of_orders,
    "of_sort": words.of_sort,
    "of_rule": words.of_rule,
    "of_queue": words.of_queue,
}


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """The rule set that decides, as sentences."""
    with ask.app.db.read() as tx:
        number = views.active_number(tx)
        context = {
            **_frame(ask, tx),
            "active": None if number is None else views.version(tx, number=number),
            "document": views.document(tx, number=number),
            "failures": views.failures(tx, number=number),
            "drafts": [each for each in views.versions(tx) if each.state == "draft"],
            **SENTENCES,
        }
    return page.render(ask, "routing/routing.html", context, toast=toast, status=status)


def _frame(ask: Ask, tx: ReadTx) -> dict[str, object]:
    """What every page of rule sets shows."""
    names = {f"user:{each.id}": each.name for each in identity.users(tx)}
    names |= {f"api:{each.id}": each.name for each in identity.api_keys(tx)}
    return {"names": names, "may_write": ask.principal.can(Permission.RULES_WRITE)}


def history(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Every version: who, when and why."""
    with ask.app.db.read() as tx:
        context = {**_frame(ask, tx), "versions": views.versions(tx)}
    return page.render(ask, "routing/history.html", context, toast=toast, status=status)


def version(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One version: what it changes, its golden cases, its rules."""
    with ask.app.db.read() as tx:
        found = views.version(tx, number=ask.number("number"))
        document = views.document(tx, number=found.number)
        active = views.active_number(tx)
        since = _since(ask, found.based_on, active if found.state == "draft" else found.based_on)
        context = {
            **_frame(ask, tx),
            "version": found,
            "document": document,
            "active": active,
            "since": since,
            "others": [each for each in views.versions(tx) if each.number != found.number],
            "changes": diff.changes(views.document(tx, number=since), document),
            "problems": rule_sets.problems(tx, document=document, now=ask.now)
            if found.state == "draft"
            else (),
            "outcomes": rule_sets.run_cases(tx, document=document),
            **SENTENCES,
        }
    return page.render(ask, "routing/version.html", context, toast=toast, status=status)


def _since(ask: Ask, based_on: int | None, otherwise: int | None) -> int | None:
    """The version to compare with: the one asked for, or the one that makes most sense."""
    wanted = ask.query("since")
    return int(wanted) if wanted.isdigit() else otherwise if otherwise is not None else based_on


def as_yaml(ask: Ask) -> Response:
    """A version as a file."""
    with ask.app.db.read() as tx:
        found = views.version(tx, number=ask.number("number"))
        text = documents.write(views.document(tx, number=found.number))
    name = f"{found.name}-{found.number}.yaml".replace('"', "")
    return PlainTextResponse(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def cases(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """The golden cases of the rule set that decides, run now."""
    with ask.app.db.read() as tx:
        number = views.active_number(tx)
        document: RuleSet = views.document(tx, number=number)
        context = {
            **_frame(ask, tx),
            "active": number,
            "document": document,
            "outcomes": rule_sets.run_cases(tx, document=document),
        }
    return page.render(ask, "routing/cases.html", context, toast=toast, status=status)


def activate(ask: Ask) -> Response:
    """Let a draft decide."""

    def verb(tx: WriteTx) -> str:
        found = rule_sets.activate(
            tx, number=ask.number("number"), why=_why(ask), instead_of=ask.whole("instead_of"), now=ask.now
        )
        return f"{found.label} decides from now on."

    return page.act(ask, verb, show=version, back=f"{BACK}/versions/{ask.number('number')}")


def roll_back(ask: Ask) -> Response:
    """Let an earlier version decide again."""

    def verb(tx: WriteTx) -> str:
        found = verbs.roll_back(
            tx, number=ask.number("number"), why=_why(ask), instead_of=ask.whole("instead_of"), at=ask.now
        )
        return f"{found.label} decides from now on: it restores version {found.restores}."

    return page.act(ask, verb, show=version, back=BACK)


def archive(ask: Ask) -> Response:
    """Put a draft aside."""

    def verb(tx: WriteTx) -> str:
        return f"{verbs.archive(tx, number=ask.number('number'), at=ask.now).label} was put aside."

    return page.act(ask, verb, show=version, back=f"{BACK}/history")


def _why(ask: Ask) -> str:
    return ask.form.get("why", "").strip()


ROUTES: Routes = (
    Read("/routing", show, Permission.RULES_READ),
    Read("/routing/history", history, Permission.RULES_READ),
    Read("/routing/cases", cases, Permission.RULES_READ),
    Read("/routing/versions/{number:int}", version, Permission.RULES_READ),
    Read("/routing/versions/{number:int}.yaml", as_yaml, Permission.RULES_READ),
    Verb("/routing/versions/{number:int}/activate", activate, Permission.RULES_WRITE),
    Verb("/routing/versions/{number:int}/roll-back", roll_back, Permission.RULES_WRITE),
    Verb("/routing/versions/{number:int}/archive", archive, Permission.RULES_WRITE),
)
