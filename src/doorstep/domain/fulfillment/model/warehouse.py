"""Fulfillment orders that a warehouse of a partner carries out: what it gets, what it reports, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.domain.fulfillment.model import WorkLine
from doorstep.kernel import errors
from doorstep.kernel.ids import FulfillmentOrderId, OrderId


class WarehouseState(StrEnum):
    """requested: to be sent. sent: the warehouse has it. acknowledged: it does it. failed: it could not be sent.

    canceling: it was asked to stop; too_late: it cannot. refused: it does not do it. canceled, shipped: it has ended.
    """

    REQUESTED = "requested"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELING = "canceling"
    TOO_LATE = "too_late"
    CANCELED = "canceled"
    SHIPPED = "shipped"


_S = WarehouseState
_REPORTED = frozenset({_S.ACKNOWLEDGED, _S.REFUSED, _S.CANCELING, _S.CANCELED, _S.SHIPPED})
WAREHOUSE_MOVES: Mapping[WarehouseState, frozenset[WarehouseState]] = {
    _S.REQUESTED: _REPORTED | {_S.SENT, _S.FAILED},  # its report can come before our call returns
    _S.FAILED: _REPORTED | {_S.SENT, _S.REQUESTED},
    _S.SENT: _REPORTED,
    _S.ACKNOWLEDGED: _REPORTED - {_S.ACKNOWLEDGED},
    _S.CANCELING: frozenset({_S.REFUSED, _S.CANCELED, _S.TOO_LATE, _S.SHIPPED}),
    _S.TOO_LATE: frozenset({_S.CANCELED, _S.SHIPPED}),
    _S.REFUSED: frozenset(),
    _S.CANCELED: frozenset({_S.CANCELING}),  # it was canceled here while it was being sent
    _S.SHIPPED: frozenset(),
}
# The warehouse has it: it must be asked before the work ends here.
AT_WAREHOUSE = frozenset({_S.SENT, _S.ACKNOWLEDGED, _S.CANCELING, _S.TOO_LATE})


class CancelFor(StrEnum):
    """Why a warehouse is asked to stop: the order is canceled, the work is recalled, or it ended here already."""

    ORDER = "order"
    RECALL = "recall"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class WarehouseOrder:
    """A fulfillment order at a warehouse. `reference` is ours and permanent, `external_ref` the warehouse's.

    `warehouse` is its code of the location; `reported` the last thing that it reported.
    """

    fulfillment_order_id: FulfillmentOrderId
    order_id: OrderId
    connection_id: int
    warehouse: str
    reference: str
    external_ref: str
    state: WarehouseState
    reported: str = ""
    reported_at: datetime | None = None
    cancel_for: str = ""
    cancel_reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the parcel."""

    name: str
    company: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """Units to ship; `line_ref` names the line in what the warehouse reports."""

    line_ref: str
    sku: str
    title: str
    quantity: int


@dataclass(frozen=True, slots=True)
class FulfillmentRequest:
    """What a warehouse needs to ship. `reference` makes it happen once; `warehouse` is its code of the location."""

    reference: str
    warehouse: str
    order_number: str
    ordered_at: datetime
    ship_by: datetime | None
    service: str
    note: str
    recipient: Recipient
    lines: tuple[RequestedLine, ...]


class CancelAnswer(StrEnum):
    """accepted: it is not shipped. too_late: it is. asked: the answer comes as a message."""

    ACCEPTED = "accepted"
    TOO_LATE = "too_late"
    ASKED = "asked"


class WarehouseStatus(StrEnum):
    """What a warehouse reports about an order as a whole."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    PICKING = "picking"
    PACKED = "packed"
    CANCELED = "canceled"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class WarehouseUpdate:
    """A report about an order; `reason` is the warehouse's own words."""

    reference: str
    status: WarehouseStatus
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CartonLine:
    """Units of a line in a carton."""

    line_ref: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Carton:
    """A carton that left the warehouse; `external_id` is unique at the warehouse for ever."""

    external_id: str
    lines: tuple[CartonLine, ...]
    carrier: str = ""
    service: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    weight_grams: int = 0


@dataclass(frozen=True, slots=True)
class ShortLine:
    """Units that the warehouse does not ship."""

    line_ref: str
    quantity: int
    is_damaged: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WarehouseShipment:
    """Cartons of an order that left the warehouse, in this or in an earlier message; `short` is not shipped later."""

    reference: str
    shipped_at: datetime
    cartons: tuple[Carton, ...]
    short: tuple[ShortLine, ...] = ()


class UnknownReference(errors.Unavailable):
    """A report about an order that we have not sent; it may come before our call returns."""


def units_of(lines: Sequence[CartonLine | ShortLine]) -> dict[int, int]:
    """Units by order line. Raises Invalid for a line that is none of ours."""
    found: Counter[int] = Counter()
    for line in lines:
        if not (line.line_ref.isascii() and line.line_ref.isdigit()):
            raise errors.Invalid(f"The order has no line {line.line_ref!r}.", field="line_ref")
        found[int(line.line_ref)] += line.quantity
    return {line_no: quantity for line_no, quantity in found.items() if quantity}


def check_units(lines: Sequence[WorkLine], units: Mapping[int, int], *, doing: str) -> None:
    """Raise Invalid for units that the work does not have, as when the warehouse ships more than was ordered."""
    mine = {line.line_no: line for line in lines}
    for line_no, quantity in units.items():
        line = mine.get(line_no)
        wanted = line.quantity if line else 0
        if quantity < 0 or quantity > wanted:
            sku = f" {line.sku}" if line else ""
            raise errors.Invalid(
                f"The warehouse {doing} {quantity}{sku} of line {line_no}, of which {wanted} are left."
            )


def is_all(lines: Sequence[WorkLine], units: Mapping[int, int]) -> bool:
    """Whether these are all units of the work."""
    return all(units.get(line.line_no, 0) == line.quantity for line in lines)
