"""Build a MIME mail: plain text and HTML, with our reference as its id."""

from __future__ import annotations

import binascii
import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr

from doorstep.domain.notifications import model as notifications
from doorstep.kernel import errors

_UNSAFE = re.compile(r"[^A-Za-z0-9.\-_]")
_ADDRESS = re.compile(r"[^@\s<>,;:\"\\()\[\]]+@[^@\s<>,;:\"\\()\[\]]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BOUNDARY = "=_doorstep"  # quoted-printable text never has "=_"


def message_id(reference: str, domain: str) -> str:
    """The same reference always gives the same id, so that a mail sent twice is noticed."""
    return f"<{_UNSAFE.sub('-', reference)}@{domain}>"


def mail(
    message: notifications.OutgoingMessage, *, sender: str, sender_name: str, sent_at: datetime
) -> bytes:
    """Build the mail. Raises Invalid for an invalid address, or for line breaks in a header.

    It is written out directly: the standard library's message object takes twenty times as long.
    """
    _check(sender, "sender")
    _check(message.to, "to")
    for name, value in (
        ("subject", message.subject),
        ("to_name", message.to_name),
        ("sender_name", sender_name),
    ):
        if _CONTROL.search(value):
            raise errors.Invalid(f"{name} must be one line.", field=name)
    head = [
        f"From: {formataddr((sender_name, sender))}",
        f"To: {formataddr((message.to_name, message.to))}",
        f"Subject: {_subject(message.subject)}",
        f"Date: {format_datetime(sent_at)}",
        f"Message-ID: {message_id(message.reference, sender.rpartition('@')[2])}",
        "Auto-Submitted: auto-generated",  # suppresses out-of-office replies
        "MIME-Version: 1.0",
    ]
    return "\r\n".join([*head, *_body(message)]).encode("ascii")


def _subject(text: str) -> str:
    """In encoded words where it is not ASCII; long ones are folded."""
    return Header(text, "us-ascii" if text.isascii() else "utf-8", header_name="Subject").encode(
        linesep="\r\n"
    )


def _body(message: notifications.OutgoingMessage) -> list[str]:
    if not message.html:
        return _part("plain", message.text)
    return [
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        *_part("plain", message.text),
        f"--{_BOUNDARY}",
        *_part("html", message.html),
        f"--{_BOUNDARY}--",
        "",
    ]


def _part(subtype: str, text: str) -> list[str]:
    """Content as quoted-printable: lines that every relay takes, readable as they are."""
    ended = text if text.endswith("\n") else f"{text}\n"
    lines = binascii.b2a_qp(ended.encode(), istext=True).decode("ascii").replace("\r\n", "\n")
    return [
        f'Content-Type: text/{subtype}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        lines.replace("\n", "\r\n"),
    ]


def _check(address: str, field: str) -> None:
    if not _ADDRESS.fullmatch(address) or not address.isascii():
        raise errors.Invalid(f"{address!r} is not an e-mail address.", field=field)
