"""Send mails by SMTP, several per connection, and report exactly when it is unknown whether one was sent."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from typing import Literal

from doorstep.kernel import http

Security = Literal["starttls", "tls", "plain"]
_REFUSALS = range(400, 600)
_PERMANENT = 500
_TIMEOUT_SECONDS = 20.0
_OK, _GO_ON, _CLOSING = 250, 354, 421
_DONE = (_OK, 251)  # 251: will forward
_MOST_PER_CONNECTION = 100  # relays end a connection after some hundred mails


@dataclass(frozen=True, slots=True)
class Relay:
    """The relay's address and credentials."""

    host: str
    port: int
    security: Security
    username: str
    password: str


class Conversation:
    """Hands over mails to one relay, over one connection as long as it holds; not for several threads."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._line: smtplib.SMTP | None = None
        self._delivered = 0
        self._down: Exception | None = None

    def deliver(self, content: bytes, *, sender: str, recipient: str) -> None:
        """Deliver one mail.

        Raises Unanswered: maybe_done is true only between the end of the data and the relay's answer to it. Raises
        AuthFailed for credentials, Rejected for any other permanent refusal. A relay that cannot be reached is not
        tried again in this conversation.
        """
        if self._down is not None:
            raise self._down
        is_kept = self._line is not None
        try:
            self._deliver(content, sender, recipient)
        except _Broken as broken:
            # The relay may have closed a kept connection meanwhile; before the data that is known not to matter.
            if not is_kept or broken.handed_over or broken.is_answer:
                raise self._failure(broken) from broken.problem
            self._deliver_anew(content, sender, recipient)

    def sign_in(self) -> None:
        """Open the connection and sign in, without a mail. Raises as `deliver` does."""
        try:
            self._opened()
        except (OSError, smtplib.SMTPException) as problem:
            raise _failure(problem, self._relay, maybe_done=False) from problem

    def _deliver_anew(self, content: bytes, sender: str, recipient: str) -> None:
        try:
            self._deliver(content, sender, recipient)
        except _Broken as broken:
            raise self._failure(broken) from broken.problem

    def _deliver(self, content: bytes, sender: str, recipient: str) -> None:
        """Raise _Broken for whatever ends it, with the connection closed, or ready for the next mail."""
        handed_over = False
        try:
            line = self._opened()
            if line.has_extn("pipelining"):
                self._begin_at_once(line, sender, recipient)
            else:
                _check(line.mail(sender))
                _check(line.rcpt(recipient))
                _check(line.docmd("DATA"), expected=_GO_ON)
            handed_over = True
            line.send(ended(content))
            _check(line.getreply())
        except (OSError, smtplib.SMTPException) as problem:
            broken = _Broken(problem, handed_over=handed_over, was_open=self._line is not None)
            self._end_after(broken)
            raise broken from problem
        self._delivered += 1
        if self._delivered >= _MOST_PER_CONNECTION:
            self.close()

    def _begin_at_once(self, line: smtplib.SMTP, sender: str, recipient: str) -> None:
        """Sender, recipient and begin of the data in one write (RFC 2920): one round trip instead of three."""
        line.send(f"mail FROM:<{sender}>\r\nrcpt TO:<{recipient}>\r\ndata\r\n")
        replies = [line.getreply() for _ in range(3)]
        if replies[2][0] == _GO_ON and any(code not in _DONE for code, _ in replies[:2]):
            line.close()  # the relay waits for data of a mail that it refused
            self._line, self._delivered = None, 0
        _check(replies[0])
        _check(replies[1])
        _check(replies[2], expected=_GO_ON)

    def _opened(self) -> smtplib.SMTP:
        if self._line is None:
            self._line = _open(self._relay)
            try:
                _introduce(self._line, self._relay)
            except (OSError, smtplib.SMTPException):
                self._line.close()
                self._line = None
                raise
        return self._line

    def _end_after(self, broken: _Broken) -> None:
        """Keep a connection on which the relay only refused this mail; close any other."""
        line = self._line
        if line is None:
            return
        if broken.is_answer:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if line.rset()[0] == _OK:
                    return
        line.close()
        self._line, self._delivered = None, 0

    def _failure(self, broken: _Broken) -> Exception:
        failure = _failure(broken.problem, self._relay, maybe_done=broken.handed_over)
        if not broken.was_open:
            self._down = failure
        return failure

    def close(self) -> None:
        """Quit; the mails are sent, so the answer does not matter."""
        if self._line is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._line.quit()
            self._line.close()
            self._line, self._delivered = None, 0


class _Broken(Exception):  # noqa: N818 - never leaves this module
    """A mail was not accepted: by an answer of the relay, or because the connection broke."""

    def __init__(self, problem: Exception, *, handed_over: bool, was_open: bool) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.handed_over = handed_over
        self.was_open = was_open

    @property
    def is_answer(self) -> bool:
        """Whether the relay refused this mail and goes on; 421 says that it hangs up."""
        problem = self.problem
        if not self.was_open or not isinstance(problem, smtplib.SMTPResponseException):
            return False
        return problem.smtp_code in _REFUSALS and problem.smtp_code != _CLOSING


def _open(relay: Relay) -> smtplib.SMTP:
    if relay.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(relay.host, relay.port, timeout=_TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(relay.host, relay.port, timeout=_TIMEOUT_SECONDS)


def _introduce(line: smtplib.SMTP, relay: Relay) -> None:
    line.ehlo_or_helo_if_needed()
    if relay.security == "starttls":
        line.starttls(context=ssl.create_default_context())
        line.ehlo()
    if relay.username:
        line.login(relay.username, relay.password)


def ended(content: bytes) -> bytes:
    """The mail with its leading dots doubled, and the line that ends it."""
    body = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def _check(reply: tuple[int, bytes], *, expected: int = _OK) -> None:
    code, words = reply
    if code == expected or (expected == _OK and code in _DONE):
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
