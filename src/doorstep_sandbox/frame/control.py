"""Control routes of every sandbox: /_control, for tests and the demo, protected by a token."""

from __future__ import annotations

import dataclasses
import hmac

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame.calls import Call
from doorstep_sandbox.frame.partner import Partner
from doorstep_sandbox.frame.wire import Json, parse_object

PREFIX = "/_control"
TOKEN_HEADER = "X-Sandbox-Control"  # noqa: S105 - the name of a header


def answer(partner: Partner, call: Call, token: str) -> Response:
    """Unknown verbs are 404, invalid input is 422 with the reason; everything else is 200 with a JSON object."""
    if not hmac.compare_digest(call.headers.get(TOKEN_HEADER, ""), token):
        return JSONResponse({"error": f"header {TOKEN_HEADER} is missing or wrong"}, 401)
    name = call.path.removeprefix(PREFIX).strip("/")
    try:
        if call.method == "GET":
            return JSONResponse(_read(partner, name))
        return JSONResponse(_act(partner, name, call.body))
    except (ValueError, KeyError, TypeError) as error:
        return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 422)
    except LookupError as error:
        return JSONResponse({"error": str(error)}, 404)


def _read(partner: Partner, name: str) -> Json:
    if name == "calls":
        return {"calls": partner.calls}
    if name == "state":
        return partner.view()
    if name == "faults":
        return {"faults": partner.faults.describe()}
    if name == "webhooks":
        return webhooks(partner)
    return _verb(partner, name, {})


def _act(partner: Partner, name: str, body: bytes) -> Json:
    if name == "faults":
        return _set_faults(partner, body)
    document = parse_object(body)
    if name == "webhooks":
        partner.hooks.configure(document)
        return webhooks(partner)
    if name == "webhooks/flush":
        return {"released": partner.hooks.flush()}
    if name == "reset":
        partner.reset()
        return {"reset": True}
    result = _verb(partner, name, document)
    partner.save()
    return result


def _verb(partner: Partner, name: str, document: Json) -> Json:
    verb = partner.verbs().get(name)
    if verb is None:
        message = f"{partner.name} has no control verb {name!r}; it has {', '.join(sorted(partner.verbs()))}"
        raise LookupError(message)
    return verb(document)


def _set_faults(partner: Partner, body: bytes) -> Json:
    """Accepts a list of rules, or an object with `faults` or `rules`."""
    text = body.strip()
    document = parse_object(b'{"faults":' + text + b"}") if text.startswith(b"[") else parse_object(text)
    partner.faults.replace(list(document.get("faults") or document.get("rules") or []))
    return {"faults": partner.faults.describe()}


def webhooks(partner: Partner) -> Json:
    manner = dataclasses.asdict(partner.hooks.manner)
    deliveries = [
        {
            "number": one.number,
            "topic": one.topic,
            "url": one.url,
            "event_id": one.event_id,
            "state": one.state,
            "status": one.attempts[-1]["status"] if one.attempts else None,
            "attempts": one.attempts,
            "headers": one.headers,
            "body": one.body.decode(errors="replace"),
        }
        for one in partner.hooks.deliveries
    ]
    return {"settings": manner, "pending": partner.hooks.pending, "deliveries": deliveries}
