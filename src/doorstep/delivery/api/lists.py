"""List returns, shipments, refunds and invoices, newest first."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from doorstep.delivery.api import paging, shapes
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.analytics.views import lists
from doorstep.domain.analytics.views.lists import (
    InvoiceEntry,
    ListFilter,
    RefundEntry,
    ReturnEntry,
    ShipmentEntry,
)
from doorstep.domain.identity.model import NotAllowed, Permission
from doorstep.domain.invoicing.model import DocumentState
from doorstep.domain.payments.model import RefundState
from doorstep.domain.returns.model import ReturnLocation
from doorstep.domain.shipping.model import LabelState

router = APIRouter(tags=["Lists"])


class Filter(Paging):
    """Filter and page of a list."""

    order_id: int | None = None

    def wanted(self, calling: Caller, *, state: str | None) -> ListFilter:
        """Read one row more than a page holds, only of the caller's location if it has one."""
        return ListFilter(self.limit + 1, self.last_id, self.order_id, calling.scope, state or "")


class ReturnFilter(Filter):
    custody: ReturnLocation | None = None


class ReturnListed(BaseModel):
    """A return in the list."""

    id: int
    number: str
    order_id: int
    order_number: str
    location: str
    custody: str
    money: str
    reason: str
    units: int
    created_at: datetime
    received_at: datetime | None
    inspected_at: datetime | None
    refunded_at: datetime | None


@router.get("/returns")
def list_returns(calling: Calling, wanted: Annotated[ReturnFilter, Query()]) -> Page[ReturnListed]:
    """List returns, newest first."""
    calling.principal.require(Permission.RETURNS_READ, at=calling.scope)
    rows = calling.read(lambda tx: lists.returns(tx, wanted=wanted.wanted(calling, state=wanted.custody)))

    def shape(row: ReturnEntry) -> ReturnListed:
        return ReturnListed(**asdict(row))

    return paging.page(rows, shape, lambda row: str(row.id), limit=wanted.limit)


class ShipmentFilter(Filter):
    label: LabelState | None = None


class ShipmentListed(BaseModel):
    """What a parcel has of an order, in the list."""

    id: int
    order_id: int
    order_number: str
    reference: str
    parcel_id: int
    direction: str
    location: str
    label: str
    carrier: str
    service: str
    tracking_number: str
    tracking_status: str
    requested_at: datetime
    dispatched_at: datetime | None
    delivered_at: datetime | None


@router.get("/shipments")
def list_shipments(calling: Calling, wanted: Annotated[ShipmentFilter, Query()]) -> Page[ShipmentListed]:
    """List shipments, newest first."""
    calling.principal.require(Permission.FULFILLMENT_READ, at=calling.scope)
    rows = calling.read(lambda tx: lists.shipments(tx, wanted=wanted.wanted(calling, state=wanted.label)))

    def shape(row: ShipmentEntry) -> ShipmentListed:
        return ShipmentListed(**asdict(row))

    return paging.page(rows, shape, lambda row: str(row.id), limit=wanted.limit)


def _require_money(calling: Caller) -> None:
    """Refuse location staff: refunds and invoices belong to orders of all locations."""
    calling.principal.require(Permission.ORDERS_READ)
    if calling.scope is not None:
        raise NotAllowed("Refunds and invoices are not listed per location.")


class RefundFilter(Filter):
    state: RefundState | None = None


class RefundListed(BaseModel):
    """A refund in the list."""

    id: int
    order_id: int
    order_number: str
    return_id: int | None
    reference: str
    state: str
    reason: str
    amount: shapes.Money
    error: str
    requested_at: datetime
    credited_at: datetime | None


@router.get("/refunds")
def list_refunds(calling: Calling, wanted: Annotated[RefundFilter, Query()]) -> Page[RefundListed]:
    """List refunds, newest first."""
    _require_money(calling)
    rows = calling.read(lambda tx: lists.refunds(tx, wanted=wanted.wanted(calling, state=wanted.state)))

    def shape(row: RefundEntry) -> RefundListed:
        fields = asdict(row)
        amount = shapes.money(fields.pop("amount_minor"), fields.pop("currency"))
        return RefundListed(amount=amount, **fields)

    return paging.page(rows, shape, lambda row: str(row.id), limit=wanted.limit)


class InvoiceFilter(Filter):
    state: DocumentState | None = None


class TaxListed(BaseModel):
    """One tax on an invoice, summed over all lines, by its legal name."""

    kind: str
    amount: shapes.Money


class InvoiceListed(BaseModel):
    """An invoice or credit note in the list."""

    id: int
    order_id: int
    order_number: str
    kind: str
    reference: str
    number: str
    state: str
    legal_entity: str
    tax_number: str
    total: shapes.Money
    tax: shapes.Money
    taxes: list[TaxListed]
    error: str
    requested_at: datetime
    issued_at: datetime | None


@router.get("/invoices")
def list_invoices(calling: Calling, wanted: Annotated[InvoiceFilter, Query()]) -> Page[InvoiceListed]:
    """List invoices and credit notes, newest first."""
    _require_money(calling)
    rows = calling.read(lambda tx: lists.invoices(tx, wanted=wanted.wanted(calling, state=wanted.state)))
    return paging.page(rows, _invoice, lambda row: str(row.id), limit=wanted.limit)


def _invoice(row: InvoiceEntry) -> InvoiceListed:
    return InvoiceListed(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        kind=row.kind,
        reference=row.reference,
        number=row.number,
        state=row.state,
        legal_entity=row.legal_entity,
        tax_number=row.tax_number,
        total=shapes.money(row.total_minor, row.currency),
        tax=shapes.money(row.tax_minor, row.currency),
        taxes=[
            TaxListed(kind=each.kind, amount=shapes.money(each.amount_minor, row.currency))
            for each in row.taxes
        ],
        error=row.error,
        requested_at=row.requested_at,
        issued_at=row.issued_at,
    )
