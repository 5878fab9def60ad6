"""Sealed records open only with the key; the key file is private and created once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from doorstep.kernel import errors, secrets

OLD, NEW = "o" * 32, "n" * 32
RECORD: dict[str, object] = {"api_key": "abc", "ports": [1, 2]}


def test_seal_and_open() -> None:
    vault = secrets.Vault([OLD])
    sealed = vault.seal(RECORD)
    assert b"abc" not in sealed
    assert vault.open_(sealed) == RECORD


def test_keys_rotate() -> None:
    sealed = secrets.Vault([OLD]).seal(RECORD)
    both = secrets.Vault([NEW, OLD])
    assert both.open_(sealed) == RECORD
    assert secrets.Vault([NEW]).open_(both.reseal(sealed)) == RECORD


def test_a_foreign_or_changed_seal_is_refused() -> None:
    sealed = secrets.Vault([OLD]).seal(RECORD)
    with pytest.raises(errors.Invalid, match="DOORSTEP_SECRET_KEY"):
        secrets.Vault([NEW]).open_(sealed)
    with pytest.raises(errors.Invalid):
        secrets.Vault([OLD]).open_(sealed[:-4] + b"AAA=")


def test_signatures_depend_on_key_and_text() -> None:
    vault = secrets.Vault([OLD])
    assert vault.sign("a") == secrets.Vault([OLD, NEW]).sign("a")
    assert len({vault.sign("a"), vault.sign("b"), secrets.Vault([NEW]).sign("a")}) == 3


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: secrets.vault(None, folder=folder), range(8)))
    assert {vault.sign("x") for vault in vaults} == {secrets.vault(None, folder=folder).sign("x")}
    [file] = folder.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("secret.key", 0o600)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secrets.vault(None, folder=tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(errors.Invalid, match="chmod 600"):
        secrets.vault(None, folder=tmp_path)


def test_the_settings_key_needs_no_file(tmp_path: Path) -> None:
    vault = secrets.vault(SecretStr(f"{NEW}, {OLD}"), folder=tmp_path)
    assert vault.open_(secrets.Vault([OLD]).seal(RECORD)) == RECORD
    assert list(tmp_path.iterdir()) == []


def test_passwords() -> None:
    stored = secrets.hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert secrets.verify_password("correct horse", stored)
    assert not secrets.verify_password("battery staple", stored)
    assert not secrets.verify_password("correct horse", "rubbish")
    assert not secrets.needs_rehash(stored)
    assert secrets.needs_rehash("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")


def test_tokens() -> None:
    token, digest = secrets.new_token("ds_api")
    assert token.startswith("ds_api_")
    assert digest == secrets.digest(token)
    assert len(digest) == 64
    assert secrets.new_token("ds_api")[0] != token


def test_constant_time_equal() -> None:
    assert secrets.constant_time_equal("é", "é".encode())
    assert not secrets.constant_time_equal("a", "b")
