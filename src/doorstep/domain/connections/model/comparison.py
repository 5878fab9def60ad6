"""Compare what a connection in shadow mode would have sent with what its partner shows that others did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.kernel.message import NOTHING, Message

_SOON, _LATER = timedelta(minutes=15), timedelta(hours=6)
_SETTLED_AFTER = timedelta(days=7)


class Operation(StrEnum):
    """The kinds of calls that are kept in shadow mode."""

    CONFIRM_SHIPMENT = "confirm_shipment"
    REPORT_DELIVERY = "report_delivery"
    APPROVE_RETURN = "approve_return"
    CLOSE_RETURN = "close_return"
    PUBLISH_STOCK = "publish_stock"
    BUY_LABEL = "buy_label"
    POST_DOCUMENT = "post_document"
    REFUND = "refund"
    SEND_MESSAGE = "send_message"
    SEND_TO_WAREHOUSE = "send_to_warehouse"
    CANCEL_AT_WAREHOUSE = "cancel_at_warehouse"


# Done a second time, these cost money, or ship goods twice.
DOUBLES = frozenset(
    {
        Operation.CONFIRM_SHIPMENT,
        Operation.BUY_LABEL,
        Operation.POST_DOCUMENT,
        Operation.REFUND,
        Operation.SEND_TO_WAREHOUSE,
    }
)


class Fact(StrEnum):
    """What a side can say of a deed."""

    SUBJECT = "subject"
    UNITS = "units"
    TRACKING_NUMBER = "tracking_number"
    CARRIER = "carrier"
    WEIGHT = "weight"
    DELIVERED_ON = "delivered_on"
    AMOUNT = "amount"
    DOCUMENT = "document"
    LEVEL = "level"
    STATE = "state"


Facts = Mapping[Fact, str]


class Result(StrEnum):
    """How both sides compare. open: it cannot be compared yet."""

    SAME = "same"
    DIFFERENT = "different"
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"
    OPEN = "open"


DONE_BY_OTHERS = frozenset({Result.SAME, Result.DIFFERENT})


@dataclass(frozen=True, slots=True)
class Compared:
    """How a deed compares; `differs` names the facts that differ, `reason` is a sentence for a person."""

    result: Result
    theirs: Facts = field(default_factory=dict)
    differs: tuple[Fact, ...] = ()
    reason: Message = NOTHING


def compare(ours: Facts, theirs: Facts, *, reason: Message = NOTHING) -> Compared:
    """Compare what both sides say; a fact that one of them does not have says nothing."""
    differs = tuple(
        name
        for name, value in ours.items()
        if value and theirs.get(name) and _plain(value) != _plain(theirs[name])
    )
    return Compared(Result.DIFFERENT if differs else Result.SAME, theirs, differs, reason)


def _plain(value: str) -> str:
    """A value without what two systems write differently: capitals, spaces and hyphens."""
    return "".join(value.replace("-", "").casefold().split())


def units(lines: Mapping[str, int]) -> str:
    """Units by name as one fact, the same for the same units: A × 1, B × 2."""
    return ", ".join(f"{name} × {count}" for name, count in sorted(lines.items()) if count)


def next_look(result: Result, *, occurred_at: datetime, now: datetime) -> datetime | None:
    """When to compare again: soon after the call, then a few times a day; after a week nothing new is expected."""
    if result is Result.SAME or now - occurred_at >= _SETTLED_AFTER:
        return None
    return now + (_SOON if now - occurred_at < _LATER else _LATER)


def matched(ours: Sequence[Facts], theirs: Sequence[Facts]) -> list[int | None]:
    """For each of ours the index of the same deed of theirs: by tracking number, else by its units; each once."""
    found: list[int | None] = [None] * len(ours)
    free = dict(enumerate(theirs))
    for is_same in (_same_number, _same_units, _shared_units):
        for at, mine in enumerate(ours):
            if found[at] is None:
                index = next((index for index, each in free.items() if is_same(mine, each)), None)
                found[at] = index
                free.pop(-1 if index is None else index, None)
    return found


def _same_number(ours: Facts, theirs: Facts) -> bool:
    number = _plain(ours.get(Fact.TRACKING_NUMBER, ""))
    return bool(number) and number == _plain(theirs.get(Fact.TRACKING_NUMBER, ""))


def _same_units(ours: Facts, theirs: Facts) -> bool:
    return bool(_names(ours)) and ours[Fact.UNITS] == theirs.get(Fact.UNITS)


def _shared_units(ours: Facts, theirs: Facts) -> bool:
    return not _names(ours).isdisjoint(_names(theirs))


def _names(facts: Facts) -> set[str]:
    return {each.rpartition(" × ")[0] for each in facts.get(Fact.UNITS, "").split(", ") if each}
