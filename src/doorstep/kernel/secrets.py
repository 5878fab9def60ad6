"""Seal connection secrets; hash passwords and tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import argon2
from argon2 import exceptions as argon2_exceptions
from cryptography import fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from doorstep.kernel import errors

KEY_FILE = "secret.key"
SHORTEST_VERIFYING_SECRET = 16


@dataclass(frozen=True, slots=True)
class VerifiesWebhooks:
    """Marks a setting as a secret that proves who sent a webhook: whoever guesses it can forge orders and payments."""


VerifyingSecret = Annotated[SecretStr, VerifiesWebhooks()]
_hasher = argon2.PasswordHasher()


class Vault:
    """Seals and opens small records with the installation's key; older keys still open while keys are rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        """The first key seals, every key opens. Any text of 32 characters or more is a key."""
        self._boxes = [fernet.Fernet(_derived(key, b"doorstep seal")) for key in keys]
        self._box = fernet.MultiFernet(self._boxes)
        self.fingerprints = [_derived(key, b"doorstep fingerprint").decode() for key in keys]
        self._signing = _derived(keys[0], b"doorstep sign")

    def seal(self, record: Mapping[str, object]) -> bytes:
        """Encrypt and authenticate a JSON-able record."""
        return self._box.encrypt(json.dumps(record, separators=(",", ":")).encode())

    def open_(self, sealed: bytes) -> dict[str, object]:
        """The record again; raises Invalid when it was sealed with a key that is not here, or was changed."""
        try:
            record: dict[str, object] = json.loads(self._box.decrypt(sealed))
        except fernet.InvalidToken:
            raise errors.Invalid(
                "A stored secret cannot be opened: the secret key changed. Add the former key behind a comma in "
                "DOORSTEP_SECRET_KEY, or enter the connection's secrets again."
            ) from None
        return record

    def opens(self, sealed: bytes) -> bool:
        """Whether one of the keys opens it."""
        return any(_opens(box, sealed) for box in self._boxes)

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed under the first key."""
        return _opens(self._boxes[0], sealed)

    def reseal(self, sealed: bytes) -> bytes:
        """The same record under the first key, for the rotation of keys."""
        return self.seal(self.open_(sealed))

    def sign(self, text: str) -> str:
        """A keyed digest in hexadecimal, for cookies and links that must not be made up by others."""
        return hmac.new(self._signing, text.encode(), hashlib.sha256).hexdigest()


def vault(secret_key: SecretStr | None, *, folder: Path) -> Vault:
    """The installation's vault: the settings' key (new,old while rotating), else a file in `folder` made on first use."""
    if secret_key:
        return Vault([key.strip() for key in secret_key.get_secret_value().split(",")])
    return Vault([_key_from_file(folder / KEY_FILE)])


def hash_password(password: str) -> str:
    """An argon2id hash with its salt and parameters."""
    return _hasher.hash(password)


def verify_password(password: str, stored: str) -> bool:
    """Whether the password is the one that was hashed; a broken hash is a wrong password."""
    try:
        return _hasher.verify(stored, password)
    except (argon2_exceptions.VerificationError, argon2_exceptions.InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's: hash again at the next sign-in."""
    return _hasher.check_needs_rehash(stored)


def new_token(prefix: str) -> tuple[str, str]:
    """A token to show once, as in `ds_api_…`, and the digest to store."""
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    return token, digest(token)


def digest(token: str) -> str:
    """SHA-256 in hexadecimal; enough for tokens, which are random and long, never for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


def constant_time_equal(one: str | bytes, other: str | bytes) -> bool:
    """Equality that takes as long for a near miss as for a far one."""
    first, second = (value.encode() if isinstance(value, str) else value for value in (one, other))
    return hmac.compare_digest(first, second)


def _opens(box: fernet.Fernet, sealed: bytes) -> bool:
    try:
        box.decrypt(sealed)
    except fernet.InvalidToken:
        return False
    return True


def _derived(key: str, purpose: bytes) -> bytes:
    raw = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(key.encode())
    return base64.urlsafe_b64encode(raw)


def _key_from_file(path: Path) -> str:
    """The key in the file; made first if there is none, complete or not at all, and by one process only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails if another process was first; its key counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & 0o077:
        raise errors.Invalid(f"{path} can be read by other users of this machine: chmod 600 {path}")
    return path.read_text().strip()
