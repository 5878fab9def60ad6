"""Home: what needs me now, today against the same weekday, what just happened; and the pulse of the live dot."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import JSONResponse, RedirectResponse, Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.routes import Read, Routes
from doorstep.domain.analytics.views import home as view
from doorstep.domain.identity.model import Permission


@dataclass(frozen=True, slots=True)
class Call:
    """How a need is told and where it is worked off."""

    title: str
    advice: str
    path: str
    icon: str
    meaning: str
    permission: Permission = Permission.ORDERS_READ


CALLS = {
    "held": Call("Orders are held", "Read the reason, mend it, release.", "/orders?view=held", "hand", "attention"),
    "unallocated": Call("Orders have no stock or location yet", "They are tried again by themselves; move stock or cancel.", "/orders?view=unallocated", "layers", "attention"),
    "late": Call("Orders should have left already", "Ship them first, or reject so that another location does.", "/orders?view=late", "clock", "danger"),
    "not_accepted": Call("Locations let work lie", "Ask there; it goes to another location when its time is over.", "/fulfillment", "clock", "danger", Permission.FULFILLMENT_READ),
    "carriers_out": Call("Carriers are out", "See which; their orders go another way or wait.", "/network", "alert", "danger", Permission.RULES_READ),
    "to_inspect": Call("Returns wait for inspection", "The customer's money waits with them.", "/returns?stage=to_inspect", "return", "info", Permission.RETURNS_READ),
    "in_doubt": Call("Refunds are in doubt", "Look at the gateway before anything is repeated.", "/returns?stage=in_doubt", "money", "danger", Permission.RETURNS_READ),
    "dead_letters": Call("Dead letters wait for a fix", "Read the error, mend the cause, re-drive.", "/dead-letters", "letter", "danger", Permission.DEAD_LETTERS_READ),
    "stale_sources": Call("Stock sources are silent", "What they tell of is unknown until they are heard again.", "/atp-rules", "plug", "danger", Permission.INVENTORY_READ),
    "contradictory": Call("Reserved pieces were not found", "Count there; until then nothing of them is promised.", "/inventory?missing=yes", "alert", "danger", Permission.INVENTORY_READ),
    "counts_to_approve": Call("Counts wait for approval", "See what differs, then agree or have it counted again.", "/counts?state=counted", "barcode", "attention", Permission.INVENTORY_READ),
    "trial_stopped": Call("A guardrail ended a trial of rules", "Read why; the rules that decide are what they were.", "/routing/lab", "route", "attention", Permission.RULES_READ),
    "transfers_overdue": Call("Transfers should have arrived", "Receive them, or ask where they are.", "/transfers", "route", "attention", Permission.INVENTORY_READ),
}  # fmt: skip


def show(ask: Ask) -> Response:
    """The page; staff of one location start at their board instead."""
    if ask.location_id is not None:
        return RedirectResponse(f"{ROOT}/fulfillment/{ask.location_id}", status_code=303)
    with ask.app.db.read() as tx:
        found = view.home(tx, now=ask.now, timezone=ask.zone.key)
    needs = [(need, CALLS[need.key]) for need in found.needs if ask.principal.can(CALLS[need.key].permission)]
    return page.render(ask, "home/home.html", {"home": found, "needs": needs})


def pulse(ask: Ask) -> Response:
    """Whether something happened: a word that changes with every event, and the counts beside the navigation."""
    with ask.app.db.read() as tx:
        head = view.head(tx)
        badges = view.badges(tx, now=ask.now, location_id=ask.location_id)
    counts = {"orders": badges.attention, "fulfillment": badges.late, "returns": badges.to_inspect}
    if ask.principal.can(Permission.DEAD_LETTERS_READ):
        counts["dead-letters"] = badges.dead_letters
    return JSONResponse({"head": head, "badges": counts}, headers={"Cache-Control": "no-store"})


ROUTES: Routes = (
    Read("/", show, Permission.ORDERS_READ),
    Read("/pulse", pulse),
)
