"""Inbound documents: purchase orders, ASNs, our own transfers, and what was received of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from doorstep.domain.inventory.actions import supplies
from doorstep.domain.inventory.model.supplies import Announcement, Supply, SupplyKind, SupplyState
from doorstep.domain.inventory.model.transfers import Transfer
from doorstep.domain.inventory.store import supplies as store
from doorstep.domain.inventory.store.supplies import SupplyFilter
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku
from doorstep.kernel.keyset import Keyset

_IN_TRANSIT = timedelta(days=3)
_ALL = Keyset("eta_date", is_ascending=True, limit=10_000)


def open_lines(tx: WriteTx, *, kind: SupplyKind, number: str, location_id: LocationId) -> list[Supply]:
    """Open lines of a document at a location, in its order. Raises NotFound for an unknown document."""
    wanted = SupplyFilter(kind=kind.value, number=number, state="", page=_ALL)
    rows = store.select_rows(tx, wanted)
    if not rows:
        raise errors.NotFound(
            f"There is no {kind.value.replace('_', ' ')} {number}: receive it without a document, or announce it first."
        )
    ids = [row.id for row in rows if row.state == SupplyState.OPEN and row.location_id == location_id]
    found = store.select_by_ids(tx, supply_ids=ids)
    return sorted(found, key=lambda each: each.line_no)


def arrive(
    tx: WriteTx, *, lines: Sequence[Supply], came: Mapping[Sku, int], closes: bool, at: datetime
) -> None:
    """Assign received units to a document's open lines; the last line of a SKU takes the excess."""
    units: dict[int, int] = {}
    left = dict(came)
    last = {line.sku: line.id for line in lines}
    for line in lines:
        taken = left.get(line.sku, 0)
        if line.id != last[line.sku]:
            taken = min(taken, line.expected)
        left[line.sku] = left.get(line.sku, 0) - taken
        if taken:
            units[line.id] = taken
    after = supplies.receive(tx, units=units, at=at).supplies if units else []
    if closes:
        done = {each.id for each in after if each.state is not SupplyState.OPEN}
        supplies.close(tx, supply_ids=[line.id for line in lines if line.id not in done], at=at)


def announce(tx: WriteTx, *, transfer: Transfer, units: Mapping[Sku, int], at: datetime) -> None:
    """Announce a transfer at its destination; repeated with other figures, they change."""
    numbered = list(enumerate(transfer.lines, start=1))
    reported = [
        Announcement(
            kind=SupplyKind.TRANSFER,
            number=transfer.number,
            line_no=line_no,
            sku=line.sku,
            location_id=transfer.destination_id,
            quantity=units[line.sku],
            eta_date=_eta(transfer, at),
            source="transfers",
        )
        for line_no, line in numbered
        if units[line.sku]
    ]
    supplies.put(tx, reported=reported, at=at)
    nothing = {line.sku for line in transfer.lines if not units[line.sku]}
    withdrawn = [line.id for line in of_transfer(tx, transfer=transfer) if line.sku in nothing]
    supplies.cancel(tx, supply_ids=withdrawn, at=at)


def withdraw(tx: WriteTx, *, transfer: Transfer, at: datetime) -> None:
    """Withdraw the announcement of a transfer."""
    ids = [line.id for line in of_transfer(tx, transfer=transfer)]
    supplies.cancel(tx, supply_ids=ids, at=at)


def of_transfer(tx: WriteTx, *, transfer: Transfer) -> list[Supply]:
    """What is still announced of a transfer at its destination."""
    wanted = SupplyFilter(kind=SupplyKind.TRANSFER.value, number=transfer.number, page=_ALL)
    return store.select_by_ids(tx, supply_ids=[row.id for row in store.select_rows(tx, wanted)])


def _eta(transfer: Transfer, at: datetime) -> date:
    return transfer.expected_date or (at + _IN_TRANSIT).date()
