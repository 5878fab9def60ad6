"""Returns: what arrives, what waits for inspection, what is in doubt; receive and inspect."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.responses import PlainTextResponse, Response

from doorstep.delivery.console import page, words
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import returns as view
from doorstep.domain.analytics.views.returns import ReturnDetail, ReturnStage
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.domain.returns import views as return_views
from doorstep.domain.returns.model import Disposition, Grade, Inspection
from doorstep.domain.returns.views import ReturnLine
from doorstep.flows.payments import owed
from doorstep.flows.returns import receive_returns
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, ReturnId

STAGES = {
    ReturnStage.ARRIVING: ("Arriving", "Nothing is on its way back", "Returns appear here when a channel announces them."),
    ReturnStage.TO_INSPECT: ("To inspect", "Nothing waits for inspection", "Received parcels appear here; inspecting one triggers its refund."),
    ReturnStage.IN_DOUBT: ("Refund in doubt", "No refund is in doubt", "Refunds that failed or of which nobody knows appear here."),
    ReturnStage.DONE: ("Done", "No return is finished yet", "Inspected returns stay here for reference."),
}  # fmt: skip
GRADES = {
    Grade.NEW: "As new",
    Grade.B_GRADE: "B grade: worn or opened",
    Grade.DAMAGED: "Damaged",
    Grade.WRONG_ITEM: "Wrong item",
}
DISPOSITIONS = {
    Disposition.RESTOCK: "Back to stock",
    Disposition.QUARANTINE: "Quarantine",
    Disposition.SCRAP: "Scrap",
}


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One stage of the returns."""
    chosen = ask.query("stage") or ReturnStage.ARRIVING.value
    if chosen not in set(ReturnStage):
        raise errors.NotFound(f"There is no stage {chosen!r} of the returns.")
    with ask.app.db.read() as tx:
        rows = view.stage(tx, stage=ReturnStage(chosen), location_id=ask.location_id)
        counts = view.counts(tx, location_id=ask.location_id)
    context = {"rows": rows, "counts": counts, "stage": ReturnStage(chosen), "stages": STAGES}
    return page.render(ask, "returns/returns.html", context, toast=toast, status=status)


def _found(ask: Ask) -> ReturnDetail:
    with ask.app.db.read() as tx:
        found = view.detail(tx, return_id=ask.number("return_id"), now=ask.now)
    location_id = found.entry.facts.location_id
    ask.principal.require(
        Permission.RETURNS_READ, at=None if location_id is None else LocationId(location_id)
    )
    return found


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One return."""
    found = _found(ask)
    with ask.app.db.read() as tx:
        locations = [each for each in network.locations(tx).values() if ask.location_id in (None, each.id)]
        each = return_views.one(tx, return_id=found.entry.facts.id)
        everything = [
            Inspection(line.return_line_no, line.quantity, Grade.NEW, Disposition.RESTOCK)
            for line in each.lines
        ]
        refunds = owed.preview(tx, each=each, inspections=everything)
    context = {
        "found": found,
        "refunds": refunds,
        "locations": locations,
        "grades": GRADES,
        "dispositions": DISPOSITIONS,
        "may_write": ask.principal.can(Permission.RETURNS_WRITE),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "returns/return.html", context, toast=toast, status=status)


def _act(ask: Ask, verb: Callable[[WriteTx, ReturnId], str]) -> Response:
    _found(ask)
    return_id = ReturnId(ask.number("return_id"))
    return page.act(ask, lambda tx: verb(tx, return_id), show=one, back=f"{ROOT}/returns/{return_id}")


def receive(ask: Ask) -> Response:
    """A person has the parcel in hands."""

    def verb(tx: WriteTx, return_id: ReturnId) -> str:
        chosen = ask.whole("location")
        location_id = ask.location_id or (None if chosen is None else LocationId(chosen))
        receive_returns.receive(tx, return_id=return_id, location_id=location_id, now=ask.now)
        return "Received: open the parcel and say what you find."

    return _act(ask, verb)


def inspect(ask: Ask) -> Response:
    """What was found in the parcel; this decides stock and money."""

    def verb(tx: WriteTx, return_id: ReturnId) -> str:
        lines = return_views.one(tx, return_id=return_id).lines
        receive_returns.inspect(tx, return_id=return_id, inspections=_inspections(ask, lines), now=ask.now)
        return "Inspected: stock is booked, and what is owed is refunded."

    return _act(ask, verb)


def preview(ask: Ask) -> Response:
    """What the form as it stands would refund: an amount, or the sentence that says what is wrong."""
    _found(ask)
    with ask.app.db.read() as tx:
        each = return_views.one(tx, return_id=ask.number("return_id"))
        try:
            amounts = list(owed.preview(tx, each=each, inspections=_inspections(ask, each.lines)).values())
        except errors.Invalid as problem:
            return PlainTextResponse(problem.message)
    return PlainTextResponse(words.money(sum(amounts[1:], start=amounts[0])))


def _inspections(ask: Ask, lines: Sequence[ReturnLine]) -> list[Inspection]:
    return [_inspection(ask, line.return_line_no) for line in lines]


def _inspection(ask: Ask, line_no: int) -> Inspection:
    grade, disposition = ask.form.get(f"grade-{line_no}", ""), ask.form.get(f"disposition-{line_no}", "")
    if grade not in set(Grade) or disposition not in set(Disposition):
        raise errors.Invalid(
            "Choose a grade and where the pieces go, for every line.", field=f"grade-{line_no}"
        )
    return Inspection(
        return_line_no=line_no,
        quantity=ask.whole(f"quantity-{line_no}") or 0,
        grade=Grade(grade),
        disposition=Disposition(disposition),
        refund=ask.form.get(f"refund-{line_no}") == "yes",
        note=ask.form.get(f"note-{line_no}", "").strip(),
    )


ROUTES: Routes = (
    Read("/returns", show, Permission.RETURNS_READ),
    Read("/returns/{return_id:int}", one, Permission.RETURNS_READ),
    Verb("/returns/{return_id:int}/receive", receive, Permission.RETURNS_WRITE),
    Verb("/returns/{return_id:int}/inspect", inspect, Permission.RETURNS_WRITE),
    Verb("/returns/{return_id:int}/preview", preview, Permission.RETURNS_WRITE),
)
