"""The lab: a draft over the past beside what decides, run by run; what a day's decisions cost beside the best plan of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from doorstep.delivery.console import page, words
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
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
from doorstep.domain.routing.views.lab import LabRun, Slice
from doorstep.flows.network import lanes
from doorstep.flows.routing_rules import simulation_jobs, trial_control
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx

BACK = f"{ROOT}/routing/lab"
STATES = {
    "waiting": ("Waiting", "neutral", "clock"),
    "running": ("Running", "progress", "half"),
    "done": ("Done", "success", "check"),
    "failed": ("Failed", "danger", "alert"),
    "cancelled": ("Cancelled", "neutral", "cross"),
}
MARKS = {
    "better": ("Better", "success", "check"),
    "worse": ("Worse", "danger", "alert"),
    "same": ("Same", "neutral", "circle"),
}
PARTS = {
    "": "All",
    "dearer": "Dearer",
    "cheaper": "Cheaper",
    "more_parcels": "More parcels",
    "fewer_parcels": "Fewer parcels",
    "short": "Left waiting",
}
SORTS = {"cost": "Dearest first", "saving": "Cheapest first", "order": "As they came"}
_A_PAGE = 50
_MOST_BYTES = 200_000_000
_REGRET_DAYS = 30


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """What was simulated, the trial, and regret day by day."""
    with ask.app.db.read() as tx:
        tried = trials.trials(tx, limit=10)
        running = next((each for each in tried if each.ended_at is None), None)
        looked = tried[0] if tried else None
        context = {
            **_frame(ask, tx),
            "versions": rules.versions(tx),
            "active": rules.active_number(tx),
            "runs": [(each, _cost(each)) for each in views.runs(tx)],
            "trials": tried,
            "running": running,
            "looked": looked,
            "sides": trials.sides(tx, trial_id=looked.id) if looked else None,
            "verdict": trial_control.verdict(tx, trial=looked) if looked else None,
            "rails": Guardrails(),
            "regret": _regret(tx),
            "form": ask.form if status != 200 else {},  # noqa: PLR2004 - what went well is stored
        }
    return page.render(ask, "lab/lab.html", context, toast=toast, status=status)


def _frame(ask: Ask, tx: ReadTx) -> dict[str, object]:
    names = {f"user:{each.id}": each.name for each in identity.users(tx)}
    names |= {f"api:{each.id}": each.name for each in identity.api_keys(tx)}
    return {
        "names": names,
        "may_write": ask.principal.can(Permission.RULES_WRITE),
        "currency": lanes.configuration(tx, at=ask.now).said.document.currency,
        "states": STATES,
        "marks": MARKS,
        "figure": figure,
    }


def _cost(run: LabRun) -> float | None:
    """What an order costs by the draft, as a ratio."""
    if run.before is None or run.after is None:
        return None
    return compare(run.before, run.after)[0].ratio


def _regret(tx: ReadTx) -> list[tuple[str, int, int]]:
    """Days that were looked back on, the oldest first: day, what was paid, what the best plan would have cost."""
    found = [each for each in runs.history(tx, limit=2_000) if each.kind is RunKind.REGRET and each.attempted]
    newest = sorted(found, key=lambda each: each.run)[-_REGRET_DAYS:]
    return [(each.run, each.before_minor or 0, each.after_minor or 0) for each in newest]


def figure(measure: Measure, value: float, currency: str) -> str:
    """A measure's value as people read it."""
    if measure.unit == "money":
        return words.minor(round(value), currency) if currency else f"{value:,.1f}"
    unit = {"percent": " %", "km": " km", "grams": " g"}.get(measure.unit, "")
    return f"{value:,.2f}{unit}"


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One simulation: how far it is, or both sides and the orders that change."""
    run_id, only = ask.number("run_id"), ask.query("only")
    sort, offset = ask.query("sort") or "cost", int(ask.query("from")) if ask.query("from").isdigit() else 0
    with ask.app.db.read() as tx:
        run = views.run(tx, run_id=run_id)
        part = Slice(only, sort, offset, _A_PAGE)
        context = {
            **_frame(ask, tx),
            "run": run,
            "counts": views.counts(tx, run_id=run_id),
            "changes": views.changes(tx, run_id=run_id, part=part),
            "part": part,
            "query": {"only": only, "sort": "" if sort == "cost" else sort},
            "parts": PARTS,
            "sorts": SORTS,
            "compared": compare(run.before, run.after) if run.before and run.after else (),
            "loads": busy(run.before, run.after) if run.before and run.after else (),
            "draft": rules.version(tx, number=run.draft) if run.draft else None,
        }
    return page.render(ask, "lab/run.html", context, toast=toast, status=status)


def simulate(ask: Ask) -> Response:
    """Ask for a simulation; a worker does it."""
    made: list[int] = []

    def verb(tx: WriteTx) -> str:
        made.append(simulation_jobs.queue(tx, new=_asked(ask, tx), now=ask.now))
        return "It is simulated now."

    try:
        with ask.app.db.write(actor=ask.principal.actor, trace_id=ask.trace_id) as tx:
            said = verb(tx)
    except errors.DoorstepError as problem:
        return show(ask, Toast(problem.message, "danger"), page.status_of(problem))
    return page.go(ask, f"{BACK}/{made[0]}", said)


def _asked(ask: Ask, tx: ReadTx) -> NewRun:
    days, every = ask.whole("days") or 7, ask.whole("every") or 15
    if not 1 <= days <= 366:  # noqa: PLR2004 - a year
        raise errors.Invalid("Choose from 1 to 366 days.", field="days")
    orders, stock = ask.uploads.get("orders"), ask.uploads.get("stock")
    return NewRun(
        "simulation",
        ask.whole("draft"),
        rules.active_number(tx),
        ask.now - timedelta(days=days),
        ask.now,
        every_minutes=max(1, every),
        orders_name=orders.filename or "" if orders is not None else "",
        orders_file=_text(orders, "orders"),
        stock_file=_text(stock, "stock"),
    )


def _text(upload: UploadFile | None, name: str) -> str | None:
    if upload is None or not upload.filename:
        return None
    raw = upload.file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise errors.Invalid(f"{upload.filename} is too long: give a part of it.", field=name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise errors.Invalid(f"{upload.filename} is no text in UTF-8.", field=name) from None


def cancel(ask: Ask) -> Response:
    """End a simulation."""
    run_id = ask.number("run_id")

    def verb(tx: WriteTx) -> str:
        verbs.cancel(tx, run_id=run_id, at=ask.now)
        return "It ends at the next batch."

    return page.act(ask, verb, show=one, back=f"{BACK}/{run_id}")


def delete(ask: Ask) -> Response:
    """Forget a simulation."""
    try:
        with ask.app.db.write(actor=ask.principal.actor, trace_id=ask.trace_id) as tx:
            verbs.delete(tx, run_id=ask.number("run_id"))
    except errors.DoorstepError as problem:
        return show(ask, Toast(problem.message, "danger"), page.status_of(problem))
    return page.go(ask, BACK, "The simulation is deleted.")


def changes_csv(ask: Ask) -> Response:
    """The orders that change, as CSV."""
    run_id, only = ask.number("run_id"), ask.query("only")

    def pieces() -> Iterator[bytes]:
        with ask.app.db.read() as tx:
            yield from views.csv(tx, run_id=run_id, only=only)

    with ask.app.db.read() as tx:
        views.run(tx, run_id=run_id)
        views.changes(tx, run_id=run_id, part=Slice(only, limit=0))
    headers = {
        "Content-Disposition": f'attachment; filename="simulation-{run_id}.csv"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(pieces(), media_type="text/csv; charset=utf-8", headers=headers)


ROUTES: Routes = (
    Read("/routing/lab", show, Permission.RULES_READ),
    Read("/routing/lab/{run_id:int}", one, Permission.RULES_READ),
    Read("/routing/lab/{run_id:int}/changes.csv", changes_csv, Permission.RULES_READ),
    Verb("/routing/lab/simulate", simulate, Permission.RULES_WRITE),
    Verb("/routing/lab/{run_id:int}/cancel", cancel, Permission.RULES_WRITE),
    Verb("/routing/lab/{run_id:int}/delete", delete, Permission.RULES_WRITE),
)
