"""Routing rule sets: versions, diffs, drafts, test cases, the active version."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Body, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.delivery.api.shapes import Document
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import rules as verbs
from doorstep.domain.routing.actions.rules import Draft, Version
from doorstep.domain.routing.model.case_results import CaseOutcome
from doorstep.domain.routing.model.rules import RuleSet, diff
from doorstep.domain.routing.model.rules.schema import schema
from doorstep.domain.routing.views import lists
from doorstep.domain.routing.views import rules as views
from doorstep.flows.routing_rules import rule_sets
from doorstep.kernel import documents, errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.documents import Problem, Text
from doorstep.kernel.message import Message

router = APIRouter(tags=["Routing rules"])


class DocumentBody(BaseModel):
    """A rule set: as JSON by the schema of GET /routing/schema, or as the text of a YAML file."""

    document: Document | None = Field(None, description="The rule set as JSON; or send it as YAML.")
    yaml: str | None = Field(None, description="Instead of `document`; comments are not kept.")

    def read(self) -> Text[RuleSet]:
        """The rule set that was sent, or its errors."""
        if (self.document is None) == (self.yaml is None):
            raise errors.Invalid("Send either document or yaml.", field="document")
        if self.yaml is not None:
            return documents.read(self.yaml, RuleSet)
        return documents.convert(self.document, RuleSet)


class DraftBody(DocumentBody):
    """A version to save."""

    why: str = Field(min_length=1, max_length=500, description="The purpose of the version.")
    based_on: int | None = Field(
        None, description="The version that you read; if it is a draft, it is archived."
    )


class Decision(BaseModel):
    """Why to activate a version, and the version it was compared with."""

    why: str = Field(
        min_length=1, max_length=500, description="The reason, for colleagues who read it later."
    )
    instead_of: int | None = Field(
        None,
        description="The version that is active: the request is rejected if another one is active. Null: none is.",
    )


class RuleVersion(BaseModel):
    """A version: who wrote and activated it, when and why; `actions` are allowed now."""

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
    actions: list[str]


def _version(found: Version) -> RuleVersion:
    return RuleVersion(
        number=found.number,
        name=found.name,
        state=found.state,
        based_on=found.based_on,
        restores=found.restores,
        drafted_by=found.drafted_by,
        drafted_at=found.drafted_at,
        drafted_why=found.drafted_why,
        activated_by=found.activated_by,
        activated_at=found.activated_at,
        activated_why=found.activated_why,
        archived_at=found.archived_at,
        actions=list(found.actions),
    )


class VersionState(BaseModel):
    """A version after the action; `actions` are allowed now."""

    number: int
    state: str
    actions: list[str]


class RuleProblem(BaseModel):
    """An error in a rule set: its path, and line and column if it was read from YAML (else 0)."""

    path: str
    message: str
    line: int
    column: int


class CaseResult(BaseModel):
    """The result of a test case: its differences from the expected plan, and the explanation."""

    name: str
    passes: bool
    differences: list[str]
    sentences: list[str]


class RuleChange(BaseModel):
    """One difference: its path, and the text before and after (empty: it was not there)."""

    where: str
    before: str
    after: str


class RuleFailure(BaseModel):
    """A condition that could not be evaluated, how often, and when last."""

    failure: str
    situations: int
    last_at: datetime


class VersionDocument(BaseModel):
    """A version and its document."""

    version: RuleVersion
    document: Document


class ActiveRules(BaseModel):
    """The rules that decide now; number and version are null for the built-in rules."""

    number: int | None
    version: RuleVersion | None
    document: Document
    failures: list[RuleFailure]


class Validated(BaseModel):
    """Whether a rule set may decide; `instead_of` is the version that it would replace."""

    valid: bool
    instead_of: int | None = None
    problems: list[RuleProblem]
    changes: list[RuleChange]
    cases: list[CaseResult]


def _reported(found: Version) -> VersionState:
    return VersionState(number=found.number, state=found.state, actions=list(found.actions))


def _problems(found: tuple[Problem, ...]) -> list[RuleProblem]:
    return [
        RuleProblem(path=each.path, message=each.message, line=each.line, column=each.column)
        for each in found
    ]


def _outcomes(found: list[CaseOutcome]) -> list[CaseResult]:
    return [
        CaseResult(
            name=each.name,
            passes=each.is_green,
            differences=list(each.differences),
            sentences=[sentence.english() for sentence in each.sentences],
        )
        for each in found
    ]


def _document(found: RuleSet) -> Document:
    return cast("Document", documents.plain(found))  # A struct is a mapping of its fields.


def _changes(found: list[diff.RuleDifference]) -> list[RuleChange]:
    return [
        RuleChange(where=each.where, before=_english(each.before), after=_english(each.after))
        for each in found
    ]


def _english(text: str | Message) -> str:
    return text if isinstance(text, str) else text.english()


@router.get("/routing/schema")
def get_routing_schema(calling: Calling) -> Document:
    """Get the JSON Schema of rule sets, and the variables that conditions may use."""
    calling.principal.require(Permission.RULES_READ)
    return schema()


@router.get("/routing/rules")
def get_routing_rules(calling: Calling) -> ActiveRules:
    """Get the active version with its document and its failures; number null: the built-in rules."""
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> ActiveRules:
        number = views.active_number(tx)
        failures = [
            RuleFailure(failure=each.failure, situations=each.situations, last_at=each.last_at)
            for each in views.failures(tx, number=number)
        ]
        return ActiveRules(
            number=number,
            version=None if number is None else _version(views.version(tx, number=number)),
            document=_document(views.document(tx, number=number)),
            failures=failures,
        )

    return calling.read(load)


@router.get("/routing/rules/versions")
def list_rule_versions(calling: Calling, wanted: Annotated[Paging, Query()]) -> Page[RuleVersion]:
    """List versions, newest first."""
    calling.principal.require(Permission.RULES_READ)
    return calling.read(
        lambda tx: paging.newest(
            wanted, lists.VERSIONS, lambda page: lists.versions(tx, page=page), _version, sort="number"
        )
    )


@router.get("/routing/rules/versions/{number}")
def get_rule_version(calling: Calling, number: int) -> VersionDocument:
    """Get a version and its document."""
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> VersionDocument:
        found = _version(views.version(tx, number=number))
        return VersionDocument(version=found, document=_document(views.document(tx, number=number)))

    return calling.read(load)


@router.get("/routing/rules/versions/{number}/yaml", response_class=PlainTextResponse)
def export_rule_version(calling: Calling, number: int) -> str:
    """Download a version's document as a YAML file."""
    calling.principal.require(Permission.RULES_READ)
    return calling.read(lambda tx: documents.write(views.document(tx, number=number)))


