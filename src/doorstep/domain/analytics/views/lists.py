"""Read lists, newest first: returns, shipments, refunds, invoices."""

from __future__ import annotations

from doorstep.domain.analytics.store import lists as store
from doorstep.domain.analytics.store.lists import (
    InvoiceEntry,
    RefundEntry,
    ReturnEntry,
    ShipmentEntry,
    Tax,
    Wanted,
)
from doorstep.kernel.db import ReadTx

__all__ = ["InvoiceEntry", "RefundEntry", "ReturnEntry", "ShipmentEntry", "Tax", "Wanted"]


def returns(tx: ReadTx, *, wanted: Wanted) -> list[ReturnEntry]:
    """Returns, in a status if `state` is given."""
    return store.select_returns(tx, wanted)


def shipments(tx: ReadTx, *, wanted: Wanted) -> list[ShipmentEntry]:
    """Parcels, in a label state if `state` is given."""
    return store.select_shipments(tx, wanted)


def refunds(tx: ReadTx, *, wanted: Wanted) -> list[RefundEntry]:
    """Refunds, in a state if one is given."""
    return store.select_refunds(tx, wanted)


def invoices(tx: ReadTx, *, wanted: Wanted) -> list[InvoiceEntry]:
    """Invoices and credit notes, in a state if one is given."""
    return store.select_invoices(tx, wanted)
