"""Parse the sandbox channel's events: our own snapshots in an envelope, as JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from doorstep.domain.orders import model as orders
from doorstep.domain.payments import model as payments
from doorstep.domain.returns import model as returns
from doorstep.kernel import parsing

Observation = orders.OrderSnapshot | payments.PaymentSnapshot | returns.ReturnSnapshot

_SHAPES: dict[str, type[Observation]] = {
    "order": orders.OrderSnapshot,
    "payment": payments.PaymentSnapshot,
    "return": returns.ReturnSnapshot,
}


class Header(msgspec.Struct, kw_only=True):
    """The metadata of every event."""

    id: str = ""
    topic: str = ""
    sent_at: datetime | None = None


class Event(msgspec.Struct, kw_only=True):
    """An event; `data` has the fields of the snapshot that the topic names."""

    data: dict[str, object]


def parse(topic: str, body: bytes) -> tuple[Observation, ...]:
    """The snapshot in an event, nothing for other topics. Raises Invalid with the wrong field."""
    event = parsing.read(body, Event)
    shape = _SHAPES.get(topic)
    return () if shape is None else (parsing.shaped(event.data, shape, at="data"),)


def order(body: bytes) -> orders.OrderSnapshot:
    """The order in an event. Raises Invalid."""
    return parsing.shaped(parsing.read(body, Event).data, orders.OrderSnapshot, at="data")


class Changed(msgspec.Struct, kw_only=True):
    """An event that only names the order that changed."""

    order_id: str


def changed_order(body: bytes) -> str:
    """The order that an event names. Raises Invalid."""
    return parsing.read(body, Changed).order_id
