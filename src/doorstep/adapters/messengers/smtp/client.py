"""Send one mail by SMTP, and report exactly when a failure leaves it unknown whether it was sent."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from doorstep.kernel import http

Security = Literal["starttls", "tls", "plain"]
_REFUSALS = range(400, 600)
_PERMANENT = 500
_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Relay:
    """The relay's address and credentials."""

    host: str
    port: int
    security: Security
    username: str
    password: str


def deliver(relay: Relay, mail: EmailMessage, *, sender: str, recipient: str) -> None:
    """Send one mail.

    Raises Unanswered: maybe_done is true only between the end of the data and the relay's answer to it. Raises
    AuthFailed for credentials, Rejected for any other permanent refusal.
    """
    content = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    try:
        conversation = _open(relay)
    except (OSError, smtplib.SMTPException) as problem:
        raise _failure(problem, relay, maybe_done=False) from problem
    handed_over = False
    try:
        _introduce(conversation, relay)
        _check(conversation.mail(sender), relay)
        _check(conversation.rcpt(recipient), relay)
        _check(conversation.docmd("DATA"), relay, expected=354)
        handed_over = True
        conversation.send(ended(content))
        _check(conversation.getreply(), relay)
        _part(conversation)
    except (OSError, smtplib.SMTPException) as problem:
        raise _failure(problem, relay, maybe_done=handed_over) from problem
    finally:
        conversation.close()


def _open(relay: Relay) -> smtplib.SMTP:
    if relay.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(relay.host, relay.port, timeout=_TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(relay.host, relay.port, timeout=_TIMEOUT_SECONDS)


def _introduce(conversation: smtplib.SMTP, relay: Relay) -> None:
    conversation.ehlo_or_helo_if_needed()
    if relay.security == "starttls":
        conversation.starttls(context=ssl.create_default_context())
        conversation.ehlo()
    if relay.username:
        conversation.login(relay.username, relay.password)


def _part(conversation: smtplib.SMTP) -> None:
    """Quit; the mail is sent, so the answer does not matter."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        conversation.quit()


def ended(content: bytes) -> bytes:
    """The mail with its leading dots doubled, and the line that ends it."""
    body = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def _check(reply: tuple[int, bytes], relay: Relay, *, expected: int = 250) -> None:
    code, words = reply
    if code == expected or (expected == 250 and code == 251):  # noqa: PLR2004 - SMTP's numbers: done, will forward
        return
    raise smtplib.SMTPResponseException(code, words)


def _failure(problem: Exception, relay: Relay, *, maybe_done: bool) -> Exception:
    """After an answer with a code the mail was not sent. Only silence after the data leaves it unknown."""
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return http.Rejected(f"{relay.host} does not support the settings: {problem}")
    if not isinstance(problem, smtplib.SMTPResponseException) or problem.smtp_code not in _REFUSALS:
        return http.Unanswered(f"{relay.host} did not answer: {problem}", maybe_done=maybe_done)
    words = (
        problem.smtp_error.decode(errors="replace")
        if isinstance(problem.smtp_error, bytes)
        else problem.smtp_error
    )
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return http.AuthFailed(
            f"{relay.host} does not accept our credentials: {words}", code=problem.smtp_code
        )
    if problem.smtp_code >= _PERMANENT:
        return http.Rejected(
            f"{relay.host} rejected the message: {problem.smtp_code} {words}", code=problem.smtp_code
        )
    return http.Unanswered(
        f"{relay.host} asks to retry later: {words}", maybe_done=False, code=problem.smtp_code
    )
