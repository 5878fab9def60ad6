"""Build a MIME mail: plain text and HTML, with our reference as its id."""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from doorstep.domain.notifications import model as notifications
from doorstep.kernel import errors

_UNSAFE = re.compile(r"[^A-Za-z0-9.\-_]")
_ADDRESS = re.compile(r"[^@\s<>,;:\"\\()\[\]]+@[^@\s<>,;:\"\\()\[\]]+")


def message_id(reference: str, domain: str) -> str:
    """The same reference always gives the same id, so that a mail sent twice is noticed."""
    return f"<{_UNSAFE.sub('-', reference)}@{domain}>"


def mail(
    message: notifications.OutgoingMessage, *, sender: str, sender_name: str, sent_at: datetime
) -> EmailMessage:
    """Build the mail. Raises Invalid for an invalid address, or for line breaks in a header."""
    _check(sender, "sender")
    _check(message.to, "to")
    for name, value in (
        ("subject", message.subject),
        ("to_name", message.to_name),
        ("sender_name", sender_name),
    ):
        if "\n" in value or "\r" in value:
            raise errors.Invalid(f"{name} must be one line.", field=name)
    result = EmailMessage()
    result["From"] = Address(sender_name, addr_spec=sender)
    result["To"] = Address(message.to_name, addr_spec=message.to)
    result["Subject"] = message.subject
    result["Date"] = format_datetime(sent_at)
    result["Message-ID"] = message_id(message.reference, sender.rpartition("@")[2])
    result["Auto-Submitted"] = "auto-generated"  # suppresses out-of-office replies
    result.set_content(message.text)
    if message.html:
        result.add_alternative(message.html, subtype="html")
    return result


def _check(address: str, field: str) -> None:
    if not _ADDRESS.fullmatch(address) or not address.isascii():
        raise errors.Invalid(f"{address!r} is not an e-mail address.", field=field)
