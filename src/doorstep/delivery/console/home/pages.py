"""Home: what needs attention, today against a week ago, the latest events; and the poll of the live dot."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import JSONResponse, RedirectResponse, Response

from doorstep.delivery.console import page
from doorstep.delivery.console.home import background
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes
from doorstep.domain.analytics.views import home as view
from doorstep.domain.identity.model import Permission
from doorstep.kernel.i18n import mark as _m


@dataclass(frozen=True, slots=True)
class Card:
    """How something that needs attention is shown, and the page on which it is worked off."""

    title: str
    advice: str
    path: str
    icon: str
    meaning: str
    permission: Permission = Permission.ORDERS_READ


CARDS = {
    "held": Card(
        _m("Held orders"),
        _m("Fix the cause, then release the order."),
        "/orders?view=held",
        "hand",
        "attention",
    ),
    "unallocated": Card(
        _m("Unallocated orders"),
        _m("Doorstep retries them automatically. Move stock to ship them sooner, or cancel."),
        "/orders?view=unallocated",
        "layers",
        "attention",
    ),
    "late": Card(
        _m("Late orders"),
        _m("Ship these first, or reject them to route them elsewhere."),
        "/orders?view=late",
        "clock",
        "danger",
    ),
    "not_accepted": Card(
        _m("Unaccepted work"),
        _m("Call the location. If it does not accept, Doorstep routes the work elsewhere."),
        "/fulfillment",
        "clock",
        "danger",
        Permission.FULFILLMENT_READ,
    ),
    "carriers_out": Card(
        _m("Carrier outages"),
        _m("Orders use another carrier or wait. End the outage when the carrier is back."),
        "/network",
        "alert",
        "danger",
        Permission.RULES_READ,
    ),
    "to_inspect": Card(
        _m("Returns to inspect"),
        _m("The customer is refunded after the inspection."),
        "/returns?view=to_inspect",
        "return",
        "info",
        Permission.RETURNS_READ,
    ),
    "in_doubt": Card(
        _m("Refunds to check"),
        _m("Check the payment gateway before you retry."),
        "/returns?view=in_doubt",
        "money",
        "danger",
        Permission.RETURNS_READ,
    ),
    "dead_letters": Card(
        _m("Dead letters"),
        _m("Read the error, fix the cause, retry."),
        "/dead-letters",
        "letter",
        "danger",
        Permission.DEAD_LETTERS_READ,
    ),
    "stale_sources": Card(
        _m("Overdue stock feeds"),
        _m("Availability is unknown until the next update."),
        "/availability-rules",
        "plug",
        "danger",
        Permission.INVENTORY_READ,
    ),
    "contradictory": Card(
        _m("Reserved units not found"),
        _m("Count them. Until then they are not promised."),
        "/inventory?missing=yes",
        "alert",
        "danger",
        Permission.INVENTORY_READ,
    ),
    "counts_to_approve": Card(
        _m("Counts to approve"),
        _m("Review the variances, then approve or request a recount."),
        "/counts?state=counted",
        "barcode",
        "attention",
        Permission.INVENTORY_READ,
    ),
    "trial_stopped": Card(
        _m("A guardrail ended a trial of routing rules"),
        _m("See why. The active rules are unchanged."),
        "/routing/lab",
        "route",
        "attention",
        Permission.RULES_READ,
    ),
    "unmapped_names": Card(
        _m("Names that are not mapped"),
        _m("Connections used names that Doorstep does not know. Map them."),
        "/unmapped-names",
        "plug",
        "attention",
        Permission.CONNECTIONS_READ,
    ),
    "transfers_overdue": Card(
        _m("Overdue transfers"),
        _m("Receive them, or ask the sender."),
        "/transfers",
        "route",
        "attention",
        Permission.INVENTORY_READ,
    ),
}


def show(req: PageRequest) -> Response:
    """The page; staff of one location start at their board instead."""
    if req.location_id is not None:
        return RedirectResponse(f"{ROOT}/fulfillment/{req.location_id}", status_code=303)
    with req.app.db.read() as tx:
        found = view.home(tx, now=req.now, timezone=req.zone.key, currency=req.app.settings.home_currency)
        work = background.lines(req, tx)
    needs = [(need, CARDS[need.key]) for need in found.needs if req.principal.can(CARDS[need.key].permission)]
    return page.render(req, "home/home.html", {"home": found, "needs": needs, "work": work})


def pulse(req: PageRequest) -> Response:
    """The event cursor and the counts of the navigation, for the live dot."""
    with req.app.db.read() as tx:
        head = view.head(tx)
        badges = view.badges(tx, now=req.now, location_id=req.location_id)
    counts = {"orders": badges.attention, "fulfillment": badges.late, "returns": badges.to_inspect}
    if req.principal.can(Permission.DEAD_LETTERS_READ):
        counts["dead-letters"] = badges.dead_letters
    return JSONResponse({"head": head, "badges": counts}, headers={"Cache-Control": "no-store"})


ROUTES: Routes = (
    Read("/", show, Permission.ORDERS_READ),
    Read("/pulse", pulse),
)
