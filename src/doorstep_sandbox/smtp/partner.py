"""Serve SMTP: mails stay in memory and are read through the control routes; faults defer or disconnect."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hmac
import warnings
from email.message import EmailMessage
from typing import ClassVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from starlette.responses import Response

from doorstep_sandbox.frame import clock, faults, outgoing
from doorstep_sandbox.frame.calls import Call, Route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json

HOST = "127.0.0.1"
OK = "250 OK: queued"
TEMPORARY = "451 4.3.0 Requested action aborted: try again later"


class Smtp(Partner):
    """Its HTTP port serves only /_control."""

    name = "smtp"
    empty_state: ClassVar[Json] = {"mails": []}
    generated: ClassVar[dict[str, int]] = {"username": 4, "password": 12}
    server: asyncio.Server | None = None

    async def open(self) -> Json:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(self._protocol, HOST, int(self.settings.get("port", 0)))
        port = self.server.sockets[0].getsockname()[1]
        return {"host": HOST, "port": port, "auth_required": self._needs_login}

    async def close(self) -> None:
        if self.server:
            self.server.close()

    def routes(self) -> list[Route]:
        return []

    def verbs(self) -> dict[str, Verb]:
        return {"mails": self.mails}

    def authorize(self, call: Call) -> Response | None:
        return None

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        return {}

    def mails(self, body: Json) -> Json:
        """All mails, oldest first, parsed."""
        return {"mails": [parsed(mail) for mail in self.state["mails"]]}

    def view(self) -> Json:
        return self.mails({})

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and arguments
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer what most relays do: several commands in one write."""
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail unless a fault prevents it; a fault may also drop the reply."""
        raw = envelope.original_content or b""
        fault = self.faults.pick(faults.Target("DATA", "/smtp", "/smtp", "DATA", message_id(raw)))
        entry: Json = {"at": clock.now().isoformat(), "method": "DATA", "path": "/smtp", "operation": "DATA"}
        entry.update(idempotency_key=message_id(raw), fault=fault.kind.value if fault else None, status=250)
        self.calls.append(entry)
        if fault and fault.kind in {faults.Kind.STATUS_500, faults.Kind.STATUS_429}:
            entry["status"] = 451
            return TEMPORARY
        if not fault or fault.kind is not faults.Kind.REFUSE_BEFORE_WORK:
            self._keep(envelope, raw)
        if not fault:
            return OK
        await asyncio.sleep(fault.hold_seconds)
        if fault.kind is faults.Kind.MALFORMED_JSON:
            return "2x0 ???"
        entry["status"] = None
        if isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return OK

    def _keep(self, envelope: Envelope, raw: bytes) -> None:
        self.state["mails"].append(
            {
                "at": clock.now().isoformat(),
                "from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "raw": raw.decode("utf-8", "surrogateescape"),
            }
        )
        self.save()

    @property
    def _needs_login(self) -> bool:
        return bool(self.settings.get("auth_required", False))

    def _protocol(self) -> SMTP:
        with warnings.catch_warnings():
            # A login without TLS is worth a warning on a network; this server listens on loopback only.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS", UserWarning)
            return SMTP(
                self,
                hostname="localhost",
                enable_SMTPUTF8=True,
                auth_required=self._needs_login,
                auth_require_tls=False,
                authenticator=self._login,
            )

    def _login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and (
            hmac.compare_digest(data.login, str(self.settings["username"]).encode())
            and hmac.compare_digest(data.password, str(self.settings["password"]).encode())
        )
        return AuthResult(success=good, handled=good)


def message_id(raw: bytes) -> str:
    """Our reference of a mail; only its head is parsed."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return str(email.message_from_bytes(head).get("Message-ID", ""))


def parsed(mail: Json) -> Json:
    """Addresses of envelope and headers, and the bodies as text."""
    raw = str(mail["raw"]).encode("utf-8", "surrogateescape")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {
        "at": mail["at"],
        "from": mail["from"],
        "to": mail["to"],
        "subject": str(message.get("Subject", "")),
        "message_id": str(message.get("Message-ID", "")),
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "headers": [[name, str(value)] for name, value in message.items()],
    }


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else None
