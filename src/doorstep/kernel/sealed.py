"""Recognize the installation's key, and seal everything again under a new one."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.secrets import Vault

# Every sealed column, in tables whose key is `id`. A column of this kind is called `secrets` or `sealed`.
COLUMNS = (("connections", "secrets"), ("connection_tokens", "sealed"), ("former_secrets", "sealed"))
_BATCH = 100


class WrongKey(errors.Refused):
    """This process has another secret key than the one that the installation's secrets are sealed with."""

    def __init__(self) -> None:
        super().__init__(
            "The secret key is not the one that this installation's secrets are sealed with: set DOORSTEP_SECRET_KEY to that "
            "key, or put its file secret.key back into the data folder."
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run that seals again goes on: a column, and the last row done."""

    column: int = 0
    after_id: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did; `then` is None at the end. `broken` rows are sealed with a key that is not here."""

    resealed: int
    unchanged: int
    broken: tuple[str, ...]
    then: Place | None


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    sealed: bytes


def fingerprint(tx: ReadTx) -> str:
    """The fingerprint of the key in use; empty if nothing was sealed yet."""
    return tx.value(str, "SELECT key_fingerprint FROM installation")


def is_wrong(tx: ReadTx, vault: Vault) -> bool:
    """Whether the key in use is none of this process's keys."""
    stored = fingerprint(tx)
    return bool(stored) and stored not in vault.fingerprints


def remember(tx: WriteTx, vault: Vault) -> None:
    """Store the fingerprint of this process's key with the first secret. Raises WrongKey if another key is in use."""
    tx.execute(
        "UPDATE installation SET key_fingerprint = %s WHERE key_fingerprint = ''", (vault.fingerprints[0],)
    )
    if is_wrong(tx, vault):
        raise WrongKey


def remember_if_all_open(tx: WriteTx, vault: Vault) -> None:
    """Store the fingerprint where an earlier version has sealed secrets, if this process's keys open them all."""
    if fingerprint(tx):
        return
    sealed = [row for table, column in COLUMNS for row in _sealed(tx, table, column)]
    if sealed and all(vault.opens(each) for each in sealed):
        remember(tx, vault)


def _sealed(tx: ReadTx, table: str, column: str) -> list[bytes]:
    return tx.column(bytes, f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")


def reseal(tx: WriteTx, vault: Vault, *, place: Place) -> Batch:
    """Seal the next rows under the first key. Rows that are sealed with it already stay, so that a run can be repeated."""
    table, column = COLUMNS[place.column]
    rows = tx.all(
        _Row,
        f"SELECT id, {column} AS sealed FROM {table} WHERE id > %s AND {column} IS NOT NULL ORDER BY id LIMIT %s FOR UPDATE",
        (place.after_id, _BATCH),
    )
    resealed, broken = 0, []
    for row in rows:
        if vault.is_current(row.sealed):
            continue
        if not vault.opens(row.sealed):
            broken.append(f"{table} {row.id}")
            continue
        tx.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", (vault.reseal(row.sealed), row.id))
        resealed += 1
    unchanged = len(rows) - resealed - len(broken)
    return Batch(resealed, unchanged, tuple(broken), _next(place, [row.id for row in rows]))


def _next(place: Place, ids: list[int]) -> Place | None:
    if len(ids) == _BATCH:
        return Place(place.column, ids[-1])
    return Place(place.column + 1) if place.column + 1 < len(COLUMNS) else None


def finish(tx: WriteTx, vault: Vault) -> None:
    """Everything is sealed under the first key: processes that have only another are recognized from now on."""
    tx.execute("UPDATE installation SET key_fingerprint = %s", (vault.fingerprints[0],))
