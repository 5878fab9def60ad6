"""Reasons of stock corrections and condition changes: a closed list, and a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from doorstep.domain.inventory.model.claims import SELLABLE
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel import errors
from doorstep.kernel.i18n import mark
from doorstep.kernel.ids import LocationId, Sku


class AdjustReason(StrEnum):
    """Why a counter is corrected by hand."""

    COUNTED = "counted"
    FOUND = "found"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    WITHOUT_DOCUMENT = "without_document"
    SAMPLE = "sample"
    BOOKING_ERROR = "booking_error"

    @classmethod
    def _missing_(cls, value: object) -> AdjustReason | None:
        """The earlier name of a reason, which clients still send."""
        return cls.WITHOUT_DOCUMENT if value == "without_papers" else None


ADJUST_WORDS: dict[AdjustReason, str] = {
    AdjustReason.COUNTED: mark("Counted"),
    AdjustReason.FOUND: mark("Found"),
    AdjustReason.LOST: mark("Lost"),
    AdjustReason.STOLEN: mark("Stolen"),
    AdjustReason.DAMAGED: mark("Damaged"),
    AdjustReason.EXPIRED: mark("Expired"),
    AdjustReason.WITHOUT_DOCUMENT: mark("Received without a document"),
    AdjustReason.SAMPLE: mark("Sample or photo shoot"),
    AdjustReason.BOOKING_ERROR: mark("Earlier booking error"),
}

# Conditions that people may change; stock in transit belongs to its transfer.
GRADES = (Condition.NEW, Condition.B_GRADE, Condition.QUARANTINE, Condition.DAMAGED)


def wording(reason: AdjustReason, note: str) -> str:
    """The reason as the ledger stores it, with the person's note."""
    note = note.strip()
    return ADJUST_WORDS[reason] + (f": {note}" if note else "")


@dataclass(frozen=True, slots=True)
class StockConditionChange:
    """Units at a location that are in another condition."""

    sku: Sku
    location_id: LocationId
    before: Condition
    after: Condition
    quantity: int

    @property
    def makes_sellable(self) -> bool:
        """Whether units that could not be sold can be sold afterwards."""
        return self.after in SELLABLE and self.before not in SELLABLE


def check_condition_changes(changes: Sequence[StockConditionChange], reason: str) -> None:
    """Raise Invalid for an empty change, or one that people may not make."""
    if not changes:
        raise errors.Invalid("Enter which units change their condition.", field="lines")
    if not reason.strip():
        raise errors.Invalid("Enter why the condition changes.", field="reason")
    for each in changes:
        if each.quantity < 1:
            raise errors.Invalid(f"{each.sku}: enter at least 1 unit.", field="quantity")
        if each.before not in GRADES or each.after not in GRADES:
            raise errors.Invalid(f"{each.sku}: units in transit belong to their transfer.", field="condition")
        if each.before is each.after:
            raise errors.Invalid(f"{each.sku} is {each.before.value} already.", field="condition")
