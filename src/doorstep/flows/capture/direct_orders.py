"""Accept orders submitted directly (API, file import, POS): store, apply and answer them one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections import views as connection_views
from doorstep.domain.connections.actions import Arrival
from doorstep.domain.connections.model import Connection, InboundRequest
from doorstep.domain.orders import model
from doorstep.domain.orders import views as order_views
from doorstep.flows.capture import intake
from doorstep.flows.context import Context
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

DIRECT = "direct"  # the connector that reads these documents


class CaptureStatus(StrEnum):
    """The result of one document."""

    CREATED = "created"
    UPDATED = "updated"
    OUTDATED = "outdated"
    REPEATED = "repeated"
    REFUSED = "refused"
    STORED = "stored"


@dataclass(frozen=True, slots=True)
class CaptureResult:
    """The result of one document, in the given order. `stored` means that a worker will read it."""

    external_id: str
    result: CaptureStatus
    order_id: OrderId | None = None
    number: str = ""
    status: str = ""
    hold_reasons: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Documents:
    """Raw order documents for one direct connection."""

    connection: Connection
    bodies: Sequence[bytes]
    trace_id: str


def capture(context: Context, tx: WriteTx, *, documents: Documents) -> list[CaptureResult]:
    """Store documents and apply them at once: checked, allocated, reserved. Unreadable documents are kept, too.

    One bad document does not stop the others. Raises Conflict if another process stores the same order meanwhile.
    """
    arrivals = _arrivals(context, documents)
    names = [_external_id(arrival) for arrival in arrivals]
    before = order_views.by_external_id(tx, connection_id=documents.connection.id, external_ids=names)
    connections.replace_rejected(tx, arrivals=arrivals)
    fresh = connections.receive_here(tx, arrivals=arrivals)
    intake.read(context, tx, fresh)
    problems = connection_views.problems(
        tx, connection_id=documents.connection.id, event_ids=[each.external_event_id for each in arrivals]
    )
    state = _State(tx, documents.connection, names, frozenset(before), problems)
    unread = {each.external_event_id for each in fresh}
    outcomes = []
    for arrival, name in zip(arrivals, names, strict=True):
        outcomes.append(state.outcome(arrival, name, repeated=arrival.external_event_id not in unread))
        unread.discard(arrival.external_event_id)
    return outcomes


def store(context: Context, tx: WriteTx, *, documents: Documents) -> list[CaptureResult]:
    """Only store the documents; workers read them."""
    arrivals = _arrivals(context, documents)
    connections.replace_rejected(tx, arrivals=arrivals)
    connections.receive(tx, arrivals=arrivals)
    return [CaptureResult(_external_id(each), CaptureStatus.STORED) for each in arrivals]


def _arrivals(context: Context, documents: Documents) -> list[Arrival]:
    reader = context.partners.inbound(documents.connection.id)
    envelopes = [reader.envelope(InboundRequest({}, body)) for body in documents.bodies]
    return [
        Arrival(documents.connection.id, envelope.event_id, envelope.topic, {}, body, documents.trace_id)
        for envelope, body in zip(envelopes, documents.bodies, strict=True)
    ]


def _external_id(arrival: Arrival) -> str:
    """The order's id at the sender: the event id is id@version."""
    return arrival.external_event_id.rpartition("@")[0]


class _State:
    """The state of the orders after reading."""

    def __init__(
        self,
        tx: WriteTx,
        connection: Connection,
        names: Sequence[str],
        before: frozenset[str],
        problems: Mapping[str, str],
    ) -> None:
        self.problems = problems
        self.before = set(before)
        found = order_views.by_external_id(tx, connection_id=connection.id, external_ids=names)
        self.orders = {
            each.header.external_id: each for each in order_views.orders(tx, order_ids=list(found.values()))
        }
        self.holds: dict[int, list[str]] = {}
        for hold in order_views.open_holds(tx, order_ids=list(found.values())):
            self.holds.setdefault(hold.order_id, []).append(hold.message.english())

    def outcome(self, arrival: Arrival, name: str, *, repeated: bool) -> CaptureResult:
        if arrival.external_event_id in self.problems:
            return CaptureResult(name, CaptureStatus.REFUSED, error=self.problems[arrival.external_event_id])
        order = self.orders.get(name)
        if order is None:
            return CaptureResult(name, CaptureStatus.STORED)
        became = CaptureStatus.REPEATED if repeated else self._effect(arrival, name, order)
        self.before.add(name)
        held = tuple(self.holds.get(order.header.id, ()))
        short = any(
            line.requires_shipping and line.allocated + line.canceled < line.quantity for line in order.lines
        )
        status = model.order_status(order_views.counters(order), held=bool(held), short=not held and short)
        return CaptureResult(name, became, OrderId(order.header.id), order.header.number, status.value, held)

    def _effect(self, arrival: Arrival, name: str, order: order_views.Order) -> CaptureStatus:
        """The effect of a document that is new: an older version than ours has none."""
        if name not in self.before:
            return CaptureStatus.CREATED
        version = datetime.fromisoformat(arrival.external_event_id.rpartition("@")[2])
        return CaptureStatus.OUTDATED if version < order.header.version_at else CaptureStatus.UPDATED
