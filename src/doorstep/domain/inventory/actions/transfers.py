"""Verbs of transfers: requested (reserved at the origin), shipped, received; each step in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import documents, known, ledger
from doorstep.domain.inventory.actions.ledger import NewReservation, ReservationEnd
from doorstep.domain.inventory.model import Condition, Movement, MovementType
from doorstep.domain.inventory.model import transfers as rules
from doorstep.domain.inventory.model.claims import SELLABLE
from doorstep.domain.inventory.model.transfers import (
    TRANSFER_MOVES,
    Plan,
    RequestedLine,
    Transfer,
    TransferLineResult,
    TransferReceiptLine,
    TransferState,
)
from doorstep.domain.inventory.store import locks
from doorstep.domain.inventory.store import transfers as store
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku, TransferId


@dataclass(frozen=True, slots=True)
class Command:
    """A change of a transfer. `version` is what the person saw (None: unguarded)."""

    transfer_id: TransferId
    at: datetime
    version: int | None = None


def draft(tx: WriteTx, *, plans: Sequence[Plan], at: datetime) -> list[TransferId]:
    """Draft transfers; nothing moves yet."""
    for plan in plans:
        rules.check_plan(plan)
    known.require_known(tx, skus=[line.sku for plan in plans for line in plan.lines])
    ids = [TransferId(each) for each in store.insert_transfers(tx, plans, at=at)]
    reported = [
        events.TransferDrafted(key, plan.origin_id, plan.destination_id)
        for key, plan in zip(ids, plans, strict=True)
    ]
    event_log.append(tx, reported, at=at)
    return ids


def suggest(
    tx: WriteTx, *, suggestions: Mapping[tuple[LocationId, LocationId], Sequence[RequestedLine]], at: datetime
) -> list[TransferId]:
    """Add suggestions to the open draft of each pair of locations (origin, destination), created if there is none.

    A SKU that the draft has already stays as it is, also as a person left it. Returns the drafts that changed.
    """
    if not suggestions:
        return []
    drafts = store.lock_suggested(tx, sorted(suggestions), at=at)
    changed = []
    for pair, lines in sorted(suggestions.items()):
        if store.insert_lines(tx, [(drafts[pair], line) for line in lines]):
            store.touch(tx, transfer_id=drafts[pair])
            changed.append(events.TransferDrafted(TransferId(drafts[pair]), *pair))
    event_log.append(tx, changed, at=at)
    return [TransferId(fact.transfer_id) for fact in changed]


def change(tx: WriteTx, *, command: Command, lines: Sequence[RequestedLine]) -> None:
    """Replace a draft's lines."""
    transfer = _locked(tx, command)
    if transfer.state is not TransferState.DRAFT:
        raise errors.Conflict(
            f"Transfer {transfer.id} is {transfer.state.value}: only a draft can be changed.",
            state=transfer.state.value,
        )
    rules.check_requested(lines)
    known.require_known(tx, skus=[line.sku for line in lines])
    store.delete_lines(tx, transfer_id=transfer.id)
    store.insert_lines(tx, [(transfer.id, line) for line in lines])
    store.touch(tx, transfer_id=transfer.id)


def request(tx: WriteTx, *, command: Command) -> None:
    """Request the goods: they are reserved at the origin. Raises InsufficientStock."""
    transfer = _enter(tx, command, TransferState.REQUESTED)
    reservations = [
        NewReservation(transfer.cause(line.sku), line.sku, transfer.origin_id, line.requested)
        for line in transfer.lines
    ]
    rules.check_requested([RequestedLine(line.sku, line.requested) for line in transfer.lines])
    ledger.reserve(tx, reservations=reservations, at=command.at)
    requested = {line.sku: line.requested for line in transfer.lines}
    documents.announce(tx, transfer=transfer, units=requested, at=command.at)
    reported = events.TransferRequested(transfer.id, transfer.origin_id, transfer.destination_id)
    event_log.append(tx, [reported], at=command.at)


def ship(tx: WriteTx, *, command: Command, sent: Mapping[Sku, int] | None = None) -> None:
    """Ship a transfer: out of the origin's stock, incoming at the destination. Unsent units are free again."""
    transfer = _enter(tx, command, TransferState.SHIPPED)
    leaving = rules.to_send(transfer, sent)
    ledger.release(tx, ending=ReservationEnd(transfer.causes, reason="sent on transfer"), at=command.at)
    moved = [
        movement
        for sku, quantity in leaving.items()
        if quantity
        for movement in _shipment_movements(transfer, sku, quantity, command.at)
    ]
    ledger.move(tx, movements=moved)
    store.update_shipped(tx, transfer_id=transfer.id, sent=leaving)
    documents.announce(tx, transfer=transfer, units=leaving, at=command.at)
    freed = tuple(line.sku for line in transfer.lines if leaving[line.sku] < line.requested)
    reported = events.TransferShipped(
        transfer.id, transfer.origin_id, transfer.destination_id, sum(leaving.values()), freed
    )
    event_log.append(tx, [reported], at=command.at)


