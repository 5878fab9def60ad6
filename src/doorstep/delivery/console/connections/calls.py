"""The list of calls that a connection in shadow mode only logged, and what each is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from doorstep.delivery.console import cells, formats, labels, lists
from doorstep.delivery.console.cells import At, Cell, Link, Text
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice
from doorstep.domain.network import views as network
from doorstep.domain.orders import views as orders
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.views import Shipment
from doorstep.flows import operations
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Shadowed


@dataclass(frozen=True, slots=True)
class Unsent:
    """A call that was not sent; the order, the parcel and the location that it is about, where there is one."""

    call: Shadowed
    order_id: int | None = None
    order_number: str = ""
    shipment: Shipment | None = None
    location: str = ""


def _id(call: Shadowed, stream: str) -> int | None:
    """The id of an order, a shipment or a location that a call is about."""
    found = call.key if call.stream == stream else call.data.get(f"{stream}_id")
    return found if isinstance(found, int) else None


def with_subjects(tx: ReadTx, calls: Sequence[Shadowed]) -> list[Unsent]:
    """What each call is about."""
    shipments = parcels.shipments(tx, shipment_ids=filter(None, (_id(call, "shipment") for call in calls)))
    order_ids = {call.id: _order_id(call, shipments) for call in calls}
    numbers = orders.numbers(tx, order_ids=[OrderId(each) for each in order_ids.values() if each])
    locations = network.locations(tx)
    found = []
    for call in calls:
        shipment = shipments.get(_id(call, "shipment") or 0)
        location = locations.get(shipment.location_id if shipment else _id(call, "location") or 0)
        order_id = order_ids[call.id]
        number = numbers.get(OrderId(order_id), "") if order_id else ""
        found.append(Unsent(call, order_id, number, shipment, location.name if location else ""))
    return found


def _order_id(call: Shadowed, shipments: Mapping[int, Shipment]) -> int | None:
    shipment = shipments.get(_id(call, "shipment") or 0)
    return shipment.order_id if shipment else _id(call, "order")


def _subject(row: Unsent) -> Cell:
    if row.order_number:
        return Link(row.order_number, f"/orders/{row.order_id}", "code")
    return Text(f"{labels.label('subject', row.call.stream)} {row.call.key}")


def _parcel(row: Unsent) -> Cell:
    number = row.shipment.tracking_number if row.shipment else ""
    return Text(number, "code") if number else cells.NONE


def _fields(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a document with their names in words, as in `items 1 sku`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(inner, f"{name} {str(key).replace('_', ' ')}".strip())
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _fields(inner, f"{name} {number}".strip())
    elif value not in {"", None}:
        yield name, str(value)


def _would_send(row: Unsent) -> list[Cell]:
    """Method and address, then the fields of the body."""
    details = dict(row.call.would_send)
    call = " ".join(str(details.pop(name)) for name in ("method", "path") if name in details)
    body = details.pop("body", None)
    fields = [*_fields(details), *_fields(body)]
    words = " · ".join(f"{name}: {value}" if name else value for name, value in fields)
    return [Text(words, look) for words, look in ((call, "code"), (words, "")) if words]


def unsent_list(key: str) -> ListPage[Unsent]:
    """Calls that a connection only logged in shadow mode, oldest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[Unsent]:
        wanted = lists.keyset(query, jobs.SHADOWED, limit)
        found = lists.cut(operations.unsent(tx, key=key, page=wanted), jobs.SHADOWED, wanted)
        return Slice(with_subjects(tx, found.rows), found.next_cursor)

    return ListPage(
        path=f"/connections/{key}/unsent",
        columns=(
            Column(
                _m("Call"),
                lambda row: Text(formats.handler(row.call.subscriber), "strong"),
                "s1",
                "subscriber",
            ),
            Column(_m("Subject"), _subject, "s2"),
            Column(_m("Tracking number"), _parcel, "s6"),
            Column(_m("Location"), lambda row: lists.text(row.location), "s5 nowrap"),
            Column(_m("Event"), lambda row: Text(row.call.event_type, "code"), "s3"),
            Column(_m("Since"), lambda row: At(row.call.occurred_at), "s4", "occurred_at"),
            Column(_m("Would send"), _would_send, "wide full s7"),
        ),
        fetch=fetch,
        noun=plural("{n} call not sent", "{n} calls not sent"),
        sort="occurred_at",
        look="cards",
    )
