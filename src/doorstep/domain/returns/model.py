"""Returns: where the goods are and what is owed, two separate state machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors


class ReturnLocation(StrEnum):
    """Where the goods of a return are."""

    ADVISED = "advised"
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived"
    RECEIVED = "received"
    INSPECTED = "inspected"
    NOT_RETURNED = "not_returned"


CUSTODY_MOVES: dict[ReturnLocation, frozenset[ReturnLocation]] = {
    ReturnLocation.ADVISED: frozenset(
        {
            ReturnLocation.IN_TRANSIT,
            ReturnLocation.ARRIVED,
            ReturnLocation.RECEIVED,
            ReturnLocation.NOT_RETURNED,
        }
    ),
    ReturnLocation.IN_TRANSIT: frozenset(
        {ReturnLocation.ARRIVED, ReturnLocation.RECEIVED, ReturnLocation.NOT_RETURNED}
    ),
    ReturnLocation.ARRIVED: frozenset({ReturnLocation.RECEIVED, ReturnLocation.NOT_RETURNED}),
    ReturnLocation.RECEIVED: frozenset({ReturnLocation.INSPECTED}),
    ReturnLocation.INSPECTED: frozenset(),
    ReturnLocation.NOT_RETURNED: frozenset({ReturnLocation.RECEIVED}),
}


class RefundProgress(StrEnum):
    """State of the refund of a return."""

    PENDING = "pending"
    TRIGGERED = "triggered"
    REFUNDED = "refunded"
    DENIED = "denied"
    IN_DOUBT = "in_doubt"


MONEY_MOVES: dict[RefundProgress, frozenset[RefundProgress]] = {
    RefundProgress.PENDING: frozenset({RefundProgress.TRIGGERED, RefundProgress.DENIED}),
    RefundProgress.TRIGGERED: frozenset(
        {RefundProgress.REFUNDED, RefundProgress.IN_DOUBT, RefundProgress.PENDING}
    ),
    RefundProgress.IN_DOUBT: frozenset(
        {RefundProgress.REFUNDED, RefundProgress.PENDING, RefundProgress.TRIGGERED}
    ),
    RefundProgress.REFUNDED: frozenset(),
    RefundProgress.DENIED: frozenset({RefundProgress.TRIGGERED}),
}


class Grade(StrEnum):
    """The condition that an inspector finds."""

    NEW = "new"
    B_GRADE = "b_grade"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"


class Disposition(StrEnum):
    """Where inspected goods go."""

    RESTOCK = "restock"
    QUARANTINE = "quarantine"
    SCRAP = "scrap"


# Stock condition of inspected units; None leaves our stock.
CONDITION_OF: dict[tuple[Disposition, Grade], str | None] = {
    **{(Disposition.SCRAP, grade): None for grade in Grade},
    **{(Disposition.QUARANTINE, grade): "quarantine" for grade in Grade},
    (Disposition.RESTOCK, Grade.NEW): "new",
    (Disposition.RESTOCK, Grade.B_GRADE): "b_grade",
    (Disposition.RESTOCK, Grade.DAMAGED): "damaged",
    (Disposition.RESTOCK, Grade.WRONG_ITEM): "quarantine",
}


class ReturnRequestStatus(StrEnum):
    """The return's status in the channel."""

    REQUESTED = "requested"
    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class SnapshotReturnLine:
    """Units of an order line that the customer returns, by the channel's ids."""

    external_line_id: str
    external_return_line_id: str
    quantity: int
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReturnSnapshot:
    """A channel's view of one return at `version_at`; `order_external_id` is the channel's order id."""

    external_id: str
    order_external_id: str
    name: str
    status: ReturnRequestStatus
    version_at: datetime
    lines: tuple[SnapshotReturnLine, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a parcel for one line of the return; grade and disposition apply to all its units."""

    return_line_no: int
    quantity: int
    grade: Grade
    disposition: Disposition
    refund: bool = True
    note: str = ""


def check_inspections(quantities: Mapping[int, int], inspections: Sequence[Inspection]) -> None:
    """Raise Invalid unless each line of the return is inspected once, with no more units than announced."""
    if sorted(each.return_line_no for each in inspections) != sorted(quantities):
        raise errors.Invalid("Enter a result for every line of the return.", field="inspections")
    for each in inspections:
        most = quantities[each.return_line_no]
        if not 0 <= each.quantity <= most:
            raise errors.Invalid(
                f"Line {each.return_line_no}: enter between 0 and {most} units.",
                field="quantity",
            )


class ReturnStatus(StrEnum):
    """A return as a customer sees it: where the units are, then what became of the money."""

    INITIATED = "initiated"
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived"
    RECEIVED = "received"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"
    REFUND_IN_DOUBT = "refund_in_doubt"
    REFUND_DENIED = "refund_denied"
    NOT_RETURNED = "not_returned"


_BY_MONEY = {
    RefundProgress.REFUNDED: ReturnStatus.REFUNDED,
    RefundProgress.IN_DOUBT: ReturnStatus.REFUND_IN_DOUBT,
    RefundProgress.DENIED: ReturnStatus.REFUND_DENIED,
}
_BY_CUSTODY = {
    ReturnLocation.ADVISED: ReturnStatus.INITIATED,
    ReturnLocation.IN_TRANSIT: ReturnStatus.IN_TRANSIT,
    ReturnLocation.ARRIVED: ReturnStatus.ARRIVED,
    ReturnLocation.RECEIVED: ReturnStatus.RECEIVED,
    ReturnLocation.INSPECTED: ReturnStatus.REFUND_PENDING,
}


def status_of(custody: ReturnLocation, progress: RefundProgress) -> ReturnStatus:
    """The one status of a return."""
    if custody is ReturnLocation.NOT_RETURNED:
        return ReturnStatus.NOT_RETURNED
    return _BY_MONEY.get(progress) or _BY_CUSTODY[custody]
