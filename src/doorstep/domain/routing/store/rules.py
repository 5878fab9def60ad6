"""SQL of rule sets: their versions, and their evaluation failures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import msgspec

from doorstep.domain.routing.model.rules import RuleSet
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the rule set, without its document. `state` is draft, active or archived."""

    number: int
    name: str
    state: str
    based_on: int | None
    restores: int | None
    drafted_by: str
    drafted_at: datetime
    drafted_why: str
    activated_by: str | None
    activated_at: datetime | None
    activated_why: str | None
    archived_at: datetime | None

    @property
    def label(self) -> str:
        """Its name in explanations: notnaked 7."""
        return f"{self.name} {self.number}"

    @property
    def actions(self) -> tuple[str, ...]:
        """Its allowed actions."""
        if self.state == "draft":
            return ("activate", "archive")
        return ("roll_back",) if self.state == "archived" and self.activated_at else ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A condition that could not be evaluated."""

    failure: str
    situations: int
    first_at: datetime
    last_at: datetime


_COLUMNS: LiteralString = """
    number, name, state, based_on, restores, drafted_by, drafted_at, drafted_why,
    activated_by, activated_at, activated_why, archived_at
"""


def lock_versions(tx: WriteTx) -> None:
    """Lock the versions for a change; readers are not blocked."""
    tx.execute("LOCK TABLE routing_rule_versions IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True, slots=True)
class Active:
    """The active version, and the cache key of its document."""

    number: int
    digest: str


def select_active(tx: ReadTx) -> Active | None:
    """Select the active version; None if there is none."""
    return tx.one(Active, "SELECT number, digest FROM routing_rule_versions WHERE state = 'active'")


def select_named(tx: ReadTx, *, number: int) -> Active | None:
    """Select a version in the form of select_active."""
    return tx.one(Active, "SELECT number, digest FROM routing_rule_versions WHERE number = %s", (number,))


def select_versions(tx: ReadTx, *, limit: int) -> list[Version]:
    """Select the newest versions."""
    return tx.all(
        Version, f"SELECT {_COLUMNS} FROM routing_rule_versions ORDER BY number DESC LIMIT %s", (limit,)
    )


def select_version(tx: ReadTx, *, number: int) -> Version | None:
    """Select one version."""
    return tx.one(Version, f"SELECT {_COLUMNS} FROM routing_rule_versions WHERE number = %s", (number,))


def select_document(tx: ReadTx, *, number: int) -> RuleSet:
    """Select a version's document."""
    text = tx.value(str, "SELECT document::text FROM routing_rule_versions WHERE number = %s", (number,))
    return msgspec.json.decode(text, type=RuleSet)


@dataclass(frozen=True, slots=True)
class Draft:
    """A version to insert; `why` is the reason for it."""

    document: RuleSet
    why: str
    based_on: int | None = None
    restores: int | None = None


def insert_draft(tx: WriteTx, draft: Draft, *, at: datetime) -> int:
    """Insert a version; returns its number."""
    text = msgspec.json.encode(draft.document)
    return tx.value(
        int,
        """
        INSERT INTO routing_rule_versions
               (number, name, document, digest, based_on, restores, drafted_by, drafted_at, drafted_why)
        SELECT coalesce(max(number), 0) + 1, %s, %s::jsonb, %s, %s, %s, %s, %s, %s FROM routing_rule_versions
        RETURNING number
        """,
        (
            draft.document.name,
            text.decode(),
            hashlib.sha256(text).hexdigest(),
            draft.based_on,
            draft.restores,
            tx.actor,
            at,
            draft.why,
        ),
    )


def archive(tx: WriteTx, *, number: int, at: datetime) -> None:
    """Archive a version."""
    tx.execute(
        "UPDATE routing_rule_versions SET state = 'archived', archived_at = %s WHERE number = %s",
        (at, number),
    )


def activate(tx: WriteTx, *, number: int, why: str, at: datetime) -> None:
    """Activate a version."""
    tx.execute(
        """
        UPDATE routing_rule_versions
           SET state = 'active', activated_by = %s, activated_at = %s, activated_why = %s WHERE number = %s
        """,
        (tx.actor, at, why, number),
    )


def add_failures(tx: WriteTx, *, number: int, failures: Mapping[str, int], at: datetime) -> None:
    """Count conditions that could not be evaluated."""
    tx.execute(
        """
        INSERT INTO routing_rule_failures (number, failure, situations, first_at, last_at)
        SELECT %s, failure, situations, %s, %s FROM unnest(%s::text[], %s::bigint[]) AS new (failure, situations)
         ORDER BY failure
        ON CONFLICT (number, failure) DO UPDATE
           SET situations = routing_rule_failures.situations + excluded.situations, last_at = excluded.last_at
        """,
        (number, at, at, list(failures), list(failures.values())),
    )


def select_failures(tx: ReadTx, *, number: int) -> list[Failure]:
    """Select the evaluation failures of a version, latest first."""
    return tx.all(
        Failure,
        """
        SELECT failure, situations, first_at, last_at FROM routing_rule_failures
         WHERE number = %s ORDER BY last_at DESC, failure
        """,
        (number,),
    )
