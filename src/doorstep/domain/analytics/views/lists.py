"""Read lists, newest first: returns, shipments, refunds, invoices."""

from __future__ import annotations

from doorstep.domain.analytics.store import lists as store
from doorstep.domain.analytics.store.lists import (
    InvoiceEntry,
    ListFilter,
    RefundEntry,
    ReturnEntry,
    ShipmentEntry,
    Tax,
)
from doorstep.kernel.db import ReadTx

__all__ = ["InvoiceEntry", "ListFilter", "RefundEntry", "ReturnEntry", "ShipmentEntry", "Tax"]


def returns(tx: ReadTx, *, wanted: ListFilter) -> list[ReturnEntry]:
    """Returns, in a status if `state` is given."""
    return store.select_returns(tx, wanted)


def shipments(tx: ReadTx, *, wanted: ListFilter) -> list[ShipmentEntry]:
    """Parcels, in a label state if `state` is given."""
    return store.select_shipments(tx, wanted)


def refunds(tx: ReadTx, *, wanted: ListFilter) -> list[RefundEntry]:
    """Refunds, in a state if one is given."""
    return store.select_refunds(tx, wanted)


def invoices(tx: ReadTx, *, wanted: ListFilter) -> list[InvoiceEntry]:
    """Invoices and credit notes, in a state if one is given."""
    return store.select_invoices(tx, wanted)
