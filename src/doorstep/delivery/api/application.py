"""Build the FastAPI application: routers, errors as RFC 9457 problems, one trace id per request."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

import doorstep
from doorstep.bootstrap import App
from doorstep.delivery.api import (
    atp_rules,
    availability,
    capture,
    catalog,
    connection_comparisons,
    connection_feeds,
    connection_files,
    connection_go_live,
    connection_maps,
    connection_messages,
    connection_sign_ins,
    connection_stock,
    connections,
    counts,
    dead_letters,
    decisions,
    documentation,
    feeds,
    fulfillment,
    imports,
    inventory,
    lab,
    lists,
    locations,
    network,
    order_messages,
    orders,
    promises,
    receiving,
    replenishment,
    reservations,
    returns,
    routing_rules,
    routing_work,
    shipments,
    supplies,
    transfers,
)
from doorstep.delivery.api.identity import Identified
from doorstep.delivery.api.parameters import refuse_unknown
from doorstep.delivery.api.permissions import require_permission
from doorstep.delivery.api.problems import (
    PROBLEM_TYPE,
    RESPONSES,
    http_problem,
    invalid_request,
    nested_too_deeply,
    problem,
)
from doorstep.kernel import errors

_DESCRIPTION = """
Orders, stock, fulfillment, shipments, returns and dead letters, to read and to act on.

Send an API key as `Authorization: Bearer …`; its role decides what it may do. Every write takes an `Idempotency-Key`:
the same key gives the first answer again, with another body it is refused. Errors are RFC 9457 problems.
""".strip()


_ACRONYMS = {"atp": "ATP", "sku": "SKU", "skus": "SKUs"}

_MODULES = (
    order_messages,
    orders,
    decisions,
    capture,
    fulfillment,
    shipments,
    inventory,
    reservations,
    availability,
    promises,
    locations,
    network,
    atp_rules,
    routing_rules,
    lab,
    routing_work,
    supplies,
    feeds,
    transfers,
    receiving,
    counts,
    replenishment,
    imports,
    lists,
    returns,
    dead_letters,
    connections,
    connection_comparisons,
    connection_feeds,
    connection_files,
    connection_go_live,
    connection_messages,
    connection_sign_ins,
    connection_stock,
    connection_maps,
    catalog,  # last: PUT /skus/{sku} matches every path below /skus
)


def _operation_id(route: APIRoute) -> str:
    """The function's name: a verb and its object, unique in the document."""
    return route.name


def _summary(operation_id: str) -> str:
    """The operation's name in sentence case."""
    words = [_ACRONYMS.get(word, word) for word in operation_id.split("_")]
    return " ".join([words[0].capitalize(), *words[1:]])


class Interface(FastAPI):
    """The API, whose document names the media type of problems."""

    def openapi(self) -> dict[str, object]:
        """The OpenAPI document: errors are application/problem+json, order documents have their shape."""
        document = super().openapi()
        for (
            name,
            shape,
        ) in capture.ORDER_SHAPES.items():  # parsed without pydantic, which FastAPI knows nothing of
            document["components"]["schemas"][f"{name}Document"] = shape
        for verbs in document["paths"].values():
            for operation in verbs.values():
                operation["summary"] = _summary(operation["operationId"])
                for status, answer in operation["responses"].items():
                    content = answer.get("content", {})
                    if status[0] in "45" and "application/json" in content:
                        content[PROBLEM_TYPE] = content.pop("application/json")
        return document


def create(app: App) -> FastAPI:
    """Build the API for an open App."""
    interface = Interface(
        title="Doorstep",
        version=doorstep.__version__,
        description=_DESCRIPTION,
        docs_url=None,  # documentation.py serves it without a content delivery network
        openapi_url=documentation.DOCUMENT,
        redoc_url=None,
        responses=RESPONSES,
        generate_unique_id_function=_operation_id,
    )
    interface.state.app = app
    interface.add_middleware(Identified, app=app)
    for module in _MODULES:
        interface.include_router(
            module.router,
            prefix="/api/v1",
            dependencies=[Depends(require_permission), Depends(refuse_unknown)],
        )
    interface.add_exception_handler(errors.DoorstepError, problem)
    interface.add_exception_handler(RequestValidationError, invalid_request)
    interface.add_exception_handler(HTTPException, http_problem)
    interface.add_exception_handler(RecursionError, nested_too_deeply)

    documentation.add_to(interface)

    @interface.get("/", include_in_schema=False)
    def front_door() -> Response:
        return RedirectResponse("/console")

    @interface.exception_handler(Exception)
    def bug(_request: Request, _problem: Exception) -> JSONResponse:
        body = {
            "type": "about:blank",
            "title": "Internal error. It has been logged.",
            "status": 500,
        }
        return JSONResponse(body, status_code=500, media_type=PROBLEM_TYPE)

    return interface
