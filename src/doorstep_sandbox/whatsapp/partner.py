"""Serve WhatsApp's Cloud API: messages, templates, the phone number, and webhooks after a challenge."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import ClassVar
from urllib.parse import parse_qs

import httpx
from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame import clock, outgoing
from doorstep_sandbox.frame.calls import Call, Route, VendorError, route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.whatsapp import errors, hooks, templates

VERSION = re.compile(r"v\d+\.\d")
NUMBER = re.compile(r"\+?[0-9][0-9 ()-]{5,20}")
MAX_TEXT = 4096
FIRST_TEMPLATE, FIRST_MESSAGE = 1689556908120001, 1


class WhatsApp(Partner):
    """Nothing is idempotent: a repeated call is a second message. A message is `sent` and `delivered` unless `script` says otherwise."""

    name = "whatsapp"
    retry_seconds = (1, 60, 600, 3600, 21600, 86400)
    empty_state: ClassVar[Json] = {
        "messages": {},
        "templates": {},
        "windows": {},
        "recipients": {},
        "subscriptions": [],
        "ended_tokens": [],
        "script": {
            "statuses": ["sent", "delivered"],
            "token_expired": False,
            "test_number": False,
            "errors_at_once": False,
            "quality_rating": "GREEN",
        },
    }
    generated: ClassVar[dict[str, int]] = {"access_token": 24, "app_secret": 16, "verify_token": 12}

    def __init__(self, settings: Json, **more: object) -> None:
        super().__init__(settings, **more)  # type: ignore[arg-type]  # the frame's keyword
        self.verified: set[str] = set()
        self.hooks.prepare = self._verified

    @classmethod
    def generate(cls) -> Json:
        return {
            **super().generate(),
            "phone_number_id": "106540352242922",
            "waba_id": "102290129340398",
            "app_id": "634974688087057",
            "display_phone_number": "15550783881",
            "verified_name": "Example Retail",
        }

    def routes(self) -> list[Route]:
        return [
            route("POST", "/{version}/{phone_id}/messages", self.send),
            route("GET", "/{version}/{account_id}/message_templates", self.list_templates),
            route("POST", "/{version}/{account_id}/message_templates", self.create_template),
            route("GET", "/{version}/{account_id}/phone_numbers", self.phone_numbers),
            route("POST", "/{version}/{account_id}/subscribed_apps", self.subscribe_account),
            route("GET", "/{version}/{account_id}/subscribed_apps", self.subscribed_apps),
            route("POST", "/{version}/{app_id}/subscriptions", self.subscribe_app),
            route("GET", "/{version}/{object_id}", self.read),
        ]

    def verbs(self) -> dict[str, Verb]:
        return {
            "script": self.script,
            "template": self.template,
            "review": self.review,
            "recipient": self.recipient,
            "inbound": self.inbound,
            "preference": self.preference,
            "new_token": self.new_token,
            "status": self.status,
        }

    def authorize(self, call: Call) -> Response | None:
        given = call.headers.get("authorization", "").removeprefix("Bearer ") or call.query.get(
            "access_token", ""
        )
        expected = str(self.settings["access_token"])
        if call.route.endswith("/subscriptions"):
            expected = f"{self.settings['app_id']}|{self.settings['app_secret']}"
        has_ended = given in self.state["ended_tokens"]
        if not has_ended and not hmac.compare_digest(given.encode(), expected.encode()):
            return errors.answer(errors.INVALID_TOKEN)
        if has_ended or self.state["script"]["token_expired"]:
            return errors.answer(errors.EXPIRED_TOKEN)
        if not VERSION.fullmatch(call.params.get("version", "")):
            return errors.answer(errors.UNKNOWN_PATH)
        return None

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        secret = "wrong" if draft.forge else str(self.settings["app_secret"])
        signature = hmac.new(secret.encode(), draft.body, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature-256": f"sha256={signature}"}

    def resource(self, call: Call) -> str:
        if not call.route.endswith("/messages"):
            return super().resource(call)
        body = _read(call)
        return "/".join(
            str(body.get(key, "")) for key in ("to", "type", "template", "biz_opaque_callback_data")
        )

    def too_many(self, call: Call) -> Response:
        error = errors.THROUGHPUT if call.route.endswith("/messages") else errors.ACCOUNT_LIMIT
        return errors.answer(error, "Too many messages or calls in a short time", {"Retry-After": "1"})

    def server_error(self, call: Call) -> Response:
        return errors.answer(errors.WENT_WRONG)

    def unknown(self, call: Call) -> Response:
        return errors.answer(errors.UNKNOWN_PATH)

    def credentials(self) -> Json:
        known = ("phone_number_id", "waba_id", "app_id", "display_phone_number", "verified_name")
        return {**super().credentials(), **{key: self.settings[key] for key in known}}

    # vendor calls

    def send(self, call: Call) -> Response:
        self._is("phone_number_id", call.params["phone_id"])
        body = _read(call)
        if body.get("messaging_product") != "whatsapp":
            raise errors.refusal(errors.INVALID_PARAMETER, "The parameter messaging_product is required.")
        if body.get("status") == "read":
            return JSONResponse({"success": True})
        given = str(body.get("to") or "")
        if not NUMBER.fullmatch(given):
            raise errors.refusal(errors.PARAMETER_INVALID, "(to) is not a phone number")
        number = "".join(filter(str.isdigit, given))
        category = self._content(body)
        failure = self._failure(number, body, category)
        if failure and (self.state["script"]["errors_at_once"] or failure[0] is errors.NOT_ALLOWED):
            raise errors.refusal(*failure)
        message = self._keep(number, body, category)
        self._follow(message, failure)
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": given, "wa_id": number}],
                "messages": [{"id": message["id"], "message_status": "accepted"}],
            }
        )

    def list_templates(self, call: Call) -> Response:
        """Filtered by name, language, status and category; paged by `limit` and `after`."""
        self._is("waba_id", call.params["account_id"])
        filters = {
            key: call.query[key] for key in ("name", "language", "status", "category") if key in call.query
        }
        found = [
            one
            for one in self.state["templates"].values()
            if all(one[key] == value for key, value in filters.items())
        ]
        limit, start = int(call.query.get("limit", 25)), int(call.query.get("after", 0) or 0)
        page: Json = {"cursors": {"before": str(start), "after": str(start + limit)}}
        if start + limit < len(found):
            page["next"] = f"{self.base_url}{call.path}?limit={limit}&after={start + limit}"
        return JSONResponse({"data": found[start : start + limit], "paging": page})

    def create_template(self, call: Call) -> Response:
        self._is("waba_id", call.params["account_id"])
        made = self._template({"status": "PENDING", **_read(call)})
        return JSONResponse({key: made[key] for key in ("id", "status", "category")})

    def phone_numbers(self, call: Call) -> Response:
        self._is("waba_id", call.params["account_id"])
        return JSONResponse({"data": [self._phone()]})

    def read(self, call: Call) -> Response:
        identifier = call.params["object_id"]
        if identifier == self.settings["phone_number_id"]:
            found = self._phone()
        elif identifier == self.settings["waba_id"]:
            found = {"id": identifier, "name": self.settings["verified_name"], "timezone_id": "1"}
        else:
            raise errors.refusal(errors.NO_OBJECT)
        fields = set(filter(None, call.query.get("fields", "").split(",")))
        return JSONResponse(
            {key: value for key, value in found.items() if not fields or key in fields | {"id"}}
        )

    async def subscribe_app(self, call: Call) -> Response:
        """The app's callback address: it is stored only when it answers the challenge."""
        self._is("app_id", call.params["app_id"])
        body = _read(call)
        return await self._subscribe(str(body.get("callback_url", "")), str(body.get("verify_token", "")))

    async def subscribe_account(self, call: Call) -> Response:
        """The account's messages go to the app, or to an address of the account's own (`override_callback_uri`)."""
        self._is("waba_id", call.params["account_id"])
        body = _read(call)
        if "override_callback_uri" not in body:
            return JSONResponse({"success": True})
        return await self._subscribe(str(body["override_callback_uri"]), str(body.get("verify_token", "")))

    def subscribed_apps(self, call: Call) -> Response:
        self._is("waba_id", call.params["account_id"])
        app = {"id": self.settings["app_id"], "name": self.settings["verified_name"], "link": ""}
        addresses = self.state["subscriptions"]
        data = [{"whatsapp_business_api_data": app, "override_callback_uri": url} for url in addresses]
        return JSONResponse({"data": data})

    # control verbs

    def script(self, body: Json) -> Json:
        unknown = body.keys() - self.state["script"].keys()
        if unknown:
            message = f"unknown: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        self.state["script"] |= body
        script: Json = self.state["script"]
        return script

    def new_token(self, _body: Json) -> Json:
        """The access token has expired, and the business makes another one."""
        self.state["ended_tokens"].append(str(self.settings["access_token"]))
        self.settings["access_token"] = secrets.token_hex(self.generated["access_token"])
        return {"access_token": self.settings["access_token"]}

    def template(self, body: Json) -> Json:
        """Add or replace a template, approved unless `status` says otherwise."""
        try:
            return self._template(body)
        except VendorError as refusal:
            raise ValueError(bytes(refusal.response.body).decode()) from None

    def review(self, body: Json) -> Json:
        """The vendor decides about a template: APPROVED, REJECTED, PAUSED, DISABLED."""
        found: Json = self.state["templates"][f"{body['name']}/{body['language']}"]
        found["status"] = body["status"]
        self._post("message_template_status_update", hooks.review(found, body.get("reason", "NONE")))
        return found

    def recipient(self, body: Json) -> Json:
        """A number: `on_whatsapp` (true), `allowed` (false; matters for a test number), `name`."""
        known: Json = self.state["recipients"].setdefault(str(body["number"]), {})
        known |= {key: body[key] for key in ("on_whatsapp", "allowed", "name", "stopped") if key in body}
        return known

    def inbound(self, body: Json) -> Json:
        """A customer writes, STOP for instance; this opens the 24-hour window."""
        number = str(body["number"])
        self.state["windows"][number] = clock.epoch()
        identifier = self._wamid()
        words = hooks.text(identifier, number, str(body["text"]), body.get("reply_to"), self._phone())
        self._post("messages", self._value(number, messages=[words]))
        return {"id": identifier}

    def preference(self, body: Json) -> Json:
        """A customer stops or resumes marketing messages in WhatsApp itself."""
        number, wanted = str(body["number"]), str(body["value"])
        self.recipient({"number": number, "stopped": wanted == "stop"})
        entry = hooks.preference(number, wanted)
        self._post("user_preferences", self._value(number, user_preferences=[entry]))
        return entry

    def status(self, body: Json) -> Json:
        """Statuses [{`id`, `status`, `code`?, `details`?}]; several are entries of one POST."""
        values = []
        for one in body["statuses"]:
            message = self.state["messages"][one["id"]]
            error = errors.Error(int(one.get("code", 131000)), str(one.get("title", "Something went wrong")))
            failed = one["status"] == "failed"
            reason = errors.in_status(error, str(one.get("details", ""))) if failed else None
            values.append(self._status(message, one["status"], reason))
        self._post("messages", *values)
        return {"sent": len(values)}

    # work

    def _content(self, body: Json) -> str:
        """Check the content; returns the category of the conversation."""
        kind = body.get("type", "text")
        if kind == "template":
            wanted = body.get("template") or {}
            code = (wanted.get("language") or {}).get("code")
            found = self.state["templates"].get(f"{wanted.get('name')}/{code}")
            templates.check(found, wanted)
            return str(found["category"]).lower()
        if kind != "text":
            raise errors.refusal(errors.UNSUPPORTED_TYPE, f"this server sends no {kind}")
        words = str((body.get("text") or {}).get("body") or "")
        if not words or len(words) > MAX_TEXT:
            raise errors.refusal(errors.PARAMETER_INVALID, "text.body has 1 to 4096 characters")
        return "service"

    def _failure(self, number: str, body: Json, category: str) -> tuple[errors.Error, str] | None:
        """Why the message will not arrive."""
        known = self.state["recipients"].get(number, {})
        if self.state["script"]["test_number"] and not known.get("allowed"):
            return errors.NOT_ALLOWED, "Recipient phone number not in allowed list"
        if not known.get("on_whatsapp", True):
            return errors.UNDELIVERABLE, "Message Undeliverable."
        written = self.state["windows"].get(number)
        if category == "service" and (written is None or clock.epoch() - written > hooks.WINDOW_SECONDS):
            reason = "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
            return errors.RE_ENGAGEMENT, reason
        if category == "marketing" and known.get("stopped"):
            return errors.MARKETING_STOPPED, "The recipient has stopped marketing messages from this business"
        return None

    def _keep(self, number: str, body: Json, category: str) -> Json:
        message: Json = {
            "id": self._wamid(),
            "to": number,
            "at": clock.now().isoformat(),
            "category": category,
            "callback_data": body.get("biz_opaque_callback_data"),
            "conversation_id": hashlib.sha256(f"{number}/{category}".encode()).hexdigest()[:32],
            "statuses": [],
            "body": body,
        }
        self.state["messages"][message["id"]] = message
        return message

    def _follow(self, message: Json, failure: tuple[errors.Error, str] | None) -> None:
        if failure:
            self._post("messages", self._status(message, "failed", errors.in_status(*failure)))
            return
        for name in self.state["script"]["statuses"]:
            self._post("messages", self._status(message, name))

    def _status(self, message: Json, name: str, error: Json | None = None) -> Json:
        message["statuses"].append(name)
        return self._value(message["to"], statuses=[hooks.status(message, name, error)])

    def _value(self, number: str, **more: object) -> Json:
        name = self.state["recipients"].get(number, {}).get("name", "Test Name")
        return hooks.value(self._phone(), number, name, **more)

    def _post(self, field: str, *values: Json) -> None:
        document = hooks.body(str(self.settings["waba_id"]), field, *values)
        self.hooks.post(field, document, self.state["subscriptions"])

    def _template(self, body: Json) -> Json:
        key = f"{body.get('name')}/{body.get('language')}"
        known = self.state["templates"].get(key)
        number = known["id"] if known else str(self.next_number("template", FIRST_TEMPLATE))
        made = templates.template(number, body)
        self.state["templates"][key] = made
        return made

    def _phone(self) -> Json:
        return {
            "id": self.settings["phone_number_id"],
            "verified_name": self.settings["verified_name"],
            "code_verification_status": "VERIFIED",
            "display_phone_number": self.settings["display_phone_number"],
            "quality_rating": self.state["script"]["quality_rating"],
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
        }

    def _wamid(self) -> str:
        number = self.next_number("message", FIRST_MESSAGE)
        return f"wamid.HBgL{secrets.token_hex(8).upper()}{number:06d}A="

    def _is(self, setting: str, identifier: str) -> None:
        if identifier != self.settings[setting]:
            raise errors.refusal(errors.NO_OBJECT)

    async def _subscribe(self, url: str, verify_token: str) -> Response:
        async with httpx.AsyncClient(timeout=outgoing.TIMEOUT_SECONDS, trust_env=False) as client:
            if not await challenge(client, url, verify_token):
                raise errors.refusal(errors.CALLBACK, "The URL couldn't be validated.")
        self.verified.add(url)
        if url not in self.state["subscriptions"]:
            self.state["subscriptions"].append(url)
        return JSONResponse({"success": True})

    async def _verified(self, client: httpx.AsyncClient, url: str) -> bool:
        """Nothing is posted to an address that has not answered the challenge."""
        if url not in self.verified and await challenge(client, url, str(self.settings["verify_token"])):
            self.verified.add(url)
        return url in self.verified


async def challenge(client: httpx.AsyncClient, url: str, verify_token: str) -> bool:
    """Whether the address answers `hub.challenge` with its own text."""
    expected = str(secrets.randbelow(10**9))
    query = {"hub.mode": "subscribe", "hub.challenge": expected, "hub.verify_token": verify_token}
    try:
        response = await client.get(url, params=query)
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return response.status_code == httpx.codes.OK and response.text == expected


def _read(call: Call) -> Json:
    """JSON, or a form: the Graph API takes both."""
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {key: values[-1] for key, values in parse_qs(call.body.decode()).items()}
    try:
        return call.json()
    except ValueError:
        raise errors.refusal(errors.INVALID_PARAMETER, "The body is not a JSON object") from None
