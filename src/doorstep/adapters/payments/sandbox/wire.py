"""Parse the sandbox gateway's events: our own snapshots in an envelope, as JSON."""

from __future__ import annotations

import msgspec

from doorstep.domain.payments import model as payments
from doorstep.kernel import parsing

Observation = payments.PaymentSnapshot | payments.RefundSnapshot

_SHAPES: dict[str, type[Observation]] = {
    "payment": payments.PaymentSnapshot,
    "refund": payments.RefundSnapshot,
}


class Header(msgspec.Struct, kw_only=True):
    """The metadata of every event."""

    id: str = ""
    topic: str = ""


class Event(msgspec.Struct, kw_only=True):
    """An event; `data` has the fields of the snapshot that the topic names."""

    data: dict[str, object]


def parse(topic: str, body: bytes) -> tuple[Observation, ...]:
    """The snapshot in an event, nothing for other topics. Raises Invalid with the wrong field."""
    event = parsing.read(body, Event)
    shape = _SHAPES.get(topic)
    return () if shape is None else (parsing.shaped(event.data, shape, at="data"),)
