"""Map the Cloud API's webhooks, templates and errors to ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from doorstep.domain.notifications import model as notifications
from doorstep.kernel import errors, parsing

_STATES = {
    "sent": notifications.ReceiptState.SENT,
    "delivered": notifications.ReceiptState.DELIVERED,
    "read": notifications.ReceiptState.READ,
    "played": notifications.ReceiptState.READ,
    "failed": notifications.ReceiptState.FAILED,
}
_STOPPED = 131050  # the customer has stopped marketing messages in WhatsApp itself
_UNREACHABLE = frozenset({130472, 131026, 131030, 131049, _STOPPED})
_THROTTLED = frozenset({4, 80007, 130429, 131048, 133016})
_PAIR = 131056  # too many messages to one customer in a short time
_NOT_SENT = frozenset({1, 2, 131000, 131016})  # "Message failed to send": try again
_AUTH = frozenset({0, 3, 10, 190})
_PERMISSIONS = range(200, 300)
_TEMPLATES = range(132_000, 133_000)
_SPACES = re.compile(r"\s+")
_MARK = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LONGEST_TEXT = 4096
_LONGEST_TIME = 11  # digits
_NOTHING = "-"  # Meta refuses an empty value


class Detail(msgspec.Struct):
    """More about an error."""

    details: str = ""


class Error(msgspec.Struct):
    """Why a message failed, or a call was refused."""

    code: int = 0
    title: str = ""
    message: str = ""
    error_data: Detail = msgspec.field(default_factory=Detail)

    @property
    def words(self) -> str:
        """The code and Meta's sentences."""
        title = self.title or self.message
        more = self.error_data.details
        found = f"{title}: {more}" if more and more.rstrip(".") != title else title
        return f"{self.code} {found}".strip()


class Refusal(msgspec.Struct):
    """The body of a refused call."""

    error: Error = msgspec.field(default_factory=Error)


class Status(msgspec.Struct):
    """How far a message is."""

    id: str
    status: str
    timestamp: int | str
    recipient_id: str = ""
    biz_opaque_callback_data: str | None = None
    errors: list[Error] = []


class Words(msgspec.Struct):
    """The text of a message, of a button or of a caption."""

    body: str = ""
    text: str = ""


class Incoming(msgspec.Struct, rename={"sender": "from"}):
    """What a customer sent."""

    id: str
    timestamp: int | str
    type: str = ""
    sender: str = ""
    text: Words | None = None
    button: Words | None = None


class Preference(msgspec.Struct):
    """A customer stopped marketing messages in WhatsApp, or wants them again."""

    wa_id: str
    value: str
    timestamp: int | str


class Profile(msgspec.Struct):
    """The name that a customer chose."""

    name: str = ""


class Contact(msgspec.Struct):
    """A customer."""

    wa_id: str = ""
    profile: Profile = msgspec.field(default_factory=Profile)


class Metadata(msgspec.Struct):
    """Which of our numbers it is about."""

    phone_number_id: str = ""


