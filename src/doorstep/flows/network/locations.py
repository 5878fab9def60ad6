"""Create, change, close and reopen locations; closing says what blocks it and what happens next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.fulfillment import views as fulfillment
from doorstep.domain.inventory.actions import rules
from doorstep.domain.inventory.views import locations as stock
from doorstep.domain.invoicing import model as invoicing
from doorstep.domain.network import actions, views
from doorstep.domain.network.model import Location
from doorstep.domain.returns import views as returns
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import plural
from doorstep.kernel.message import Counted, Message

_ORDERS_LEFT = plural(
    "{n} fulfillment order is not finished: ship, reject or recall it first.",
    "{n} fulfillment orders are not finished: ship, reject or recall them first.",
)
_RETURNS_LEFT = plural(
    "{n} return is not finished: receive and inspect it first.",
    "{n} returns are not finished: receive and inspect them first.",
)
_TRANSFERS_LEFT = plural(
    "{n} transfer is not finished: receive or cancel it first.",
    "{n} transfers are not finished: receive or cancel them first.",
)
_COUNTS_LEFT = plural(
    "{n} stock count is not finished: approve or cancel it first.",
    "{n} stock counts are not finished: approve or cancel them first.",
)
_REROUTED = plural(
    "{n} planned fulfillment order will be routed to another location.",
    "{n} planned fulfillment orders will be routed to other locations.",
)
_NOT_SOLD = plural(
    "{n} unit on hand can no longer be sold: transfer it or write it off.",
    "{n} units on hand can no longer be sold: transfer them or write them off.",
)
_RELEASED = ("open", "accepted", "picked", "packed")


@dataclass(frozen=True, slots=True)
class Closing:
    """What blocks closing a location, and what closing it does, each a sentence."""

    obstacles: tuple[Message, ...]
    effects: tuple[Message, ...]


def put(tx: WriteTx, *, locations: Sequence[Location], now: datetime) -> None:
    """Create or change locations by code; the availability rules apply to them at once.

    Raises Invalid for the first wrong field, also for a GSTIN of another state than the location's, and for a
    carrier that is no connection.
    """
    for each in locations:
        _check_state(each)
    _check_carriers(tx, locations)
    actions.put(tx, locations=locations, at=now)
    rules.apply_to_locations(tx)


def _check_state(location: Location) -> None:
    if location.country != "IN" or not location.gstin:
        return
    number, name = invoicing.gst_state(location.state_code)
    if not location.gstin.startswith(number):
        raise errors.Invalid(
            f"{location.gstin} is not registered in {name}: a GSTIN of {location.code} begins with {number}.",
            field="gstin",
        )


def _check_carriers(tx: ReadTx, locations: Sequence[Location]) -> None:
    """A carrier must be a connection; before the first carrier is connected, any key may be named ahead."""
    carriers = sorted(row.key for row in connections.all_connections(tx) if row.kind == Kind.CARRIERS)
    before = {each.code: each for each in views.locations(tx).values()}
    for each in locations if carriers else ():
        for field in ("carrier", "return_carrier"):
            key: str = getattr(each, field)
            is_kept = each.code in before and key == getattr(before[each.code], field)
            if key and key not in carriers and not is_kept:
                raise errors.Invalid(
                    f"{key!r} is not a carrier connection: use one of {', '.join(carriers)}.", field=field
                )


def preview_closing(tx: ReadTx, *, location_id: int) -> Closing:
    """What would block closing a location and what it would do; changes nothing. Raises NotFound."""
    views.location(tx, location_id=location_id)
    work = fulfillment.unfinished_at(tx, location_id=location_id)
    left = stock.stock_work(tx, location_id=location_id)
    unfinished = (
        (sum(work.get(state, 0) for state in _RELEASED), _ORDERS_LEFT),
        (returns.expected_at(tx, location_id=location_id), _RETURNS_LEFT),
        (left.transfers, _TRANSFERS_LEFT),
        (left.counts, _COUNTS_LEFT),
    )
    follows = ((work.get("planned", 0), _REROUTED), (left.on_hand, _NOT_SOLD))
    return Closing(_sentences(unfinished), _sentences(follows))


def close(tx: WriteTx, *, location_id: int, reason: str, now: datetime) -> Closing:
    """Close a location: nothing is routed to it any more, and planned work is re-routed.

    Raises Conflict with the list of what must be finished first.
    """
    closing = preview_closing(tx, location_id=location_id)
    if closing.obstacles:
        code = views.location(tx, location_id=location_id).code
        raise errors.Conflict(
            f"{code} cannot be closed yet. {' '.join(each.english() for each in closing.obstacles)}"
        )
    actions.close(tx, location_id=location_id, reason=reason, at=now)
    return closing


def reopen(tx: WriteTx, *, location_id: int, now: datetime) -> None:
    """Route orders to a closed location again; backordered orders are tried at once."""
    actions.reopen(tx, location_id=location_id, at=now)


def _sentences(counted: Iterable[tuple[int, tuple[str, str]]]) -> tuple[Message, ...]:
    return tuple(Message("%(sentence)s", sentence=Counted(count, forms)) for count, forms in counted if count)
