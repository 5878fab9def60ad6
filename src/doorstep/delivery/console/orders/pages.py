"""The order list: saved views, filters that are the address, search."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes
from doorstep.domain.analytics.views import orders as view
from doorstep.domain.analytics.views.orders import OrderFilter, OrderView
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.domain.routing.views import rules
from doorstep.kernel import errors

VIEW_WORDS = {
    OrderView.ALL: "All",
    OrderView.ATTENTION: "Needs attention",
    OrderView.HELD: "Held",
    OrderView.UNALLOCATED: "Unallocated",
    OrderView.IN_FULFILLMENT: "In fulfillment",
    OrderView.LATE: "Late",
    OrderView.RETURNS: "Returns",
}
EMPTY_WORDS = {
    OrderView.ALL: ("No orders yet", "They appear here as soon as a sales channel sends the first one."),
    OrderView.ATTENTION: ("Nothing needs attention", "Held, short, failed and doubtful orders appear here."),
    OrderView.HELD: (
        "No order is held",
        "Orders that fail a check, or that a person stops, wait here with their reason.",
    ),
    OrderView.UNALLOCATED: ("Every order has its location", "Orders that wait for stock appear here."),
    OrderView.IN_FULFILLMENT: (
        "No location works on an order now",
        "Allocated orders appear here until they ship.",
    ),
    OrderView.LATE: ("Nothing is late", "Work that should have left by its location's cut-off appears here."),
    OrderView.RETURNS: ("No returns yet", "Orders of which something comes back appear here."),
}
FILTERS = ("q", "channel", "location", "payment", "queue")
PAYMENTS = {"paid": "Paid", "unpaid": "Unpaid", "on_delivery": "Cash on delivery"}


def _filter(ask: Ask) -> OrderFilter:
    chosen = ask.query("view") or OrderView.ALL.value
    if chosen not in set(OrderView):
        raise errors.NotFound(f"There is no view {chosen!r} of the orders.")
    location = ask.query("location")
    return OrderFilter(
        view=OrderView(chosen),
        text=ask.query("q"),
        channel=ask.query("channel"),
        location_id=ask.location_id or (int(location) if location.isdigit() else None),
        payment=ask.query("payment") if ask.query("payment") in PAYMENTS else "",
        queue=ask.query("queue"),
    )


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One page of the list."""
    wanted = _filter(ask)
    with ask.app.db.read() as tx:
        found = view.page(tx, wanted=wanted, now=ask.now, cursor=ask.query("cursor"))
        context = {
            "counts": view.counts(tx, now=ask.now, location_id=ask.location_id),
            "channels": view.channels(tx),
            "queues": [each.name for each in rules.compiled_rules(tx).document.queues],
            "locations": [
                each for each in network.locations(tx).values() if ask.location_id in (None, each.id)
            ],
        }
    query = {key: ask.query(key) for key in ("view", *FILTERS)}
    return page.render(
        ask,
        "orders/orders.html",
        {
            **context,
            "page": found,
            "wanted": wanted,
            "query": query,
            "cursor": ask.query("cursor"),
            "views": VIEW_WORDS,
            "payments": PAYMENTS,
            "filters": FILTERS,
            "empty_words": EMPTY_WORDS[wanted.view],
            "filtered": any(query[key] for key in FILTERS),
        },
        toast=toast,
        status=status,
    )


def search(ask: Ask) -> Response:
    """From the top bar: straight to the order if there is just one, else the list."""
    text = ask.query("q").strip()
    with ask.app.db.read() as tx:
        wanted = OrderFilter(text=text, location_id=ask.location_id, limit=2)
        rows = view.page(tx, wanted=wanted, now=ask.now).rows if text else []
    if len(rows) == 1:
        return RedirectResponse(f"{ROOT}/orders/{rows[0].facts.id}", status_code=303)
    return RedirectResponse(page.with_query(f"{ROOT}/orders", {"q": text}), status_code=303)


ROUTES: Routes = (
    Read("/search", search, Permission.ORDERS_READ),
    Read("/orders", show, Permission.ORDERS_READ),
)
