"""Edit routing rules as YAML and as a form over the same document; what was typed in either is kept."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.delivery.console.routing import rule_form
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.rules import Measure, RuleSet, words
from doorstep.domain.routing.model.rules.variables import VARIABLES
from doorstep.domain.routing.views import rules as views
from doorstep.flows.routing_rules import rule_sets
from doorstep.flows.routing_rules.rule_sets import Preview
from doorstep.kernel import documents, errors
from doorstep.kernel.documents import Problem
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import whole_number

BACK = f"{ROOT}/routing/edit"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The state of the editor: its text, and the document that the form shows."""

    text: str
    document: RuleSet
    based_on: int | None
    problems: tuple[Problem, ...] = ()
    proposal: Preview | None = None
    why: str = ""
    is_changed: bool = False


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Begin from a version, or from the active rule set."""
    wanted = whole_number(req.query("from"))
    with req.app.db.read() as tx:
        number = views.active_number(tx) if wanted is None else wanted
        document = views.document(tx, number=number)
    return _render(req, Sheet(documents.write(document), document, number), toast, status)


def _render(req: PageRequest, sheet: Sheet, toast: Toast | None = None, status: int = 200) -> Response:
    context = {
        "sheet": sheet,
        "before": documents.write(sheet.document),
        "lines": sheet.text.splitlines(),
        "variables": VARIABLES,
        "measures": [each.value for each in Measure],
        "fields_of": rule_form.fields_of,
        "tiers_of": rule_form.tiers_of,
        "of_run": words.of_run,
        "of_orders": words.of_orders,
        "of_rule": words.of_rule,
    }
    return page.render(req, "routing/edit.html", context, toast=toast, status=status)


def edit(req: PageRequest) -> Response:
    """Check, change by the form, or save as a draft; what was typed is kept."""
    try:
        sheet = _typed(req)
    except errors.DoorstepError as problem:
        return _render(req, _kept(req), Toast(problem.message, "danger"), page.status_of(problem))
    if sheet.problems:
        return _render(req, sheet, Toast(_("Correct the marked errors first."), "danger"), 422)
    verb, _space, path = req.form.get("do", "check").partition(" ")
    if verb == "save":
        return _save(req, sheet)
    if path:
        return _render(req, _rewritten(sheet, rule_form.moved(sheet.document, verb, path)))
    with req.app.db.read() as tx:
        proposal = rule_sets.preview(tx, document=sheet.document, now=req.now)
    return _render(req, _tried(sheet, proposal))


def _typed(req: PageRequest) -> Sheet:
    """Text and form brought together."""
    kept = _kept(req)
    read = rule_form.read(kept.text)
    if read.value is None:
        return Sheet(kept.text, kept.document, kept.based_on, read.problems, why=kept.why, is_changed=True)
    before = rule_form.read(req.form.get("before", "")).value or read.value
    merged = rule_form.merged(read.value, before, req.form)
    sheet = Sheet(kept.text, read.value, kept.based_on, why=kept.why, is_changed=True)
    return sheet if merged == read.value else _rewritten(sheet, merged)


def _kept(req: PageRequest) -> Sheet:
    """What was sent, as it was sent; the form shows what it showed before."""
    before = rule_form.read(req.form.get("before", "")).value
    if before is None:
        raise errors.Invalid(_("The editor is out of date. Start again from a version."))
    text = req.form.get("text", "").replace("\r\n", "\n")
    return Sheet(text, before, req.whole("based_on"), why=req.form.get("why", "").strip(), is_changed=True)


def _rewritten(sheet: Sheet, document: RuleSet) -> Sheet:
    """Another document, and its text; comments are not kept then."""
    return Sheet(documents.write(document), document, sheet.based_on, why=sheet.why, is_changed=True)


def _tried(sheet: Sheet, proposal: Preview) -> Sheet:
    read = rule_form.read(sheet.text)
    located = tuple(read.at(each) for each in proposal.problems)
    return Sheet(sheet.text, sheet.document, sheet.based_on, located, proposal, sheet.why, is_changed=True)


def _save(req: PageRequest, sheet: Sheet) -> Response:
    if not sheet.why:
        return _render(req, sheet, Toast(_("Enter what the change is for."), "danger"), 422)
    try:
        draft = Draft(sheet.document, sheet.why, based_on=sheet.based_on)
        found = req.app.db.transact(
            lambda tx: rule_sets.draft(tx, draft=draft, now=req.now),
            actor=req.principal.actor,
            trace_id=req.trace_id,
        )
    except errors.DoorstepError as problem:
        with req.app.db.read() as tx:
            proposal = rule_sets.preview(tx, document=sheet.document, now=req.now)
        return _render(
            req, _tried(sheet, proposal), Toast(problem.message, "danger"), page.status_of(problem)
        )
    return page.go(
        req,
        f"{ROOT}/routing/versions/{found.number}",
        _("{version} is saved as a draft. Review its changes, then activate it.").format(version=found.label),
    )


ROUTES: Routes = (
    Read("/routing/edit", show, Permission.RULES_WRITE),
    Verb("/routing/edit/change", edit, Permission.RULES_WRITE),
)
