"""Create, change, close and reopen locations; closing says what blocks it and what happens next."""

from __future__ import annotations

from collections.abc import Sequence
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

_RELEASED = ("open", "accepted", "picked", "packed")


@dataclass(frozen=True, slots=True)
class Closing:
    """What blocks closing a location, and what closing it does, each a sentence."""

    obstacles: tuple[str, ...]
    effects: tuple[str, ...]


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
    obstacles = (
        _counted(
            sum(work.get(state, 0) for state in _RELEASED), "fulfillment order", "ship, reject or recall"
        ),
        _counted(returns.expected_at(tx, location_id=location_id), "return", "receive and inspect"),
        _counted(left.transfers, "transfer", "receive or cancel"),
        _counted(left.counts, "stock count", "approve or cancel"),
    )
    effects = []
    if planned := work.get("planned", 0):
        effects.append(f"{_plural(planned, 'planned fulfillment order')} will be routed to other locations.")
    if left.on_hand:
        effects.append(
            f"{_plural(left.on_hand, 'unit')} on hand can no longer be sold: transfer them or write them off."
        )
    return Closing(tuple(each for each in obstacles if each), tuple(effects))


def close(tx: WriteTx, *, location_id: int, reason: str, now: datetime) -> Closing:
    """Close a location: nothing is routed to it any more, and planned work is re-routed.

    Raises Conflict with the list of what must be finished first.
    """
    closing = preview_closing(tx, location_id=location_id)
    if closing.obstacles:
        code = views.location(tx, location_id=location_id).code
        raise errors.Conflict(f"{code} cannot be closed yet. {' '.join(closing.obstacles)}")
    actions.close(tx, location_id=location_id, reason=reason, at=now)
    return closing


def reopen(tx: WriteTx, *, location_id: int, now: datetime) -> None:
    """Route orders to a closed location again; backordered orders are tried at once."""
    actions.reopen(tx, location_id=location_id, at=now)


def _counted(count: int, noun: str, verbs: str) -> str:
    return (
        f"{_plural(count, noun)} {'is' if count == 1 else 'are'} not finished: {verbs} first."
        if count
        else ""
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
