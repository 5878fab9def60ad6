"""Manage rule sets: save a version, activate it, roll back to an earlier one. Documents are immutable."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from doorstep.domain.routing import events
from doorstep.domain.routing.model import rules
from doorstep.domain.routing.model.rules import CompiledRules, checks
from doorstep.domain.routing.store import rules as store
from doorstep.domain.routing.store.rules import Draft, Version
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx

__all__ = ["Draft", "Version"]


def draft(tx: WriteTx, *, draft: Draft, at: datetime) -> Version:
    """Store a document as a new draft, not yet active. The draft that it replaces is archived.

    Raises Invalid with all `problems`, or when nothing changed.
    """
    _check(draft)
    store.lock_versions(tx)
    before = None if draft.based_on is None else _found(tx, draft.based_on)
    if before is not None and store.select_document(tx, number=before.number) == draft.document:
        raise errors.Invalid(f"There are no changes from version {before.number}.")
    number = store.insert_draft(tx, draft, at=at)
    if before is not None and before.state == "draft":
        store.archive(tx, number=before.number, at=at)
    event_log.append(tx, [events.RulesDrafted(number, draft.document.name, draft.why, draft.based_on)], at=at)
    return _found(tx, number)


def _check(draft: Draft) -> None:
    found = checks.problems(draft.document)
    if found:
        raise errors.Invalid(
            " ".join(str(each) for each in found),
            problems=[{"path": each.path, "message": each.message} for each in found],
        )


def activate(tx: WriteTx, *, number: int, why: str, instead_of: int | None, at: datetime) -> Version:
    """Activate a draft; the caller has run its test cases.

    `instead_of` is the version that the user saw as active (None: none was). Raises Invalid without a reason,
    Conflict when another version is active by now, Refused for a version that is not a draft.
    """
    _require_reason(why)
    store.lock_versions(tx)
    found = _found(tx, number)
    if found.state != "draft":
        way = "roll back to it" if found.state == "archived" else "there is nothing to do"
        raise errors.Refused(f"Version {number} is {found.state}: {way}.", state=found.state)
    _replace_active(tx, number, why, instead_of, at)
    event_log.append(tx, [events.RulesActivated(number, found.name, why, instead_of)], at=at)
    return _found(tx, number)


def roll_back(tx: WriteTx, *, number: int, why: str, instead_of: int | None, at: datetime) -> Version:
    """Activate the document of an archived version again, as a new version. Its test cases are not run: it was active before.

    Raises Invalid without a reason, Conflict when another version is active by now, Refused if it was never active.
    """
    _require_reason(why)
    store.lock_versions(tx)
    found = _found(tx, number)
    if found.state != "archived" or found.activated_at is None:
        raise errors.Refused(
            f"Version {number} is {found.state}: choose a version that was active before.", state=found.state
        )
    document = store.select_document(tx, number=number)
    rules.compile(document)  # a removed variable fails here and not during routing
    new = store.insert_draft(tx, Draft(document, why, based_on=instead_of, restores=number), at=at)
    _replace_active(tx, new, why, instead_of, at)
    event_log.append(tx, [events.RulesRolledBack(new, found.name, why, number, instead_of)], at=at)
    return _found(tx, new)


def archive(tx: WriteTx, *, number: int, at: datetime) -> Version:
    """Archive a draft. Raises Refused for a version that is not a draft."""
    store.lock_versions(tx)
    found = _found(tx, number)
    if found.state != "draft":
        raise errors.Refused(
            f"Version {number} is {found.state}: only a draft can be archived.", state=found.state
        )
    store.archive(tx, number=number, at=at)
    return replace(found, state="archived", archived_at=at)


def record_failures(tx: WriteTx, *, compiled_rules: CompiledRules, at: datetime) -> None:
    """Store conditions that failed to evaluate since the last call, for users; free when there are none."""
    if compiled_rules.failures and compiled_rules.number:
        failures = dict(compiled_rules.failures)
        compiled_rules.failures.clear()
        store.add_failures(tx, number=compiled_rules.number, failures=failures, at=at)


def _replace_active(tx: WriteTx, number: int, why: str, instead_of: int | None, at: datetime) -> None:
    active = store.select_active(tx)
    current = None if active is None else active.number
    if current != instead_of:
        named = "no version" if current is None else f"version {current}"
        raise errors.Conflict(
            f"The active rules changed: {named} is active now. Review the changes again.", active=current
        )
    if current is not None:
        store.archive(tx, number=current, at=at)
    store.activate(tx, number=number, why=why, at=at)


def _require_reason(why: str) -> None:
    if not why.strip():
        raise errors.Invalid("Enter a reason: it is shown in the history.", field="why")


def _found(tx: WriteTx, number: int) -> Version:
    found = store.select_version(tx, number=number)
    if found is None:
        raise errors.NotFound(f"There is no version {number} of the rule set.")
    return found
