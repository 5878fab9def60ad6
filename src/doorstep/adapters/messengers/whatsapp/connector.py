"""Implement WhatsApp: templates to customers who agreed; receipts, replies and opt-outs back."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal

import pydantic

from doorstep.adapters.messengers.whatsapp import checks, client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.notifications import model as notifications
from doorstep.domain.notifications import ports as notification_ports
from doorstep.kernel import errors, http, limits, secrets
from doorstep.kernel.http import signatures

_CONFIRMED = "name, order_number, total"
_SHIPPED = "name, order_number, carrier, tracking_number, tracking_url"
_DELIVERED = "name, order_number"
_RETURN = "name, order_number, return_number"
_REFUNDED = "name, order_number, amount"
_NOT_SENT = "Empty: this message is not sent by WhatsApp."


class Settings(pydantic.BaseModel):
    """One phone number of a WhatsApp Business account."""

    base_url: str = pydantic.Field(
        default="https://graph.facebook.com/v23.0", description="Address of the Graph API, with its version."
    )
    phone_number_id: str = pydantic.Field(description="Phone number ID, as in the app's API set-up page.")
    business_account_id: str = pydantic.Field(description="WhatsApp Business account ID.")
    access_token: pydantic.SecretStr = pydantic.Field(
        description="Permanent access token of a system user, with the permissions whatsapp_business_messaging and "
        "whatsapp_business_management."
    )
    app_secret: secrets.VerifyingSecret = pydantic.Field(description="App secret: it signs the webhooks.")
    verify_token: secrets.VerifyingSecret = pydantic.Field(
        description="A word of your own: enter the same one at Meta, beside the webhook's address."
    )
    consent: Literal["order_tag", "checkout"] = pydantic.Field(
        default="order_tag",
        description="order_tag: only customers whose order has the tag below. checkout: every customer agreed at checkout.",
    )
    consent_tag: str = pydantic.Field(
        default="whatsapp", description="Tag of an order whose customer agreed."
    )
    instead_of_email: bool = pydantic.Field(
        default=False,
        description="Whether customers who are written to by WhatsApp get no e-mail; they get it when WhatsApp fails.",
    )
    stop_words: str = pydantic.Field(
        default="STOP, UNSUBSCRIBE",
        description="Words by which a customer ends messages, separated by commas.",
    )
    parameters: Literal["named", "positional"] = pydantic.Field(
        default="named",
        description="named: templates have {{order_number}}. positional: templates have {{1}}, filled in the order below.",
    )
    language: str = pydantic.Field(
        default="en", description="Language of the templates, as Meta writes it: en, en_US, de."
    )
    order_confirmed_template: str = pydantic.Field(
        default="", description=f"Template of the confirmation. {_NOT_SENT}"
    )
    order_confirmed_language: str = pydantic.Field(
        default="", description="Its language, if it is another one."
    )
    order_confirmed_variables: str = pydantic.Field(
        default=_CONFIRMED, description="Its variables, in their order."
    )
    shipped_template: str = pydantic.Field(
        default="", description=f"Template of the shipping notice. {_NOT_SENT}"
    )
    shipped_language: str = pydantic.Field(default="", description="Its language, if it is another one.")
    shipped_variables: str = pydantic.Field(default=_SHIPPED, description="Its variables, in their order.")
    delivered_template: str = pydantic.Field(
        default="", description=f"Template of the delivery notice. {_NOT_SENT}"
    )
    delivered_language: str = pydantic.Field(default="", description="Its language, if it is another one.")
    delivered_variables: str = pydantic.Field(
        default=_DELIVERED, description="Its variables, in their order."
    )
    return_created_template: str = pydantic.Field(
        default="", description=f"Template for a new return. {_NOT_SENT}"
    )
    return_created_language: str = pydantic.Field(
        default="", description="Its language, if it is another one."
    )
    return_created_variables: str = pydantic.Field(
        default=_RETURN, description="Its variables, in their order."
    )
    refunded_template: str = pydantic.Field(
        default="", description=f"Template of the refund notice. {_NOT_SENT}"
    )
    refunded_language: str = pydantic.Field(default="", description="Its language, if it is another one.")
    refunded_variables: str = pydantic.Field(default=_REFUNDED, description="Its variables, in their order.")

    def calls(self) -> dict[str, wire.TemplateCall]:
        """The template of each message that is sent, by our name of the message."""
        found = {}
        for message in ("order_confirmed", "shipped", "delivered", "return_created", "refunded"):
            name = str(getattr(self, f"{message}_template")).strip()
            if name:
                variables = str(getattr(self, f"{message}_variables")).split(",")
                found[message] = wire.TemplateCall(
                    name=name,
                    language=str(getattr(self, f"{message}_language")).strip() or self.language,
                    variables=tuple(each.strip() for each in variables if each.strip()),
                    is_named=self.parameters == "named",
                )
        return found


class WhatsApp:
    """Satisfies notifications.ports.Messenger and Mailing, and connections.ports.Inbound."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._settings = settings
        self._calls = settings.calls()
        self._stop_words = wire.stop_words(settings.stop_words)
        self._client = client.Client(
            session,
            token=settings.access_token.get_secret_value(),
            phone_number_id=settings.phone_number_id,
            account_id=settings.business_account_id,
        )

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Answer Meta's challenge, or check the HMAC-SHA256 of the raw body in constant time."""
        if request.method == "GET":
            return self._challenge(request.query)
        secret = self._settings.app_secret.get_secret_value()
        expected = f"sha256={signatures.hexadecimal(secret, request.body)}"
        given = request.headers.get("x-hub-signature-256", "")
        return connections.accepted_if(signatures.is_genuine(secret, expected, given))

    def _challenge(self, query: Mapping[str, str]) -> connections.Ack:
        token = self._settings.verify_token.get_secret_value()
        known = signatures.is_token(token, query.get("hub.verify_token", ""))
        if query.get("hub.mode") != "subscribe" or not known:
            return connections.REFUSED
        return connections.answered(query.get("hub.challenge", ""))

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """Meta does not number its webhooks: a digest of the body names it."""
        try:
            topic = wire.topic(request.body)
        except errors.Invalid:
            topic = ""  # stored anyway; parsing it creates the dead letter
        return connections.Envelope(event_id=hashlib.sha256(request.body).hexdigest(), topic=topic)

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse receipts, texts and choices about our number; other fields give nothing. Raises Invalid."""
        return wire.observe(body, phone_number_id=self._settings.phone_number_id, stop_words=self._stop_words)

    def terms(self) -> notifications.Terms:
        """The messages that have a template, to customers who agreed."""
        return notifications.Terms(
            templates=frozenset(self._calls),
            consent_tag=self._settings.consent_tag if self._settings.consent == "order_tag" else "",
            instead_of_email=self._settings.instead_of_email,
        )

    def open(self) -> AbstractContextManager[notification_ports.Mailing]:
        """Every message is a call of its own."""
        return contextlib.nullcontext(self)

    def send(self, message: notifications.OutgoingMessage) -> str:
        """Fill the template of this message; returns Meta's id."""
        call = self._calls.get(message.template)
        if call is None:
            raise http.Rejected(f"No WhatsApp template is set for {message.template}: set one, then retry.")
        return self._client.send(wire.message_body(message, call))

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Read the phone number and the templates that messages use."""
        return checks.findings(self._client.phone_number(), self._client.templates(), self._calls)


CONNECTOR = connections.Connector(
    id="whatsapp",
    kind=connections.Kind.MESSENGERS,
    label="WhatsApp",
    settings=Settings,
    connect=WhatsApp,
    medium=connections.Medium.WHATSAPP,
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server written from Meta's documentation; recorded webhooks of a public client.",
        "https://developers.facebook.com/docs/whatsapp/cloud-api",
    ),
    features=frozenset({"send", "test", "inbound"}),
    limits=(
        limits.Limit(80, operation=client.MESSAGES),
        limits.Limit(200, seconds=3600, operation=client.MANAGEMENT),
    ),
    answer_within_seconds=10.0,
)
