"""Capture orders: one, or up to a thousand in one call, each with its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from doorstep.adapters.channels.direct import wire as order_document
from doorstep.bootstrap import App
from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.connections.model import Connection, Kind, Mode
from doorstep.domain.identity.model import Permission
from doorstep.flows.capture import direct_orders
from doorstep.flows.capture.direct_orders import CaptureResult, CaptureStatus, Documents
from doorstep.kernel import errors, log
from doorstep.kernel.db import Interrupted, WriteTx

router = APIRouter(tags=["Orders"])
MOST_ORDERS, MOST_BYTES, ATTEMPTS = 1_000, 32 * 1024 * 1024, 3
_log = log.get("api")

_LINE = {"sku": "GT-WH-02", "quantity": 2, "unit_price_minor": 79950}
_EXAMPLE = {
    "external_id": "B2B-1001",
    "placed_at": "2026-05-05T10:00:00+05:30",
    "currency": "INR",
    "lines": [_LINE],
    "payment": {"is_paid": True, "method": "upi"},
    "shipping_address": {
        "name": "A. Person",
        "phone": "+919800000000",
        "line1": "1 Road",
        "city": "Pune",
        "state": "Maharashtra",
        "state_code": "MH",
        "postal_code": "411001",
        "country": "IN",
    },
}
(_ORDER,), ORDER_SHAPES = msgspec.json.schema_components(
    [order_document.Order], ref_template="#/components/schemas/{name}Document"
)
_ORDERS = {
    "type": "object",
    "title": "Several orders",
    "properties": {
        "orders": {
            "type": "array",
            "items": _ORDER,
            "maxItems": MOST_ORDERS,
            "description": "The order documents; each has its own result.",
        }
    },
    "required": ["orders"],
}
_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [_ORDER, _ORDERS],
                    "description": 'One order document, or {"orders": [documents]}.',
                },
                "examples": {"one": {"value": _EXAMPLE}, "several": {"value": {"orders": [_EXAMPLE]}}},
            }
        },
    }
}


class Captured(BaseModel):
    """The result of one order document; `stored` means that it is processed shortly."""

    external_id: str
    result: CaptureStatus
    order_id: int | None
    number: str
    status: str = Field(description="The order's status; empty if there is no order yet.")
    hold_reasons: list[str]
    error: str


class CapturedAll(BaseModel):
    """The results of several order documents, in the order given."""

    results: list[Captured]


class _Several(msgspec.Struct):
    orders: list[msgspec.Raw] | None = None


@router.post(
    "/orders",
    openapi_extra=_BODY,
    responses={
        200: {"model": CapturedAll, "description": "Several documents were sent: see each result."},
        201: {"model": Captured, "description": "One document was sent and accepted."},
    },
)
async def place_orders(
    request: Request,
    calling: Calling,
    channel: Annotated[
        str, Query(description="Key of a direct connection; not needed if there is only one.")
    ] = "",
) -> Response:
    """Place one order, or up to 1,000 as {"orders": […]}: stored, checked, routed and reserved before the answer is sent.

    Each order has its own result: created, updated (a newer version), outdated (an older
    version: no effect), repeated (the same version again), refused (with
    the reason; the document is kept as a dead letter) or stored (it is processed shortly). One bad order does not affect the others.
    """
    calling.principal.require(Permission.ORDERS_WRITE)
    body = await request.body()
    bodies, single = _split(body)
    answer = await asyncio.to_thread(_capture, calling, channel, bodies)
    if not single:
        return JSONResponse(answer.model_dump(mode="json"))
    (result,) = answer.results
    refused = result.result is CaptureStatus.REFUSED
    return JSONResponse(result.model_dump(mode="json"), status_code=422 if refused else 201)


def _split(body: bytes) -> tuple[list[bytes], bool]:
    """The documents in a body, unchanged, and whether it was a single one."""
    if len(body) > MOST_BYTES:
        raise errors.Invalid("The body is over 32 MB: send fewer orders at once.")
    try:
        several = msgspec.json.decode(body, type=_Several)
    except msgspec.MsgspecError as problem:
        raise errors.Invalid(f"The body is not an order document: {problem}.") from problem
    if several.orders is None:
        return [body], True
    if not 1 <= len(several.orders) <= MOST_ORDERS:
        raise errors.Invalid(f"Send 1 to {MOST_ORDERS} orders at once.", field="orders")
    return [bytes(each) for each in several.orders], False


def _capture(calling: Caller, channel: str, bodies: list[bytes]) -> CapturedAll:
    trace_id = calling.trace_id or log.new_trace_id()
    documents = Documents(_connection(calling.app, channel), bodies, trace_id)
    context = calling.app.context

    def at_once(tx: WriteTx) -> CapturedAll:
        return _shape(direct_orders.capture(context, tx, documents=documents))

    def later(tx: WriteTx) -> CapturedAll:
        return _shape(direct_orders.store(context, tx, documents=documents))

    for _attempt in range(ATTEMPTS):
        try:
            return _typed(calling.write(at_once))
        except errors.Conflict:
            continue  # Another call may have stored the same order just now: then the second read finds it.
        except Interrupted:
            break  # Too many changes of the same stock at once: a worker will place the orders.
        except errors.Unavailable:
            raise
        except Exception as problem:  # noqa: BLE001 - the HTTP edge: one guilty order must not lose the others
            _log.warning(
                "cannot process the orders together: stored for a worker, one by one", error=str(problem)
            )
            break
    return _typed(calling.write(later))


def _shape(results: Sequence[CaptureResult]) -> CapturedAll:
    return CapturedAll(results=[Captured.model_validate(asdict(each)) for each in results])


def _typed(answer: CapturedAll) -> CapturedAll:
    """A stored answer of a repeated Idempotency-Key is JSON: parse it into its model again."""
    return CapturedAll.model_validate(answer)


def _connection(app: App, key: str) -> Connection:
    """Find the direct connection for this request."""
    direct = [
        each for each in app.registry.of_kind(Kind.CHANNELS) if each.connector_id == direct_orders.DIRECT
    ]
    found = [each for each in direct if not key or each.key == key]
    if len(found) == 1 and found[0].mode is Mode.LIVE:
        return found[0]
    if not direct:
        raise errors.Invalid(
            "There is no direct connection yet. Create one with `doorstep connections put FILE.toml`.",
            field="channel",
        )
    known = ", ".join(each.key for each in direct)
    raise errors.Invalid(
        f"Choose a direct connection that is live with `?channel=`. Direct connections: {known}.",
        field="channel",
    )
