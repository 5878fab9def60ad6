"""Simulations of routing rules on past orders, the trial of a draft, and the daily hindsight gap."""

from __future__ import annotations

from datetime import timedelta

from starlette.datastructures import UploadFile
from starlette.responses import Response

from doorstep.delivery.console import formats, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.lab import forms, lists
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity import views as identity
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import lab as verbs
from doorstep.domain.routing.actions.lab import NewRun
from doorstep.domain.routing.model.lab import Guardrails, compare
from doorstep.domain.routing.model.lab.measures import Measure, busy
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import lab as views
from doorstep.domain.routing.views import rules, runs, trials
from doorstep.flows.network import lanes
from doorstep.flows.routing_rules import simulation_jobs, trial_control
from doorstep.kernel import errors, i18n
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

BACK = f"{ROOT}/routing/lab"
MARKS = {
    "better": Badge(_m("Better"), "success", "check"),
    "worse": Badge(_m("Worse"), "danger", "alert"),
    "same": Badge(_m("Same"), "neutral", "circle"),
}
_MOST_BYTES = 200_000_000
_HINDSIGHT_DAYS = 30


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Simulations, the trial, and the hindsight gap by day; or all simulations as CSV."""
    with req.app.db.read() as tx:
        listed = lists.simulation_list(_names(tx), req.zone)
        if listed.wants_csv(req):
            return listed.csv(req)
        tried = trials.trials(tx, limit=10)
        running = next((each for each in tried if each.ended_at is None), None)
        newest = tried[0] if tried else None
        context = {
            **_frame(req, tx),
            "versions": rules.versions(tx),
            "active": rules.active_number(tx),
            "list": listed.load(req, tx),
            "trials": tried,
            "running": running,
            "trial": newest,
            "sides": trials.sides(tx, trial_id=newest.id) if newest else None,
            "verdict": trial_control.verdict(tx, trial=newest) if newest else None,
            "rails": Guardrails(),
            "gap": _hindsight(tx),
        }
    return page.render(req, "lab/lab.html", context, toast=toast, status=status)


def _names(tx: ReadTx) -> dict[str, str]:
    """The names of actors."""
    names = {f"user:{each.id}": each.name for each in identity.users(tx)}
    return names | {f"api:{each.id}": each.name for each in identity.api_keys(tx)}


def _currency(req: PageRequest, tx: ReadTx) -> str:
    return lanes.configuration(tx, at=req.now).compiled.document.currency


def _frame(req: PageRequest, tx: ReadTx) -> dict[str, object]:
    return {
        "names": _names(tx),
        "may_write": req.principal.can(Permission.RULES_WRITE),
        "currency": _currency(req, tx),
        "states": lists.STATES,
        "marks": MARKS,
        "figure": figure,
    }


def _hindsight(tx: ReadTx) -> list[tuple[str, int, int]]:
    """Days in hindsight, the oldest first: day, cost as decided, cost of the best plan."""
    found = [
        each for each in runs.history(tx, limit=2_000) if each.kind is RunKind.HINDSIGHT and each.attempted
    ]
    newest = sorted(found, key=lambda each: each.run)[-_HINDSIGHT_DAYS:]
    return [(each.run, each.before_minor or 0, each.after_minor or 0) for each in newest]


def figure(measure: Measure, value: float, currency: str) -> str:
    """A measure's value in words."""
    if measure.unit == "money":
        return formats.minor(round(value), currency) if currency else i18n.number(value, 1)
    unit = {"percent": " %", "km": " km", "grams": " g"}.get(measure.unit, "")
    return f"{i18n.number(value, 2)}{unit}"


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One simulation: its progress, or both sides and the orders that change; or those as CSV."""
    run_id = req.number("run_id")
    with req.app.db.read() as tx:
        run, counts = views.run(tx, run_id=run_id), views.counts(tx, run_id=run_id)
        listed = lists.change_list(run_id, counts, _currency(req, tx))
        if listed.wants_csv(req):
            return listed.csv(req)
        context = {
            **_frame(req, tx),
            "run": run,
            "counts": counts,
            "list": listed.load(req, tx),
            "compared": compare(run.before, run.after) if run.before and run.after else (),
            "loads": busy(run.before, run.after) if run.before and run.after else (),
            "draft": rules.version(tx, number=run.draft) if run.draft else None,
            "same_costs": rules.same_costs(tx, one=run.draft, other=run.against),
        }
    return page.render(req, "lab/run.html", context, toast=toast, status=status)


def simulate(req: PageRequest) -> Response:
    """Queue a simulation; a worker does it."""
    made: list[int] = []

    def verb(tx: WriteTx) -> str:
        made.append(simulation_jobs.queue(tx, new=_new(req, tx), now=req.now))
        return _("The simulation is queued.")

    try:
        done = req.app.db.transact(verb, actor=req.principal.actor, trace_id=req.trace_id)
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=show)
    return page.go(req, f"{BACK}/{made[0]}", done)


def _new(req: PageRequest, tx: ReadTx) -> NewRun:
    form = forms.Simulation.of(req.form)
    orders, stock = req.uploads.get("orders"), req.uploads.get("stock")
    return NewRun(
        "simulation",
        form.draft,
        rules.active_number(tx),
        req.now - timedelta(days=form.days),
        req.now,
        every_minutes=form.every,
        orders_name=orders.filename or "" if orders is not None else "",
        orders_file=_text(orders, "orders"),
        stock_file=_text(stock, "stock"),
    )


def _text(upload: UploadFile | None, name: str) -> str | None:
    if upload is None or not upload.filename:
        return None
    raw = upload.file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        message = _("{file} is too large. Upload a part of it.").format(file=upload.filename)
        raise errors.Invalid(message, field=name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = _("{file} is not a text file in UTF-8.").format(file=upload.filename)
        raise errors.Invalid(message, field=name) from None


def cancel(req: PageRequest) -> Response:
    """Cancel a simulation."""
    run_id = req.number("run_id")

    def verb(tx: WriteTx) -> str:
        verbs.cancel(tx, run_id=run_id, at=req.now)
        return _("Canceled. It ends at the next batch.")

    return page.act(req, verb, show=one, back=f"{BACK}/{run_id}")


def delete(req: PageRequest) -> Response:
    """Delete a simulation."""
    try:
        req.app.db.transact(
            lambda tx: verbs.delete(tx, run_id=req.number("run_id")),
            actor=req.principal.actor,
            trace_id=req.trace_id,
        )
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=show)
    return page.go(req, BACK, _("The simulation is deleted."))


ROUTES: Routes = (
    Read("/routing/lab", show, Permission.RULES_READ),
    Read("/routing/lab/{run_id:int}", one, Permission.RULES_READ),
    Verb("/routing/lab/simulate", simulate, Permission.RULES_WRITE),
    Verb("/routing/lab/{run_id:int}/cancel", cancel, Permission.RULES_WRITE),
    Verb("/routing/lab/{run_id:int}/delete", delete, Permission.RULES_WRITE),
)
