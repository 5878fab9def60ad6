"""Verbs of rule sets: write a version, let it decide, go back to an earlier one. A document is never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from doorstep.domain.routing import events as facts
from doorstep.domain.routing.model import rules
from doorstep.domain.routing.model.rules import CompiledRules, checks
from doorstep.domain.routing.store import rules as store
from doorstep.domain.routing.store.rules import Draft, Version
from doorstep.kernel import errors, events
from doorstep.kernel.db import WriteTx

__all__ = ["Draft", "Version"]


def draft(tx: WriteTx, *, draft: Draft, at: datetime) -> Version:
    """Store a document as a new version that decides nothing yet. A draft that it was made from is archived.

    Raises Invalid with everything that is wrong (`problems`), or when nothing was changed.
    """
    _check(draft)
    store.lock_versions(tx)
    before = None if draft.based_on is None else _found(tx, draft.based_on)
    if before is not None and store.select_document(tx, number=before.number) == draft.document:
        raise errors.Invalid(f"Nothing differs from version {before.number}.")
    number = store.insert_draft(tx, draft, at=at)
    if before is not None and before.state == "draft":
        store.archive(tx, number=before.number, at=at)
    events.append(tx, [facts.RulesDrafted(number, draft.document.name, draft.why, draft.based_on)], at=at)
    return _found(tx, number)


def _check(draft: Draft) -> None:
    found = checks.problems(draft.document)
    if found:
        raise errors.Invalid(
            " ".join(str(each) for each in found),
            problems=[{"path": each.path, "message": each.message} for each in found],
        )


def activate(tx: WriteTx, *, number: int, why: str, instead_of: int | None, at: datetime) -> Version:
    """Let a draft decide from now on; whoever calls has seen its golden cases pass.

    `instead_of` is the version that was active when somebody looked (None: none was). Raises Invalid without a reason,
    Conflict when another is active by now, Refused for what is no draft.
    """
    _require_reason(why)
    store.lock_versions(tx)
    found = _found(tx, number)
    if found.state != "draft":
        way = "roll back to it" if found.state == "archived" else "there is nothing to do"
        raise errors.Refused(f"Version {number} is {found.state}: {way}.", state=found.state)
    _replace_active(tx, number, why, instead_of, at)
    events.append(tx, [facts.RulesActivated(number, found.name, why, instead_of)], at=at)
    return _found(tx, number)


def roll_back(tx: WriteTx, *, number: int, why: str, instead_of: int | None, at: datetime) -> Version:
    """Let the document of an archived version decide again, as a new version. It decided before, so no case is asked.

    Raises Invalid without a reason, Conflict when another is active by now, Refused for what never decided.
    """
    _require_reason(why)
    store.lock_versions(tx)
    found = _found(tx, number)
    if found.state != "archived" or found.activated_at is None:
        raise errors.Refused(
            f"Version {number} is {found.state} and has no past to go back to.", state=found.state
        )
    document = store.select_document(tx, number=number)
    rules.compile(document)  # a variable that is no more is found here, not by an order
    new = store.insert_draft(tx, Draft(document, why, based_on=instead_of, restores=number), at=at)
    _replace_active(tx, new, why, instead_of, at)
    events.append(tx, [facts.RulesRolledBack(new, found.name, why, number, instead_of)], at=at)
    return _found(tx, new)


def archive(tx: WriteTx, *, number: int, at: datetime) -> Version:
    """Put a draft aside. Raises Refused for what is no draft."""
    store.lock_versions(tx)
    found = _found(tx, number)
    if found.state != "draft":
        raise errors.Refused(
            f"Version {number} is {found.state}: only a draft is put aside.", state=found.state
        )
    store.archive(tx, number=number, at=at)
    return replace(found, state="archived", archived_at=at)


def record_failures(tx: WriteTx, *, playbook: CompiledRules, at: datetime) -> None:
    """Keep what could not be evaluated since the last time, for people to see; costs nothing when all is well."""
    if playbook.failures and playbook.number:
        failures = dict(playbook.failures)
        playbook.failures.clear()
        store.add_failures(tx, number=playbook.number, failures=failures, at=at)


def _replace_active(tx: WriteTx, number: int, why: str, instead_of: int | None, at: datetime) -> None:
    active = store.select_active(tx)
    current = None if active is None else active.number
    if current != instead_of:
        named = "no version" if current is None else f"version {current}"
        raise errors.Conflict(f"Meanwhile {named} is active: look at the difference again.", active=current)
    if current is not None:
        store.archive(tx, number=current, at=at)
    store.activate(tx, number=number, why=why, at=at)


def _require_reason(why: str) -> None:
    if not why.strip():
        raise errors.Invalid("Say why: whoever asks later reads it in the history.", field="why")


def _found(tx: WriteTx, number: int) -> Version:
    found = store.select_version(tx, number=number)
    if found is None:
        raise errors.NotFound(f"There is no version {number} of the rule set.")
    return found
