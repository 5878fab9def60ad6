"""Why people correct stock or put it into another condition: a closed list, so that it can be counted, and a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku


class AdjustReason(StrEnum):
    """Why a counter is corrected by hand."""

    COUNTED = "counted"
    FOUND = "found"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    WITHOUT_PAPERS = "without_papers"
    SAMPLE = "sample"
    BOOKING_ERROR = "booking_error"


ADJUST_WORDS: dict[AdjustReason, str] = {
    AdjustReason.COUNTED: "Counted",
    AdjustReason.FOUND: "Found",
    AdjustReason.LOST: "Lost",
    AdjustReason.STOLEN: "Stolen",
    AdjustReason.DAMAGED: "Damaged",
    AdjustReason.EXPIRED: "Expired",
    AdjustReason.WITHOUT_PAPERS: "Received without papers",
    AdjustReason.SAMPLE: "Sample or photo shoot",
    AdjustReason.BOOKING_ERROR: "Booked wrongly before",
}

# Conditions that people put pieces into and take them out of; what is on the road is the transfer's.
GRADES = (Condition.NEW, Condition.B_GRADE, Condition.QUARANTINE, Condition.DAMAGED)


def wording(reason: AdjustReason, note: str) -> str:
    """The reason as the ledger keeps it, with what the person wrote."""
    note = note.strip()
    return ADJUST_WORDS[reason] + (f": {note}" if note else "")


@dataclass(frozen=True, slots=True)
class Regrade:
    """Pieces at a location that turn out to be in another condition."""

    sku: Sku
    location_id: LocationId
    before: Condition
    after: Condition
    quantity: int


def check_regrades(regrades: Sequence[Regrade], reason: str) -> None:
    """Raise Invalid for a change that is none, or that is not a person's to make."""
    if not regrades:
        raise errors.Invalid("Say which pieces change their condition.", field="lines")
    if not reason.strip():
        raise errors.Invalid("Say why the condition changes.", field="reason")
    for each in regrades:
        if each.quantity < 1:
            raise errors.Invalid(f"{each.sku}: at least 1 piece changes its condition.", field="quantity")
        if each.before not in GRADES or each.after not in GRADES:
            raise errors.Invalid(
                f"{each.sku}: what is in transit belongs to its transfer.", field="condition"
            )
        if each.before is each.after:
            raise errors.Invalid(f"{each.sku} is {each.before.value} already.", field="condition")
