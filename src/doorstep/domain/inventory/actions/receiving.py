"""Receive goods against a purchase order, an ASN or a transfer, or without a document; once per key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import documents, ledger, transfers
from doorstep.domain.inventory.model import Condition, Movement, MovementType
from doorstep.domain.inventory.model import receiving as rules
from doorstep.domain.inventory.model.claims import SELLABLE
from doorstep.domain.inventory.model.receiving import Delivery, DocumentKind, ReceiptLine
from doorstep.domain.inventory.model.supplies import Supply
from doorstep.domain.inventory.model.transfers import Transfer, TransferReceiptLine
from doorstep.domain.inventory.store import receiving as store
from doorstep.domain.inventory.store import transfers as transfer_store
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ReceiptId, Sku


@dataclass(frozen=True, slots=True)
class Received:
    """The goods receipt; `is_replay` says that it existed before, and nothing happened now."""

    receipt_id: ReceiptId
    lines: list[ReceiptLine]
    is_replay: bool


def receive(tx: WriteTx, *, delivery: Delivery, at: datetime) -> Received:
    """Book a goods receipt against what was announced. Raises Invalid, NotFound for an unknown document."""
    rules.check_delivery(delivery)
    transfer = _transfer(tx, delivery)
    announced = _announced(tx, delivery)
    expected = (
        [line.sku for line in transfer.lines] if transfer is not None else [each.sku for each in announced]
    )
    ledger.lock_stock(tx, skus=[*expected, *(line.sku for line in delivery.lines)])
    receipt_id = store.insert_receipt(tx, delivery, at=at)
    if receipt_id is None:
        known = ReceiptId(store.select_by_key(tx, key=delivery.key or ""))
        return Received(known, store.select_lines(tx, receipt_id=known), is_replay=True)
    if transfer is not None:
        lines = _from_transfer(tx, delivery, transfer, at)
    else:
        lines = _from_outside(tx, delivery, receipt_id, announced, at)
    store.insert_lines(tx, lines, receipt_id=receipt_id)
    event_log.append(tx, [_fact(delivery, receipt_id, lines)], at=at)
    return Received(ReceiptId(receipt_id), lines, is_replay=False)


def _fact(delivery: Delivery, receipt_id: int, lines: list[ReceiptLine]) -> events.Received:
    """The event of a receipt; units of a transfer are reported by the transfer's own event."""
    more = {line.sku for line in lines if line.received and line.condition in SELLABLE}
    is_transfer = delivery.kind is DocumentKind.TRANSFER
    return events.Received(
        delivery.location_id,
        receipt_id,
        delivery.reference or (f"Transfer {delivery.transfer_id}" if is_transfer else ""),
        sum(line.received for line in lines),
        () if is_transfer else tuple(sorted(more)),
    )


def _transfer(tx: WriteTx, delivery: Delivery) -> Transfer | None:
    """The received transfer, locked, if it was one."""
    if delivery.transfer_id is None:
        return None
    found = transfer_store.lock_transfers(tx, transfer_ids=[delivery.transfer_id])
    if not found:
        raise errors.NotFound(f"There is no transfer {delivery.transfer_id}.")
    if found[0].destination_id != delivery.location_id:
        raise errors.Refused(f"Transfer {delivery.transfer_id} goes to another location.")
    return found[0]


def _from_transfer(tx: WriteTx, delivery: Delivery, transfer: Transfer, at: datetime) -> list[ReceiptLine]:
    """Receive a transfer; a SKU that was not sent goes to quarantine."""
    expected = {line.sku: line.in_transit for line in transfer.lines if line.in_transit}
    lines = rules.compare_with_document(delivery, expected)
    came = [
        TransferReceiptLine(line.sku, line.received, line.condition, line.reason)
        for line in lines
        if line.received
    ]
    receipt = transfers.Receipt(came, delivery.closes, delivery.note)
    transfers.receive(tx, command=transfers.Command(transfer.id, at), receipt=receipt)
    return lines


def _from_outside(
    tx: WriteTx, delivery: Delivery, receipt_id: int, announced: list[Supply], at: datetime
) -> list[ReceiptLine]:
    """Receive from a supplier. Units that cannot be sold stay open on the document until it is closed or they are replaced."""
    expected: dict[Sku, int] = {}
    for supply in announced:
        expected[supply.sku] = expected.get(supply.sku, 0) + supply.expected
    lines = rules.compare_with_document(delivery, expected)
    came = {line.sku: line.received for line in lines if line.received and line.condition is Condition.NEW}
    if announced:
        documents.arrive(tx, lines=announced, came=came, closes=delivery.closes, at=at)
    movements = [
        Movement(
            type=MovementType.RECEIVED,
            sku=line.sku,
            location_id=delivery.location_id,
            quantity=line.received,
            cause=f"receipt/{receipt_id}",
            occurred_at=at,
            condition=line.condition,
            reason=line.reason,
        )
        for line in lines
        if line.received
    ]
    ledger.move(tx, movements=movements)
    return lines


def _announced(tx: WriteTx, delivery: Delivery) -> list[Supply]:
    if delivery.supply_kind is None:
        return []
    return documents.open_lines(
        tx, kind=delivery.supply_kind, number=delivery.reference, location_id=delivery.location_id
    )
