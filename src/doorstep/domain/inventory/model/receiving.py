"""Goods receipts compared with what was announced: over, under, unexpected items, closed short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from doorstep.domain.inventory.model.claims import SELLABLE
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.domain.inventory.model.transfers import TransferReceiptLine, check_arrived
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku, TransferId


class DocumentKind(StrEnum):
    """What announced the goods."""

    SUPPLY = "supply"
    TRANSFER = "transfer"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods received at a location. `reference` is the document's number: a purchase order, an ASN, a delivery note.

    With `closes` nothing more of the document is expected. `key` makes it count once however often it is sent. With
    `is_bound_to_document` units beyond the document go to quarantine: whoever receives them may not add stock.
    """

    location_id: LocationId
    lines: Sequence[TransferReceiptLine]
    supply_kind: SupplyKind | None = None
    reference: str = ""
    transfer_id: TransferId | None = None
    closes: bool = False
    note: str = ""
    key: str | None = None
    is_bound_to_document: bool = False

    @property
    def kind(self) -> DocumentKind:
        if self.transfer_id is not None:
            return DocumentKind.TRANSFER
        return DocumentKind.SUPPLY if self.supply_kind is not None else DocumentKind.NONE


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A SKU in a condition: what was expected and what was received."""

    sku: Sku
    condition: Condition
    expected: int
    received: int
    reason: str = ""

    @property
    def variance(self) -> int:
        return self.received - self.expected


def check_delivery(delivery: Delivery) -> None:
    """Raise Invalid for an empty receipt."""
    check_arrived(delivery.lines)
    if delivery.kind is DocumentKind.NONE and delivery.closes:
        raise errors.Invalid("Enter the document to close.", field="closes")
    if not delivery.lines and not delivery.closes:
        raise errors.Invalid("Enter what was received, or close the document.", field="lines")


def compare_with_document(delivery: Delivery, expected: Mapping[Sku, int]) -> list[ReceiptLine]:
    """The receipt: every received line with what was announced of it; `expected` is what is still open.

    Unannounced units go to quarantine, so that they are not sold before it is clear whose they are. Announced units are shown
    with the first line of their SKU; with `closes` also what did not come.
    """
    open_units = dict(expected)
    announced = delivery.kind is not DocumentKind.NONE
    lines: dict[tuple[Sku, Condition], ReceiptLine] = {}
    for each in _split_surplus(delivery, expected):
        wrong = announced and each.sku not in expected
        line = ReceiptLine(
            each.sku,
            Condition.QUARANTINE if wrong else each.condition,
            open_units.pop(each.sku, 0),
            each.quantity,
            each.reason or (f"Not on {_name(delivery)}" if wrong else ""),
        )
        before = lines.get((line.sku, line.condition))
        if before is not None:
            line = ReceiptLine(
                line.sku, line.condition, before.expected, before.received + line.received, before.reason
            )
        lines[line.sku, line.condition] = line
    if delivery.closes:
        for sku, quantity in open_units.items():
            lines[sku, Condition.NEW] = ReceiptLine(sku, Condition.NEW, quantity, 0, "Closed short")
    return list(lines.values())


def _split_surplus(delivery: Delivery, expected: Mapping[Sku, int]) -> Iterator[TransferReceiptLine]:
    """The lines; of a delivery that is bound to its document, announced units beyond it are lines of their own."""
    left = dict(expected)
    for each in delivery.lines:
        covered = min(each.quantity, left.get(each.sku, 0))
        left[each.sku] = left.get(each.sku, 0) - covered
        if not delivery.is_bound_to_document or each.condition not in SELLABLE or covered == each.quantity:
            yield each
            continue
        if covered:
            yield replace(each, quantity=covered)
        reason = each.reason or f"More than {_name(delivery)}"
        surplus = each.quantity - covered
        yield replace(each, quantity=surplus, condition=Condition.QUARANTINE, reason=reason)


def _name(delivery: Delivery) -> str:
    return delivery.reference or f"transfer {delivery.transfer_id}"
