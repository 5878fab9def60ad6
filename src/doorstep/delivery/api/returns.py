"""Returns: read, receive, inspect, retry refunds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from doorstep.delivery.api import shapes
from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.analytics.views import order as order_views
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.domain.returns import views
from doorstep.domain.returns.model import Disposition, Grade, Inspection
from doorstep.flows.payments import refund
from doorstep.flows.returns import receive_returns
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import RefundId, ReturnId

router = APIRouter(tags=["Returns"])


class Receipt(BaseModel):
    """Where it was received. Default: the return's own location."""

    location: str = Field("", description="Code of the location.")


class InspectedLine(BaseModel):
    """The inspection result of a line of the return."""

    return_line_no: int = Field(description="Number of the line within the return.")
    quantity: int = Field(ge=0, description="The number of units.")
    grade: Grade = Field(description="The grade of the returned units.")
    disposition: Disposition = Field(description="Where the units go.")
    refund: bool = Field(True, description="Whether these units are refunded.")
    note: str = Field("", max_length=500, description="A note for colleagues who read it later.")


class InspectedLines(BaseModel):
    """The inspection results of every line."""

    inspections: list[InspectedLine] = Field(min_length=1, description="The inspected lines.")


class ReturnState(BaseModel):
    """Where a return is now."""

    return_id: int
    custody: str


class RefundState(BaseModel):
    """The state of a refund."""

    refund_id: int
    state: str


def _allowed(calling: Caller, tx: ReadTx, return_id: int, permission: Permission) -> views.Return:
    found = views.one(tx, return_id=return_id)
    calling.principal.require_for(permission, record_at=found.location_id)
    return found


@router.get("/returns/{return_id}")
def get_return(calling: Calling, return_id: int) -> shapes.ReturnSummary:
    """Get one return."""

    def fetch(tx: ReadTx) -> shapes.ReturnSummary:
        found = _allowed(calling, tx, return_id, Permission.RETURNS_READ)
        detail = order_views.detail(tx, order_id=found.order_id, now=calling.app.clock.now())
        return next(each for each in shapes.order(detail).returns if each.id == return_id)

    return calling.read(fetch)


@router.post("/returns/{return_id}/receive")
def receive_return(
    calling: Calling, return_id: int, body: Annotated[Receipt, Body(default_factory=Receipt)]
) -> ReturnState:
    """Receive a return."""

    def work(tx: WriteTx) -> ReturnState:
        location = network.by_code(tx, code=body.location).id if body.location else None
        found = _allowed(calling, tx, return_id, Permission.RETURNS_WRITE)
        calling.principal.require(Permission.RETURNS_WRITE, at=location or found.location_id)
        receive_returns.receive(
            tx, return_id=ReturnId(return_id), location_id=location, now=calling.app.clock.now()
        )
        return ReturnState(return_id=return_id, custody="received")

    return calling.write(work)


@router.post("/returns/{return_id}/inspect")
def inspect_return(calling: Calling, return_id: int, body: InspectedLines) -> ReturnState:
    """Record the inspection: units go to stock, and the amount due is refunded."""
    found = [
        Inspection(each.return_line_no, each.quantity, each.grade, each.disposition, each.refund, each.note)
        for each in body.inspections
    ]

    def work(tx: WriteTx) -> ReturnState:
        _allowed(calling, tx, return_id, Permission.RETURNS_WRITE)
        receive_returns.inspect(
            tx, return_id=ReturnId(return_id), inspections=found, now=calling.app.clock.now()
        )
        return ReturnState(return_id=return_id, custody="inspected")

    return calling.write(work)


@router.post("/refunds/{refund_id}/retry")
def retry_refund(calling: Calling, refund_id: int) -> RefundState:
    """Retry a failed or uncertain refund; first the gateway is asked whether it already paid."""
    calling.principal.require(Permission.ORDERS_WRITE)

    def work(tx: WriteTx) -> RefundState:
        refund.retry(tx, refund_id=RefundId(refund_id), now=calling.app.clock.now())
        return RefundState(refund_id=refund_id, state="requested")

    return calling.write(work)