class Value(msgspec.Struct):
    """What changed."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    contacts: list[Contact] = []
    statuses: list[Status] = []
    messages: list[Incoming] = []
    user_preferences: list[Preference] = []


class Change(msgspec.Struct):
    """A change of one field; other fields than ours are not read."""

    field: str
    value: Any


class Entry(msgspec.Struct):
    """The changes of one account."""

    changes: list[Change] = []


class Webhook(msgspec.Struct):
    """A body: several entries, each with several changes."""

    object: str
    entry: list[Entry]


_FIELDS = frozenset({"messages", "user_preferences"})
Observed = notifications.DeliveryReceipt | notifications.CustomerText | notifications.ContactChoice


def topic(body: bytes) -> str:
    """The first field that changed. Raises Invalid."""
    fields = [change.field for entry in parsing.read(body, Webhook).entry for change in entry.changes]
    return next(iter(fields), "")


def observe(body: bytes, *, phone_number_id: str, stop_words: Collection[str]) -> list[Observed]:
    """Everything in a body about our number, each once. Raises Invalid with the failing place."""
    found: dict[Observed, None] = {}
    webhook = parsing.read(body, Webhook)
    for number, entry in enumerate(webhook.entry):
        for place, change in enumerate(entry.changes):
            if change.field not in _FIELDS:
                continue
            value = parsing.shaped(change.value, Value, at=f"entry[{number}].changes[{place}].value")
            if value.metadata.phone_number_id in {"", phone_number_id}:
                found |= dict.fromkeys(_of_value(value, stop_words))
    return list(found)


def _of_value(value: Value, stop_words: Collection[str]) -> list[Observed]:
    names = {contact.wa_id: contact.profile.name for contact in value.contacts}
    found: list[Observed] = []
    for status in value.statuses:
        found += _of_status(status)
    for each in value.messages:
        found.append(_text(each, names.get(each.sender, ""), stop_words))
    for choice in value.user_preferences:
        if choice.value in {"stop", "resume"}:
            found.append(_choice(choice.wa_id, choice.timestamp, "preference", stops=choice.value == "stop"))
    return found


def _of_status(status: Status) -> list[Observed]:
    state = _STATES.get(status.status)
    if state is None:
        return []
    reason = "; ".join(error.words for error in status.errors)
    receipt = notifications.DeliveryReceipt(
        status.id, state, instant(status.timestamp), status.biz_opaque_callback_data or "", reason
    )
    stopped = any(error.code == _STOPPED for error in status.errors)
    return [
        receipt,
        *([_choice(status.recipient_id, status.timestamp, "block", stops=True)] if stopped else []),
    ]


def _text(each: Incoming, name: str, stop_words: Collection[str]) -> notifications.CustomerText:
    words = (each.text and each.text.body) or (each.button and each.button.text) or f"({each.type})"
    return notifications.CustomerText(
        external_id=each.id,
        address=address(each.sender),
        name=name,
        text=words[:_LONGEST_TEXT],
        at=instant(each.timestamp),
        opts_out=_SPACES.sub(" ", words).strip(" .!").casefold() in stop_words,
    )


def _choice(wa_id: str, timestamp: int | str, source: str, *, stops: bool) -> notifications.ContactChoice:
    return notifications.ContactChoice(address(wa_id), stops, instant(timestamp), source)


def stop_words(text: str) -> frozenset[str]:
    """The words, separated by commas, by which customers end messages."""
    return frozenset(_SPACES.sub(" ", word).strip().casefold() for word in text.split(",") if word.strip())


def address(wa_id: str) -> str:
    """A WhatsApp id as a phone number in E.164."""
    return f"+{wa_id.removeprefix('+')}"


def instant(timestamp: int | str) -> datetime:
    """Seconds since 1970, which Meta writes as text or as a number. Raises Invalid."""
    text = str(timestamp)
    if not text.isdecimal() or len(text) > _LONGEST_TIME:
        raise errors.Invalid(f"{text} is not a time in seconds.", field="timestamp")
    return datetime.fromtimestamp(int(text), UTC)


class TemplateCall(msgspec.Struct):
    """Which template a message fills, and with what, in this order."""

    name: str
    language: str
    variables: tuple[str, ...]
    is_named: bool


def message_body(message: notifications.OutgoingMessage, call: TemplateCall) -> dict[str, object]:
    """A template message; our reference comes back with every receipt."""
    parameters = [_parameter(name, message.variables, call) for name in call.variables]
    template: dict[str, object] = {"name": call.name, "language": {"code": call.language}}
    if parameters:
        template["components"] = [{"type": "body", "parameters": parameters}]
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to,
        "type": "template",
        "template": template,
        "biz_opaque_callback_data": message.reference,
    }


def _parameter(name: str, values: Mapping[str, str], call: TemplateCall) -> dict[str, str]:
    """Meta refuses line breaks, tabs, several spaces in a row, and empty values."""
    text = _SPACES.sub(" ", values.get(name, "")).strip() or _NOTHING
    named = {"parameter_name": name} if call.is_named else {}
    return {"type": "text", **named, "text": text}


class Sent(msgspec.Struct):
    """The id of a message that Meta accepted."""

    id: str


class SendAnswer(msgspec.Struct):
    """The answer to a message."""

    messages: list[Sent]


class Component(msgspec.Struct):
    """A part of a template."""

    type: str
    text: str = ""


class Template(msgspec.Struct):
    """A template in one language."""

    name: str
    language: str
    status: str
    category: str = ""
    parameter_format: str = "POSITIONAL"
    components: list[Component] = []

    @property
    def marks(self) -> tuple[str, ...]:
        """The placeholders of its body, each once."""
        body = next((part.text for part in self.components if part.type.upper() == "BODY"), "")
        return tuple(dict.fromkeys(_MARK.findall(body)))


class Cursors(msgspec.Struct):
    """Where a page ends."""

    after: str = ""


class Paging(msgspec.Struct):
    """Whether there is another page."""

    cursors: Cursors = msgspec.field(default_factory=Cursors)
    next: str = ""


class Templates(msgspec.Struct):
    """A page of templates."""

    data: list[Template]
    paging: Paging = msgspec.field(default_factory=Paging)


class PhoneNumber(msgspec.Struct):
    """Our number."""

    display_phone_number: str = ""
    verified_name: str = ""
    quality_rating: str = ""


class Kind(StrEnum):
    """What a refusal means for us."""

    AUTH = "auth"
    THROTTLED = "throttled"
    PAIR_THROTTLED = "pair_throttled"
    UNREACHABLE = "unreachable"
    TEMPLATE = "template"
    NOT_SENT = "not_sent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal, and what a person should know."""

    kind: Kind
    words: str


def failure(body: object) -> Failure:
    """What the body of a refused call means."""
    try:
        error = parsing.shaped(body, Refusal).error
    except errors.Invalid:
        return Failure(Kind.OTHER, "")
    return Failure(_kind(error.code), error.words)


def _kind(code: int) -> Kind:
    if code in _UNREACHABLE:
        return Kind.UNREACHABLE
    if code == _PAIR:
        return Kind.PAIR_THROTTLED
    if code in _THROTTLED:
        return Kind.THROTTLED
    if code in _NOT_SENT:
        return Kind.NOT_SENT
    if code in _AUTH or code in _PERMISSIONS:
        return Kind.AUTH
    return Kind.TEMPLATE if code in _TEMPLATES else Kind.OTHER
