"""Check the settings of connections: strictly when they are put, leniently when stored ones are opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import pydantic
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from doorstep.domain.connections.model import Connection, Connector, not_a_setting
from doorstep.kernel import errors, secrets
from doorstep.kernel.settings import Finding, Status

_ACRONYMS = {"api": "API", "cgst": "CGST", "id": "ID", "igst": "IGST", "sgst": "SGST", "url": "URL"}
_UNENCRYPTED = {"http", "smtp"}


@dataclass(frozen=True, slots=True)
class Weakness:
    """A setting that a connection should not have; `advice` says what to do."""

    setting: str
    advice: str
    blocks_webhooks: bool = False


def model_of(connector: Connector) -> type[pydantic.BaseModel]:
    """The settings model of a connector."""
    model = connector.settings
    if not issubclass(model, pydantic.BaseModel):
        raise TypeError(f"{connector.id}: settings must be a pydantic model")
    return model


def opened(connector: Connector, settings: Mapping[str, object]) -> pydantic.BaseModel:
    """Stored settings as the connector's model; unknown ones are ignored. Raises Invalid."""
    model = model_of(connector)
    try:
        return model.model_validate(dict(settings))
    except pydantic.ValidationError as problem:
        fields = model.model_json_schema()["properties"]
        wrong = " ".join(_setting_error(each, fields) for each in problem.errors())
        raise errors.Invalid(f"{connector.label}: {wrong}") from problem


def checked(connector: Connector, settings: Mapping[str, object]) -> pydantic.BaseModel:
    """New settings as the connector's model. Raises Invalid for wrong, unknown, blank and weak ones."""
    unknown = unknown_settings(connector, settings)
    if unknown:
        raise errors.Invalid(
            f"{connector.label}: {' '.join(each.advice for each in unknown)}", field=unknown[0].setting
        )
    model = opened(connector, settings)
    weak = list(weak_settings(model))
    if weak:
        raise errors.Invalid(
            f"{connector.label}: {' '.join(each.advice for each in weak)}", field=weak[0].setting
        )
    return model


def findings(connection: Connection, connector: Connector, *, production: bool) -> Iterator[Finding]:
    """What an operator should change about a stored connection."""
    model = opened(connector, connection.settings)
    found = [*unknown_settings(connector, connection.settings), *weak_settings(model)]
    if production and (address := unencrypted_address(model)):
        found.append(address)
    for each in found:
        status: Status = "fail" if each.blocks_webhooks else "warn"
        advice = (
            f"{each.advice} Its webhooks are refused until then." if each.blocks_webhooks else each.advice
        )
        yield Finding(f"{connection.key}.{each.setting}", "", "connection", status, advice)


def unknown_settings(connector: Connector, settings: Mapping[str, object]) -> list[Weakness]:
    """Settings that the connector does not have; most are typing errors."""
    known = list(model_of(connector).model_fields)
    return [Weakness(name, not_a_setting(name, known)) for name in settings if name not in known]


def weak_settings(model: pydantic.BaseModel) -> Iterator[Weakness]:
    """Required settings that are blank, and secrets that are too weak to verify webhooks with."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        text = value.get_secret_value() if isinstance(value, pydantic.SecretStr) else value
        if not isinstance(text, str):
            continue
        if verifies(field):
            yield from _weak_secret(name, text)
        elif field.is_required() and not text.strip():
            yield Weakness(name, f"Set {name}.")


def verifies(field: FieldInfo) -> bool:
    """Whether a setting is a secret that webhooks are verified with."""
    return any(isinstance(each, secrets.VerifiesWebhooks) for each in field.metadata)


def _weak_secret(name: str, secret: str) -> Iterator[Weakness]:
    least = secrets.SHORTEST_VERIFYING_SECRET
    if len(secret.strip()) < least:
        yield Weakness(name, f"Set {name} (at least {least} characters).", blocks_webhooks=True)
    elif secret != secret.strip():
        yield Weakness(name, f"Remove the spaces around {name}.")


def unencrypted_address(model: pydantic.BaseModel) -> Weakness | None:
    """A partner's address that sends credentials in the clear, except to this machine."""
    address = getattr(model, "base_url", "")
    parts = urlsplit(address if isinstance(address, str) else "")
    if parts.scheme not in _UNENCRYPTED or _is_this_machine(parts.hostname or ""):
        return None
    name = "base_url" if "base_url" in type(model).model_fields else "security"
    return Weakness(
        name, f"{address} is not encrypted: credentials and customer data can be read on the way."
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _setting_error(problem: ErrorDetails, fields: Mapping[str, Mapping[str, object]]) -> str:
    """What to do about a setting: set it, or correct it."""
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] not in {"missing", "string_too_short", "too_short"}:
        return f"Correct {name}: {problem['msg']}."
    least = fields.get(name, {}).get("minLength")
    return f"Set {name} (at least {least} characters)." if least else f"Set {name}."


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting as a form asks for it. `default` is text; `choices` are the only values where there are any."""

    name: str
    label: str
    help: str
    is_secret: bool
    is_required: bool
    default: str
    choices: tuple[str, ...] = ()

    @property
    def options(self) -> list[tuple[str, str]]:
        """The choices as value and word."""
        return [(each, each) for each in self.choices]


def fields_of(connector: Connector) -> list[SettingField]:
    """What a form for a connection of this connector asks for, in the connector's order."""
    schema = model_of(connector).model_json_schema()
    return [
        _field(name, field, schema["properties"].get(name, {}))
        for name, field in model_of(connector).model_fields.items()
    ]


def _field(name: str, field: FieldInfo, schema: Mapping[str, object]) -> SettingField:
    is_secret = schema.get("format") == "password"
    choices = schema.get("enum", ["true", "false"] if schema.get("type") == "boolean" else [])
    default = "" if field.is_required() or is_secret else _text_of(field.default)
    return SettingField(
        name=name,
        label=_label(name),
        help=field.description or "",
        is_secret=is_secret,
        is_required=field.is_required(),
        default=default,
        choices=tuple(map(str, choices)) if isinstance(choices, list) else (),
    )


def _label(name: str) -> str:
    """The name of a setting in words: base_url is Base URL."""
    words = [_ACRONYMS.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _text_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value if value is not None else "")
