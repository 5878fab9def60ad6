"""Connections and the connectors they use."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from doorstep.domain.connections.model.feeds import Feed
from doorstep.domain.connections.model.sign_in import SignIn
from doorstep.kernel import errors
from doorstep.kernel.ids import ConnectionId
from doorstep.kernel.limits import Limit, RateAnswer

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def check_key(key: str) -> None:
    """Raise Invalid unless the key fits into a URL (/hooks/{key})."""
    if not _KEY.fullmatch(key):
        raise errors.Invalid(
            f"{key!r} cannot be the key of a connection: use letters, digits, dots, hyphens and underscores, "
            "at most 63.",
            field="key",
        )


class Mode(StrEnum):
    """off: nothing is sent or received. shadow: reads are sent, writes are only logged. live: everything."""

    OFF = "off"
    SHADOW = "shadow"
    LIVE = "live"


class Kind(StrEnum):
    """The folders under adapters; a connector is found by (kind, id)."""

    CHANNELS = "channels"
    CARRIERS = "carriers"
    PAYMENTS = "payments"
    ERP = "erp"
    MESSENGERS = "messengers"
    WAREHOUSES = "warehouses"


class Medium(StrEnum):
    """How a messenger reaches customers: each at most once per event and medium."""

    EMAIL = "email"
    WHATSAPP = "whatsapp"
    SMS = "sms"

    @property
    def needs_phone(self) -> bool:
        """Whether its addresses are phone numbers."""
        return self is not Medium.EMAIL


class Feature(StrEnum):
    """What a connector can do; flows ask before they call, so that no connector has a method that does nothing."""

    INBOUND = "inbound"
    TEST = "test"
    SUBSCRIBE = "subscribe"
    CONFIRM_SHIPMENT = "confirm_shipment"
    REPORT_DELIVERY = "report_delivery"
    LOOK_UP_ORDER = "look_up_order"
    PUBLISH_STOCK = "publish_stock"
    READ_STOCK = "read_stock"
    APPROVE_RETURN = "approve_return"
    REPORT_RETURN = "report_return"
    LABEL = "label"
    RETURN_PICKUP = "return_pickup"
    VOID = "void"
    TRACK = "track"
    PAYMENT = "payment"
    CAPTURE = "capture"
    REFUND = "refund"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    SEND = "send"
    FULFILL = "fulfill"
    ACKNOWLEDGE_FILES = "acknowledge_files"
    CANCEL = "cancel"


class Maturity(StrEnum):
    """reference: in memory, for tests and as a template; or our own format. beta: not tried with a live account yet."""

    REFERENCE = "reference"
    BETA = "beta"
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Vendor:
    """What is known of the system behind a connector. `countries` is empty where it is sold everywhere.

    `evidence` says what the connector was proven with.
    """

    maturity: Maturity
    evidence: str
    documentation: str = ""
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connector:
    """What a connector folder declares: `connector.py` holds one value CONNECTOR of this type.

    `settings` is a pydantic model (SecretStr fields are sealed at rest); `connect(settings, session)` returns an object
    that satisfies the ports of its kind, `session` being a kernel.http.Session of this connection. One that
    `exchanges_files` is connected with a third argument, the log of the files that the connection has sent (files.SentLog).
    """

    id: str
    kind: Kind
    label: str
    settings: type
    connect: Callable[..., object]
    vendor: Vendor
    features: frozenset[str] = frozenset()
    needs: Mapping[str, str] = field(
        default_factory=dict
    )  # features that a connection has only with this setting
    feeds: tuple[
        Feed, ...
    ] = ()  # what is read by the clock (ports.Puller) or fetched by a hint (ports.Fetcher)
    limits: tuple[Limit, ...] = ()  # the vendor's rate limits, shared by all processes
    read_limit: Callable[[Mapping[str, str]], RateAnswer | None] | None = (
        None  # what its answers say about them
    )
    answer_within_seconds: float = 5.0  # how long the vendor waits for the answer to a webhook
    exchanges_files: bool = False
    medium: Medium | None = None  # of messengers: how they reach customers
    sign_in: SignIn | None = None  # how a person connects it in the browser

    def __post_init__(self) -> None:
        if (self.kind is Kind.MESSENGERS) != (self.medium is not None):
            raise errors.Invalid(f"{self.id}: messengers declare their medium, and only they.")
        unknown_features = self.features - set(Feature)
        if unknown_features:
            raise errors.Invalid(
                f"{self.id} declares unknown features: {', '.join(sorted(unknown_features))}."
            )

        if not self.needs.keys() <= self.features:
            raise errors.Invalid(f"{self.id} says what features need that it does not declare.")

    def does(self, feature: str, settings: Mapping[str, object]) -> bool:
        """Whether a connection with these settings has a feature."""
        return feature in self.features and (
            feature not in self.needs or bool(settings.get(self.needs[feature]))
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """One account: `key` names it in URLs (/hooks/{key}) and settings of others. `settings` holds unsealed secrets.

    `serves` limits it: to sales channels by key, to legal entities by name; a missing or empty list is no limit.
    """

    id: ConnectionId
    key: str
    kind: Kind
    connector_id: str
    name: str
    mode: Mode
    settings: Mapping[str, object] = field(repr=False)
    serves: Mapping[str, Sequence[str]] = field(default_factory=dict)


def not_a_setting(name: str, known: Sequence[str]) -> str:
    """What to say about an unknown name: the nearest known one, else all."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else f"The settings are {', '.join(known)}."
    return f"{name} is not a setting. {hint}"


class NotOpened(errors.Unavailable):
    """The connection exists, but this process cannot open it: its secrets, settings or connector need an operator."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"The connection {key} cannot be opened: {reason}", retry_after_seconds=60)


class WeakSecret(errors.Unavailable):
    """The connection's webhook secret can be guessed: its webhooks are refused until an operator sets a new one."""


def unknown(key: str, keys: Sequence[str]) -> errors.NotFound:
    """The error for a key that no connection has; it names those that exist."""
    existing = f"The connections are {', '.join(sorted(keys))}" if keys else "There are no connections yet"
    return errors.NotFound(f"There is no connection {key!r}. {existing}.")
