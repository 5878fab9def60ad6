"""The settings of a file store, which every connector that exchanges files has; and opening the store."""

from __future__ import annotations

import importlib
from typing import Protocol, cast
from urllib.parse import SplitResult, unquote, urlsplit

import pydantic

from doorstep.kernel import errors
from doorstep.kernel.files.store import Store

_PORTS = {"sftp": 22, "imaps": 993, "imap": 143}


class FileSettings(pydantic.BaseModel):
    """Where files are exchanged, and how to sign in there."""

    address: str = pydantic.Field(
        description="sftp://user@host/folder, s3://bucket/folder, imaps://user@host (mail attachments; user may be quoted), "
        "or file:///folder on the machine of Doorstep."
    )
    host_key: str = pydantic.Field(
        default="",
        description="SFTP: the server's host key, as SHA256:… or as a public key; several by commas. Required: others are refused.",
    )
    password: pydantic.SecretStr = pydantic.Field(
        default=pydantic.SecretStr(""), description="SFTP or mailbox: the password."
    )
    private_key: pydantic.SecretStr = pydantic.Field(
        default=pydantic.SecretStr(""), description="SFTP: an OpenSSH private key, instead of the password."
    )
    endpoint: str = pydantic.Field(
        default="",
        description="S3: the address of a store other than Amazon's, as https://minio.example.com.",
    )
    region: str = pydantic.Field(default="", description="S3: the region of the bucket.")
    access_key: str = pydantic.Field(default="", description="S3: the access key id.")
    secret_key: pydantic.SecretStr = pydantic.Field(
        default=pydantic.SecretStr(""), description="S3: the secret access key."
    )
    senders: str = pydantic.Field(
        default="",
        description="Mailbox: whose attachments are taken, by commas: edi@example.com, or @example.com for a domain.",
    )
    file_timeout_seconds: float = pydantic.Field(
        default=30.0, gt=0, le=600, description="How long one call to the store may take."
    )

    @pydantic.field_validator("address")
    @classmethod
    def _usable(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"file", *_PORTS, "s3"} or not (parts.netloc or parts.scheme == "file"):
            raise ValueError("start it with sftp://, s3://, imaps:// or file:///")
        if parts.password:
            raise ValueError("enter the password in its own field")
        return value

    @property
    def base_url(self) -> str:
        """The address that credentials travel to, for the check that it is encrypted."""
        return self.endpoint or self.address


class _Module(Protocol):
    """What this module uses of a store's module, whose library is loaded with the first connection that needs it."""

    def open_store(self, settings: FileSettings, parts: SplitResult, *, name: str) -> Store: ...


_MODULES: dict[str, str] = {
    "file": "local",
    "sftp": "sftp",
    "s3": "s3",
    "imaps": "mailbox",
    "imap": "mailbox",
}


def open_store(settings: FileSettings, *, name: str) -> Store:
    """The store at the address; nobody is called yet. Raises Invalid."""
    parts = urlsplit(settings.address)
    module = importlib.import_module(f"{__package__}.{_MODULES[parts.scheme]}")
    return cast("_Module", module).open_store(settings, parts, name=name)


def user_of(parts: SplitResult) -> str:
    """The user name in an address. Raises Invalid if there is none."""
    if not parts.username:
        raise errors.Invalid("Put the user name into the address, as in sftp://user@host.", field="address")
    return unquote(parts.username)


def port_of(parts: SplitResult) -> int:
    """The port of an address, or the usual one."""
    return parts.port or _PORTS[parts.scheme]


def host_of(parts: SplitResult) -> str:
    """The host of an address."""
    return parts.hostname or ""


def listed(text: str) -> tuple[str, ...]:
    """Values that a setting lists by commas or lines."""
    return tuple(each.strip() for each in text.replace("\n", ",").split(",") if each.strip())
