"""The order list: saved views, filters, search, sorting and CSV."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import badges, cells, lists, page
from doorstep.delivery.console.cells import Amount, At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice, Tab
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes
from doorstep.domain.analytics import model as analytics
from doorstep.domain.analytics.views import orders as view
from doorstep.domain.analytics.views.orders import OrderFilter, OrderRow, OrderSort, OrderView
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.domain.orders.model import OrderStatus
from doorstep.domain.routing.views import rules
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural

VIEW_WORDS = {
    OrderView.ALL: _m("All"),
    OrderView.ATTENTION: _m("Needs attention"),
    OrderView.HELD: _m("Held"),
    OrderView.UNALLOCATED: _m("Unallocated"),
    OrderView.IN_FULFILLMENT: _m("In fulfillment"),
    OrderView.LATE: _m("Late"),
    OrderView.RETURNS: _m("Returns"),
}
EMPTY_WORDS = {
    OrderView.ALL: (_m("No orders yet"), _m("Orders appear here when a sales channel sends them.")),
    OrderView.ATTENTION: (
        _m("No order needs attention"),
        _m(
            "Backordered orders, orders on hold for another reason than payment, and orders with a label, refund, message or "
            "invoice that failed or is unconfirmed appear here."
        ),
    ),
    OrderView.HELD: (
        _m("No held orders"),
        _m("Orders that fail a check, or that someone holds, appear here with the reason."),
    ),
    OrderView.UNALLOCATED: (
        _m("Every order is allocated"),
        _m("Orders without a hold that wait for stock or a location appear here."),
    ),
    OrderView.IN_FULFILLMENT: (
        _m("No orders in fulfillment"),
        _m("Allocated orders appear here until they ship."),
    ),
    OrderView.LATE: (
        _m("No late orders"),
        _m("Orders that missed the cut-off of their location appear here."),
    ),
    OrderView.RETURNS: (_m("No returns yet"), _m("Orders with a return appear here.")),
}
PAYMENTS = (
    ("", _m("Any payment")),
    ("paid", _m("Paid")),
    ("unpaid", _m("Unpaid")),
    ("on_delivery", _m("Cash on delivery")),
)
_SORT_BY_DUE = frozenset({OrderView.LATE, OrderView.IN_FULFILLMENT, OrderView.ATTENTION, OrderView.HELD})


def _view(req: PageRequest) -> OrderView:
    chosen = req.query("view") or OrderView.ALL.value
    if chosen not in set(OrderView):
        raise errors.NotFound(_("There is no view {view} of the orders.").format(view=chosen))
    return OrderView(chosen)


def _status(row: OrderRow) -> Sequence[Cell]:
    counters = row.order.counters
    wanted = counters.ordered - counters.canceled
    badge = Status(badges.badge("order", row.headline), is_quiet=row.headline is OrderStatus.COMPLETED)
    if 0 < counters.shipped < wanted:
        part = _("{part} of {whole} shipped").format(part=counters.shipped, whole=wanted)
        return [badge, Text(part, "muted nowrap", value="")]
    return [badge]


def _customer(row: OrderRow) -> Sequence[Cell]:
    return [
        lists.text(row.order.customer),
        *([Text(row.order.city, "muted", value="")] if row.order.city else []),
    ]


def _holds(row: OrderRow) -> Cell:
    words = [_(analytics.hold_label(reason)) for reason in row.order.holds]
    return Text(", ".join(words), "attention-text") if words else cells.NONE


def _columns(chosen: OrderView, channels: dict[str, str]) -> Sequence[Column[OrderRow]]:
    by_due = "ship_by" if chosen in _SORT_BY_DUE else ""
    return (
        Column(
            _m("Order"),
            lambda row: Link(row.order.number, f"/orders/{row.order.id}", "code strong"),
            "s1",
        ),
        Column(_m("Placed"), lambda row: At(row.order.placed_at), "s5", sort="placed"),
        Column(_m("Customer"), _customer, "clip s3"),
        Column(_m("City"), lambda row: lists.text(row.order.city), only_in_file=True),
        Column(
            _m("Channel"),
            lambda row: lists.text(channels.get(row.order.channel, row.order.channel)),
            "clip minor",
        ),
        Column(_m("Items"), lambda row: Count(row.order.counters.ordered), "num minor"),
        Column(
            _m("Total"), lambda row: Amount(row.order.total_minor, row.order.currency), "num s4", sort="total"
        ),
        Column(_m("Currency"), lambda row: Text(row.order.currency), only_in_file=True),
        Column(
            _m("Payment"),
            lambda row: Status(badges.badge("order_payment", row.payment), is_quiet=row.payment == "paid"),
            "s7",
        ),
        Column(_m("Status"), _status, "s2"),
        Column(_m("Items shipped"), lambda row: Count(row.order.counters.shipped), only_in_file=True),
        Column(
            _m("Ship by"),
            lambda row: (
                Status(badges.time_left(row.time_left), value=At(row.time_left.ship_by).csv())
                if row.time_left
                else cells.NONE
            ),
            "s6",
            sort=by_due,
            title=_m("When the last open parcel should leave its location"),
        ),
        Column(_m("From"), lambda row: lists.text(", ".join(row.order.locations)), "clip minor"),
        Column(_m("Holds"), _holds, "clip s8"),
    )


def _filters(req: PageRequest, tx: ReadTx, channels: dict[str, str]) -> list[Choice]:
    locations = [each for each in network.locations(tx).values() if req.location_id in (None, each.id)]
    queues = list(
        dict.fromkeys([each.name for each in rules.compiled_rules(tx).document.queues] + [req.query("queue")])
    )
    found = [Choice("channel", _m("Channel"), [("", _m("Any channel")), *channels.items()])]
    if len(locations) > 1:
        options = [("", _m("Any location")), *((str(each.id), each.name) for each in locations)]
        found.append(Choice("location", _m("Location"), options))
    found.append(Choice("payment", _m("Payment"), PAYMENTS))
    if any(queues):
        options = [("", _m("Any queue")), *((each, each) for each in queues if each)]
        found.append(Choice("queue", _m("Queue"), options))
    return found


def order_list(req: PageRequest, tx: ReadTx) -> ListPage[OrderRow]:
    """The list as the address asks for it."""
    chosen = _view(req)
    channels = view.channel_names(tx)
    counts = view.counts(tx, now=req.now, location_id=req.location_id)

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[OrderRow]:
        payment = query.get("payment")
        wanted = OrderFilter(
            view=chosen,
            text=query.get("q"),
            channel=query.get("channel"),
            location_id=req.location_id or query.number("location"),
            payment=payment if payment in dict(PAYMENTS) else "",
            queue=query.get("queue"),
            sort=OrderSort(query.sort_key),
            is_ascending=query.is_ascending,
            limit=limit,
        )
        found = view.page(tx, wanted=wanted, now=req.now, cursor=query.cursor)
        return Slice(found.rows, found.next_cursor)

    return ListPage(
        path="/orders",
        columns=_columns(chosen, channels),
        fetch=fetch,
        noun=plural("{n} order", "{n} orders"),
        href=lambda row: f"/orders/{row.order.id}",
        search=_m("Number, name, phone, e-mail, SKU, tracking"),
        filters=_filters(req, tx, channels),
        tabs=[
            Tab(
                "" if each is OrderView.ALL else each.value,
                word,
                counts.get(each, 0),
                is_urgent=each is OrderView.LATE,
            )
            for each, word in VIEW_WORDS.items()
        ],
        sort="ship_by" if chosen is OrderView.LATE else "-placed",
        rows_a_page=50,
        look="cards",
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One page of the list, or all of it as CSV."""
    with req.app.db.read() as tx:
        listed = order_list(req, tx)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {"list": found, "empty_words": EMPTY_WORDS[_view(req)]}
    return page.render(req, "orders/orders.html", context, toast=toast, status=status)


def search(req: PageRequest) -> Response:
    """From the top bar: straight to the order if there is just one, else the list."""
    text = req.query("q").strip()
    with req.app.db.read() as tx:
        wanted = OrderFilter(text=text, location_id=req.location_id, limit=2)
        rows = view.page(tx, wanted=wanted, now=req.now).rows if text else []
    if len(rows) == 1:
        return RedirectResponse(f"{ROOT}/orders/{rows[0].order.id}", status_code=303)
    return RedirectResponse(page.with_query(f"{ROOT}/orders", {"q": text}), status_code=303)


ROUTES: Routes = (
    Read("/search", search, Permission.ORDERS_READ),
    Read("/orders", show, Permission.ORDERS_READ),
)