def _shipment_movements(transfer: Transfer, sku: Sku, quantity: int, at: datetime) -> list[Movement]:
    cause = transfer.cause(sku)
    return [
        Movement(
            MovementType.TRANSFERRED, sku, transfer.origin_id, -quantity, cause, at, key=f"{cause}/left"
        ),
        Movement(
            MovementType.TRANSFERRED,
            sku,
            transfer.destination_id,
            quantity,
            cause,
            at,
            Condition.IN_TRANSIT,
            key=f"{cause}/sent",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Receipt of a transfer; with `closes` nothing more is expected, and `reason` explains the difference."""

    lines: Sequence[TransferReceiptLine]
    closes: bool
    reason: str = ""


def receive(tx: WriteTx, *, command: Command, receipt: Receipt) -> list[TransferLineResult]:
    """Receive a transfer at its destination. Lost or excess units need a reason.

    Without `closes` the rest is still expected. Returns the result of every line.
    """
    transfer = _locked(tx, command, also=[line.sku for line in receipt.lines])
    states.transition(TRANSFER_MOVES, transfer.state, TransferState.RECEIVED, thing=f"Transfer {transfer.id}")
    found = rules.compare_with_shipped(transfer, receipt.lines, closes=receipt.closes)
    if any(each.over or each.lost for each in found) and not receipt.reason.strip():
        raise errors.Invalid(
            "The received quantity differs from the shipped quantity: enter a reason.", field="reason"
        )
    ledger.move(tx, movements=_receipt_movements(tx, transfer, receipt, found, command.at))
    store.add_received(tx, found, transfer_id=transfer.id)
    in_transit = sum(line.in_transit for line in transfer.lines) - sum(each.taken for each in found)
    is_over = receipt.closes or in_transit == 0
    documents.arrive(
        tx,
        lines=documents.of_transfer(tx, transfer=transfer),
        came={line.sku: line.quantity for line in receipt.lines if line.condition is Condition.NEW},
        closes=is_over,
        at=command.at,
    )
    if is_over:
        store.update_state(tx, transfer_ids=[transfer.id], state=TransferState.RECEIVED, at=command.at)
    else:
        store.touch(tx, transfer_id=transfer.id)
    more = {each.sku for each in receipt.lines if each.condition in SELLABLE}
    reported = events.TransferReceived(
        transfer.id,
        transfer.destination_id,
        sum(each.taken for each in found),
        sum(each.over for each in found),
        sum(each.lost for each in found),
        tuple(sorted(more)),
    )
    event_log.append(tx, [reported], at=command.at)
    return found


def _receipt_movements(
    tx: WriteTx, transfer: Transfer, receipt: Receipt, found: Sequence[TransferLineResult], at: datetime
) -> list[Movement]:
    """Book a receipt: sent units leave transit, missing ones are lost, received ones are on hand, excess as received."""
    sent = store.select_movement_ids(tx, keys=[f"{transfer.cause(each.sku)}/sent" for each in found])
    movements = []
    for each in found:
        cause = transfer.cause(each.sku)
        for kind, quantity in ((MovementType.TRANSFERRED, each.taken), (MovementType.ADJUSTED, each.lost)):
            if quantity:
                movements.append(
                    Movement(
                        kind,
                        each.sku,
                        transfer.destination_id,
                        -quantity,
                        cause,
                        at,
                        Condition.IN_TRANSIT,
                        reason=receipt.reason if kind is MovementType.ADJUSTED else "",
                        reverses=sent.get(f"{cause}/sent"),
                    )
                )
    over = {each.sku: each.over for each in found}
    for line in receipt.lines:
        movements += _receive_stock(transfer, line, over, receipt.reason, at)
    return movements


def _receive_stock(
    transfer: Transfer, line: TransferReceiptLine, over: dict[Sku, int], reason: str, at: datetime
) -> list[Movement]:
    """The line's units; excess units count as received, because they left no other stock."""
    beyond = min(line.quantity, over[line.sku])
    over[line.sku] -= beyond
    parts = (
        (MovementType.TRANSFERRED, line.quantity - beyond, line.reason),
        (MovementType.RECEIVED, beyond, line.reason or reason),
    )
    return [
        Movement(
            kind,
            line.sku,
            transfer.destination_id,
            quantity,
            transfer.cause(line.sku),
            at,
            line.condition,
            reason=words,
        )
        for kind, quantity, words in parts
        if quantity
    ]


def cancel(tx: WriteTx, *, command: Command) -> None:
    """Cancel a transfer; reserved units are free again."""
    transfer = _enter(tx, command, TransferState.CANCELED)
    documents.withdraw(tx, transfer=transfer, at=command.at)
    released = ledger.release(
        tx, ending=ReservationEnd(transfer.causes, reason="transfer canceled"), at=command.at
    )
    freed = tuple(line.sku for line in transfer.lines) if released else ()
    reported = events.TransferCanceled(transfer.id, transfer.origin_id, transfer.destination_id, freed)
    event_log.append(tx, [reported], at=command.at)


def _locked(tx: WriteTx, command: Command, also: Sequence[Sku] = ()) -> Transfer:
    """The transfer, locked with the stock of its SKUs and of `also` these."""
    found = store.lock_transfers(tx, transfer_ids=[command.transfer_id])
    if not found:
        raise errors.NotFound(f"There is no transfer {command.transfer_id}.")
    transfer = found[0]
    locks.lock_skus(tx, [*(line.sku for line in transfer.lines), *also])
    if command.version is not None and command.version != transfer.version:
        raise errors.Conflict(
            "This transfer was changed by someone else meanwhile: reload and try again.",
            state=transfer.state.value,
            version=transfer.version,
        )
    return transfer


def _enter(tx: WriteTx, command: Command, state: TransferState) -> Transfer:
    transfer = _locked(tx, command)
    states.transition(TRANSFER_MOVES, transfer.state, state, thing=f"Transfer {transfer.id}")
    store.update_state(tx, transfer_ids=[transfer.id], state=state, at=command.at)
    return transfer
