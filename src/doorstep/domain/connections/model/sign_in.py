"""How a person signs in at a vendor in the browser, and what becomes of it (authorization code, RFC 6749, 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import pydantic

from doorstep.kernel import errors

GOOD_FOR = timedelta(minutes=10)  # from the start at our page until the browser is back
_STANDARD = {"response_type": "code", "client_id": "{client_id}"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a connector declares, so that its connections have a *Connect* button.

    `application` names the settings with the application's id and secret; `needs` names others that must be set.
    Addresses and `parameters` (of the vendor's page; empty ones are left out) may name settings in braces, as in
    `{base_url}/authorize`. `code` is what the vendor calls the code when it sends the browser back, `account` what comes
    beside it and says whose account it is, each with the setting that must be the same ("": none), which is filled in
    where it is blank. `check(settings, query)` raises Refused where the vendor signs what comes back and the signature is
    wrong. `instead` names a secret setting that works without signing in.
    """

    authorize_url: str
    exchange_url: str  # the token endpoint
    application: tuple[str, str] = ("client_id", "client_secret")
    needs: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=_STANDARD.copy)
    scope: str = ""
    uses_pkce: bool = True
    code: str = "code"
    with_code: Mapping[str, str] = field(default_factory=dict)  # goes to the token endpoint beside the code
    account: Mapping[str, str] = field(default_factory=dict)
    check: Callable[..., None] | None = None
    instead: str = ""

    def settings(self) -> tuple[str, ...]:
        """The settings that must be set before somebody can sign in."""
        return (*self.application, *self.needs)

    def missing(self, settings: object) -> list[str]:
        """Those of them that are blank."""
        return [name for name in self.settings() if not text_of(settings, name)]

    def endpoint(self, settings: object) -> tuple[str, str, str]:
        """The token endpoint, and the application's id and secret there."""
        client_id, client_secret = (text_of(settings, each) for each in self.application)
        return filled(self.exchange_url, settings), client_id, client_secret

    def page(self, settings: object) -> tuple[str, dict[str, str]]:
        """The vendor's page, and the parameters that it gets beside the standard ones."""
        values = {name: filled(template, settings) for name, template in self.parameters.items()}
        return filled(self.authorize_url, settings), {name: value for name, value in values.items() if value}

    def brought(self, settings: object, query: Mapping[str, str]) -> dict[str, str]:
        """What the vendor says about the account. Raises OtherAccount if the settings name another one."""
        found = {}
        for name, setting in self.account.items():
            found[name] = query.get(name, "").strip()
            wanted = text_of(settings, setting) if setting else ""
            if not found[name] or (wanted and found[name] != wanted):
                raise OtherAccount(found[name], wanted)
        return found

    def settled(self, settings: object, account: Mapping[str, str]) -> dict[str, str]:
        """The settings that are blank and known now."""
        return {
            setting: account[name]
            for name, setting in self.account.items()
            if setting and not text_of(settings, setting)
        }


class OtherAccount(errors.Refused):
    """Somebody signed in with another account than the one in the settings."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__("Another account signed in than the one in the settings.")
        self.found = found
        self.wanted = wanted


class Failure(StrEnum):
    """Why nobody was connected; nothing was changed then."""

    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    OTHER_SESSION = "other_session"
    NOT_READY = "not_ready"
    DENIED = "denied"
    VENDOR = "vendor"
    FORGED = "forged"
    ACCOUNT = "account"
    CODE = "code"
    UNANSWERED = "unanswered"


class NotConnected(errors.Refused):
    """The browser came back from the vendor, and nobody was connected. `detail` is the vendor's or our own sentence."""

    def __init__(self, failure: Failure, *, key: str = "", detail: str = "") -> None:
        super().__init__(f"Not connected ({failure.value}). {detail}".strip())
        self.failure = failure
        self.key = key
        self.detail = detail


class Standing(StrEnum):
    """Whether a connection has what it needs to sign its calls."""

    CONNECTED = "connected"
    SETTINGS = "settings"  # a token from the settings is used
    NEVER = "never"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SignInState:
    """How a connection is signed in. `ends_at`: when a person must have connected again; `expires_at`: of the access token."""

    standing: Standing
    connected_at: datetime | None = None
    connected_by: str = ""
    account: str = ""
    scopes: str = ""
    expires_at: datetime | None = None
    ends_at: datetime | None = None
    error: str = ""

    @property
    def needs_person(self) -> bool:
        """Whether nothing works before somebody connects."""
        return self.standing in {Standing.NEVER, Standing.ENDED}


def text_of(settings: object, name: str) -> str:
    """A setting, or a property of the settings, as text."""
    value = getattr(settings, name)
    return str(value.get_secret_value() if isinstance(value, pydantic.SecretStr) else value).strip()


def filled(template: str, settings: object) -> str:
    """A text with the values of the settings that it names in braces."""
    return template.format_map(_Values(settings))


class _Values:
    """The settings by name, as texts."""

    def __init__(self, settings: object) -> None:
        self._settings = settings

    def __getitem__(self, name: str) -> str:
        return text_of(self._settings, name)