@router.get("/routing/rules/versions/{number}/changes")
def list_rule_changes(calling: Calling, number: int, since: int | None = None) -> list[RuleChange]:
    """Compare a version with another one; without `since`, with the active one."""
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> list[RuleChange]:
        before = views.document(tx, number=views.active_number(tx) if since is None else since)
        return _changes(diff.changes(before, views.document(tx, number=number)))

    return calling.read(load)


@router.get("/routing/rules/versions/{number}/cases")
def list_test_case_results(calling: Calling, number: int) -> list[CaseResult]:
    """Run a version's test cases now."""
    calling.principal.require(Permission.RULES_READ)
    return calling.read(
        lambda tx: _outcomes(rule_sets.run_cases(tx, document=views.document(tx, number=number)))
    )


@router.post("/routing/rules/validate")
def validate_rules(
    calling: Calling, body: Annotated[DocumentBody, Body(default_factory=DocumentBody)]
) -> Validated:
    """Validate a rule set: its errors, its changes, the results of its test cases. Nothing is stored."""
    calling.principal.require(Permission.RULES_READ)
    read = body.read()
    document = read.value
    if document is None:
        return Validated(valid=False, problems=_problems(read.problems), changes=[], cases=[])

    def load(tx: ReadTx) -> Validated:
        found = rule_sets.preview(tx, document=document, now=calling.app.clock.now())
        located = tuple(read.at(each) for each in found.problems)
        return Validated(
            valid=found.may_decide,
            instead_of=found.instead_of,
            problems=_problems(located if read.places else found.problems),
            changes=_changes(list(found.changes)),
            cases=_outcomes(list(found.outcomes)),
        )

    return calling.read(load)


@router.post("/routing/rules/versions", status_code=201)
def draft_rule_version(calling: Calling, body: DraftBody) -> VersionState:
    """Save a rule set as a draft. It has no effect before it is activated."""
    calling.principal.require(Permission.RULES_WRITE)
    read = body.read()
    document = read.value
    if document is None:
        raise errors.Invalid(
            " ".join(map(str, read.problems)),
            problems=[each.model_dump() for each in _problems(read.problems)],
        )

    def work(tx: WriteTx) -> VersionState:
        draft = Draft(document, body.why, based_on=body.based_on)
        return _reported(rule_sets.draft(tx, draft=draft, now=calling.app.clock.now()))

    return calling.write(work)


@router.post("/routing/rules/versions/{number}/activate")
def activate_rule_version(calling: Calling, number: int, body: Decision) -> VersionState:
    """Activate a draft from the next order on. Refused unless its test cases pass."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> VersionState:
        now = calling.app.clock.now()
        return _reported(
            rule_sets.activate(tx, number=number, why=body.why, instead_of=body.instead_of, now=now)
        )

    return calling.write(work)


@router.post("/routing/rules/versions/{number}/roll-back", include_in_schema=False)
@router.post("/routing/rules/versions/{number}/restore")
def restore_rule_version(calling: Calling, number: int, body: Decision) -> VersionState:
    """Restore an earlier version, as a new version."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> VersionState:
        now = calling.app.clock.now()
        return _reported(verbs.roll_back(tx, number=number, why=body.why, instead_of=body.instead_of, at=now))

    return calling.write(work)


@router.post("/routing/rules/versions/{number}/archive")
def archive_rule_version(calling: Calling, number: int) -> VersionState:
    """Archive a draft."""
    calling.principal.require(Permission.RULES_WRITE)
    return calling.write(lambda tx: _reported(verbs.archive(tx, number=number, at=calling.app.clock.now())))
