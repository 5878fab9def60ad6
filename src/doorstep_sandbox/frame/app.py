"""The ASGI application of a partner: control routes, credentials, limits, faults, then the vendor's handler."""

from __future__ import annotations

import asyncio
import inspect
import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from doorstep_sandbox.frame import calls, clock, control, faults
from doorstep_sandbox.frame.partner import Partner
from doorstep_sandbox.frame.wire import Json

log = logging.getLogger(__name__)
CLIENT_ERROR = 400
BEFORE_WORK = {faults.Kind.STATUS_500, faults.Kind.STATUS_429, faults.Kind.REFUSE_BEFORE_WORK}


class Application:
    """Handle every vendor call: log it, and make it fail before or after its work if a fault says so."""

    def __init__(self, partner: Partner, token: str) -> None:
        self.partner = partner
        self.token = token
        self.routes = partner.routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = calls.Call(
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            headers=request.headers,
            body=await request.body(),
            base_url=self.partner.base_url,
        )
        if call.path.startswith(control.PREFIX):
            await control.answer(self.partner, call, self.token)(scope, receive, send)
            return
        response = await self._serve(call)
        if response is None:
            await hang_up(scope)
        else:
            await response(scope, receive, send)

    async def _serve(self, call: calls.Call) -> Response | None:
        """The response, or None to close the connection without one."""
        partner = self.partner
        found = calls.find(self.routes, call)
        entry: Json = {
            "at": clock.now().isoformat(),
            "method": call.method,
            "path": call.path,
            "operation": partner.operation(call),
            "idempotency_key": partner.idempotency_key(call),
            "fault": None,
            "status": None,
        }
        partner.calls.append(entry)
        refusal = partner.unknown(call) if found is None else partner.authorize(call)
        refusal = refusal or partner.over_limit(call)
        if refusal or found is None:
            response: Response | None = refusal
        else:
            target = faults.Target(
                call.method, call.path, call.route, str(entry["operation"]), partner.resource(call)
            )
            fault = partner.faults.pick(target)
            entry["fault"] = fault.kind.value if fault else None
            await asyncio.sleep(float(partner.settings.get("latency_seconds", 0)))
            response = await self._work(call, found, fault)
        entry["status"] = response.status_code if response else None
        return response

    async def _work(
        self, call: calls.Call, found: calls.Route, fault: faults.Fault | None
    ) -> Response | None:
        if fault and fault.kind in BEFORE_WORK:
            return await self._fail_early(call, fault)
        response = await handle(found.handler, call)
        if call.method != "GET" and response.status_code < CLIENT_ERROR:
            self.partner.save()
        if fault and fault.kind in {faults.Kind.TIMEOUT_AFTER_WORK, faults.Kind.SLOW}:
            await asyncio.sleep(fault.hold_seconds)
            return response if fault.kind is faults.Kind.SLOW else None
        if fault and fault.kind is faults.Kind.MALFORMED_JSON:
            body = bytes(response.body)
            return Response(body[: max(1, len(body) // 2)] + b"<", 200, media_type="application/json")
        return response

    async def _fail_early(self, call: calls.Call, fault: faults.Fault) -> Response | None:
        if fault.kind is faults.Kind.REFUSE_BEFORE_WORK:
            await asyncio.sleep(fault.hold_seconds)
            return None
        limits = fault.kind is faults.Kind.STATUS_429
        response = self.partner.too_many(call) if limits else self.partner.server_error(call)
        for name, value in fault.headers.items():
            if value:
                response.headers[name] = value
            elif name in response.headers:
                del response.headers[name]
        return response


async def handle(handler: calls.Handler, call: calls.Call) -> Response:
    try:
        result = handler(call)
        return await result if inspect.isawaitable(result) else result
    except calls.VendorError as refusal:
        return refusal.response


async def hang_up(scope: Scope) -> None:
    """Close the TCP connection; the pause lets the server notice it, so that it does not answer 500."""
    scope["state"]["connection"].transport.close()
    await asyncio.sleep(0.01)
