"""Call the Graph API: a bearer token, and Meta's error codes as our errors."""

from __future__ import annotations

from typing import Unpack
from urllib.parse import quote

from doorstep.adapters.messengers.whatsapp import wire
from doorstep.domain.notifications import model as notifications
from doorstep.kernel import errors, http
from doorstep.kernel.http import decoding
from doorstep.kernel.http.call import Details

MESSAGES, MANAGEMENT = "messages", "management"
_PAUSE_SECONDS = 4.0
_PAGE = 100
_MOST_PAGES = 50


class Unreachable(http.Rejected, notifications.Undeliverable):
    """This number is not on WhatsApp, or its owner takes no such messages."""


class Client:
    """The three calls that we use."""

    def __init__(self, session: http.Session, *, token: str, phone_number_id: str, account_id: str) -> None:
        self._session = session
        self._headers = {"Authorization": f"Bearer {token}"}
        self._phone = quote(phone_number_id, safe="")
        self._account = quote(account_id, safe="")

    def send(self, body: dict[str, object]) -> str:
        """Send a message; its id. Nothing makes a repeat harmless, so it is never repeated when the outcome is unknown."""
        response = self._call("POST", f"{self._phone}/messages", json=body, operation=MESSAGES)
        answer = decoding.shaped(response, wire.SendAnswer)
        if not answer.messages:
            raise http.Unanswered("WhatsApp's answer has no message id.", maybe_done=True)
        return answer.messages[0].id

    def phone_number(self) -> wire.PhoneNumber:
        """Our number, with its quality."""
        fields = "display_phone_number,verified_name,quality_rating"
        response = self._call("GET", self._phone, params={"fields": fields}, operation=MANAGEMENT)
        return decoding.shaped(response, wire.PhoneNumber)

    def templates(self) -> list[wire.Template]:
        """All templates of the account, in all languages."""
        found: list[wire.Template] = []
        after = ""
        for _ in range(_MOST_PAGES):
            params: dict[str, str | int] = {"limit": _PAGE} | ({"after": after} if after else {})
            path = f"{self._account}/message_templates"
            page = decoding.shaped(
                self._call("GET", path, params=params, operation=MANAGEMENT), wire.Templates
            )
            found += page.data
            after = page.paging.cursors.after
            if not page.paging.next or not after:
                break
        return found

    def _call(self, method: str, path: str, **details: Unpack[Details]) -> http.Response:
        details["headers"] = self._headers
        try:
            return self._session.send(method, path, **details)
        except http.Unanswered as problem:
            # An answer with this code says that the message was not sent. Any other silence leaves it unknown.
            if wire.failure(problem.data.get("body")).kind is wire.Kind.NOT_SENT:
                problem.maybe_done = False
            raise
        except (http.Rejected, http.AuthFailed, errors.NotFound, errors.Conflict) as problem:
            raise self._explained(problem, details.get("operation", "")) from problem

    def _explained(self, problem: errors.DoorstepError, operation: str) -> errors.DoorstepError:
        """Meta answers most refusals with the status 400: the code in the body says what they mean."""
        found = wire.failure(problem.data.get("body"))
        reported = {key: problem.data[key] for key in ("status", "body") if key in problem.data}
        match found.kind:
            case wire.Kind.AUTH:
                return http.AuthFailed(f"WhatsApp does not accept our access: {found.words}.", **reported)
            case wire.Kind.THROTTLED | wire.Kind.PAIR_THROTTLED:
                if found.kind is wire.Kind.THROTTLED:
                    self._session.pause(_PAUSE_SECONDS, operation=operation)
                words = f"WhatsApp asks to wait: {found.words}."
                return http.Unanswered(
                    words, maybe_done=False, retry_after_seconds=_PAUSE_SECONDS, **reported
                )
            case wire.Kind.UNREACHABLE:
                return Unreachable(f"The customer cannot be reached by WhatsApp: {found.words}.", **reported)
            case wire.Kind.TEMPLATE:
                return http.Rejected(
                    f"Correct the template at Meta, or its name, language or variables in this connection: {found.words}.",
                    **reported,
                )
        if isinstance(problem, errors.NotFound | errors.Conflict):
            return http.Rejected(problem.message, **reported)
        return problem
