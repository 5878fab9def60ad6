"""Routing rules: the active rule set, its versions with their differences, its test cases."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from doorstep.delivery.console import page
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.delivery.console.routing import forms
from doorstep.delivery.console.routing import lists as routing_lists
from doorstep.domain.identity import views as identity
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import rules as verbs
from doorstep.domain.routing.model.rules import Queue, RuleSet, diff, words
from doorstep.domain.routing.views import rules as views
from doorstep.flows.routing_rules import rule_sets
from doorstep.kernel import documents
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import whole_number

BACK = f"{ROOT}/routing"


def _retry_words(queue: Queue) -> str:
    """A table cell of its own: it begins with a capital."""
    text = str(words.of_retry(queue))
    return text[:1].upper() + text[1:]


SENTENCES = {
    "of_run": words.of_run,
    "of_routing": words.of_routing,
    "of_rule": words.of_rule,
    "retry_words": _retry_words,
}


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The active rule set, as sentences."""
    with req.app.db.read() as tx:
        number = views.active_number(tx)
        context = {
            **_frame(req, tx),
            "active": None if number is None else views.version(tx, number=number),
            "document": views.document(tx, number=number),
            "failures": views.failures(tx, number=number),
            "drafts": [each for each in views.versions(tx) if each.state == "draft"],
            **SENTENCES,
        }
    return page.render(req, "routing/routing.html", context, toast=toast, status=status)


def _frame(req: PageRequest, tx: ReadTx) -> dict[str, object]:
    """What every page of rule sets shows."""
    return {"names": _names(tx), "may_write": req.principal.can(Permission.RULES_WRITE)}


def _names(tx: ReadTx) -> dict[str, str]:
    """The names of actors."""
    names = {f"user:{each.id}": each.name for each in identity.users(tx)}
    return names | {f"api:{each.id}": each.name for each in identity.api_keys(tx)}


def history(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Every version: who, when and why; or those as CSV."""
    with req.app.db.read() as tx:
        listed = routing_lists.version_list(_names(tx))
        if listed.wants_csv(req):
            return listed.csv(req)
        context = {"list": listed.load(req, tx)}
    return page.render(req, "routing/history.html", context, toast=toast, status=status)


def version(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One version: what it changes, its test cases, its rules."""
    with req.app.db.read() as tx:
        found = views.version(tx, number=req.number("number"))
        document = views.document(tx, number=found.number)
        active = views.active_number(tx)
        since = _since(req, found.based_on, active if found.state == "draft" else found.based_on)
        context = {
            **_frame(req, tx),
            "version": found,
            "document": document,
            "active": active,
            "since": since,
            "others": [each for each in views.versions(tx) if each.number != found.number],
            "changes": diff.changes(views.document(tx, number=since), document),
            "problems": rule_sets.problems(tx, document=document, now=req.now)
            if found.state == "draft"
            else (),
            "outcomes": rule_sets.run_cases(tx, document=document),
            **SENTENCES,
        }
    return page.render(req, "routing/version.html", context, toast=toast, status=status)


def _since(req: PageRequest, based_on: int | None, otherwise: int | None) -> int | None:
    """The version to compare with: the one in the address, or the most useful one."""
    wanted = whole_number(req.query("since"))
    if wanted is not None:
        return wanted
    return otherwise if otherwise is not None else based_on


def as_yaml(req: PageRequest) -> Response:
    """A version as a file."""
    with req.app.db.read() as tx:
        found = views.version(tx, number=req.number("number"))
        text = documents.write(views.document(tx, number=found.number))
    name = f"{found.name}-{found.number}.yaml".replace('"', "")
    return PlainTextResponse(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def cases(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The test cases of the active rule set, run now; or those as CSV."""
    with req.app.db.read() as tx:
        document: RuleSet = views.document(tx, number=views.active_number(tx))
        outcomes = rule_sets.run_cases(tx, document=document)
        listed = routing_lists.case_list(outcomes)
        if listed.wants_csv(req):
            return listed.csv(req)
        context = {**_frame(req, tx), "outcomes": outcomes, "list": listed.load(req, tx)}
    return page.render(req, "routing/cases.html", context, toast=toast, status=status)


def activate(req: PageRequest) -> Response:
    """Activate a draft."""

    def verb(tx: WriteTx) -> str:
        form = forms.Decide.of(req.form)
        found = rule_sets.activate(
            tx, number=req.number("number"), why=form.why, instead_of=form.instead_of, now=req.now
        )
        return _("{version} is active now.").format(version=found.label)

    return page.act(req, verb, show=version, back=f"{BACK}/versions/{req.number('number')}")


def roll_back(req: PageRequest) -> Response:
    """Restore an earlier version."""

    def verb(tx: WriteTx) -> str:
        form = forms.Decide.of(req.form)
        found = verbs.roll_back(
            tx, number=req.number("number"), why=form.why, instead_of=form.instead_of, at=req.now
        )
        done = _("{version} is active now. It restores version {restored}.")
        return done.format(version=found.label, restored=found.restores)

    return page.act(req, verb, show=version, back=BACK)


def archive(req: PageRequest) -> Response:
    """Archive a draft."""

    def verb(tx: WriteTx) -> str:
        found = verbs.archive(tx, number=req.number("number"), at=req.now)
        return _("{version} is archived.").format(version=found.label)

    return page.act(req, verb, show=version, back=f"{BACK}/history")


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
