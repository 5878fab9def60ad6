"""Availability rules: safety stock, thresholds, allowed locations, pickup, pools. Preview before saving."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import rules
from doorstep.domain.inventory.actions.rules import Effect, RuleChange
from doorstep.domain.inventory.model.rules import Rule, RuleKind, Scope, Terms
from doorstep.domain.inventory.views import rules as views
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Availability rules"])


class RuleBody(BaseModel):
    """A rule to save. SKUs, locations and channels narrow it; an empty field means all."""

    kind: RuleKind = Field(description="What the rule limits.")
    name: str = Field(min_length=1, max_length=120, description="The name.")
    value: int = Field(ge=0, description="Units; 1 (yes) or 0 (no) for allow_ship, allow_pickup and exclude.")
    skus: list[str] = Field([], description="The SKUs; none: all.")
    styles: list[str] = Field([], description="The styles; none: all.")
    categories: list[str] = Field([], description="The categories; none: all.")
    locations: list[str] = Field([], description="Codes.")
    location_kinds: list[str] = Field([], description="The kinds of location; none: all.")
    channels: list[str] = Field([], description="The keys of sales channels; none: all.")
    audience: str = Field("", description="For a pool: a channel's key, or group:vip.")
    precedence: int = Field(
        100, description="The lower number wins, then the more specific rule, then the newer."
    )
    active: bool = Field(True, description="Whether it applies.")
    reason: str = Field(min_length=1, max_length=500, description="Reason for the change.")
    version: int | None = Field(
        None, description="The version that you read; the change is rejected if there is a newer one."
    )

    def change(self, rule_id: int | None) -> RuleChange:
        """The same rule as a domain object."""
        scope = Scope(
            tuple(self.skus),
            tuple(self.styles),
            tuple(self.categories),
            tuple(self.locations),
            tuple(self.location_kinds),
            tuple(self.channels),
        )
        terms = Terms(
            self.kind, self.name, self.value, scope, self.audience, self.precedence, active=self.active
        )
        return RuleChange(terms, self.reason, rule_id, self.version)


class RuleToPreview(RuleBody):
    """A rule to preview: with `rule_id` as a change of that rule, without as a new one."""

    rule_id: int | None = Field(None, description="The rule that it would replace; none: a new one.")


class Switch(BaseModel):
    """Switch on or off, with a reason."""

    active: bool = Field(description="True switches the rule on, false off.")
    reason: str = Field(
        min_length=1, max_length=500, description="The reason, for colleagues who read it later."
    )


class AtpRule(BaseModel):
    """A rule, who changed it last, when and why."""

    id: int
    version: int
    kind: str
    name: str
    value: int
    skus: tuple[str, ...]
    styles: tuple[str, ...]
    categories: tuple[str, ...]
    locations: tuple[str, ...]
    location_kinds: tuple[str, ...]
    channels: tuple[str, ...]
    audience: str
    precedence: int
    active: bool
    reason: str
    changed_by: str
    changed_at: datetime


def _rule(found: Rule) -> AtpRule:
    terms, scope = found.terms, found.terms.scope
    return AtpRule(
        id=found.id,
        version=found.version,
        kind=terms.kind.value,
        name=terms.name,
        value=terms.value,
        skus=scope.skus,
        styles=scope.styles,
        categories=scope.categories,
        locations=scope.locations,
        location_kinds=scope.location_kinds,
        channels=scope.channels,
        audience=terms.audience,
        precedence=terms.precedence,
        active=terms.active,
        reason=found.reason,
        changed_by=found.changed_by,
        changed_at=found.changed_at,
    )


class RuleEffect(BaseModel):
    """How many results change: positions are SKU × location, the others are SKUs."""

    positions: int
    thresholds: int
    pools: int


class RulePreview(BaseModel):
    """What a rule would change."""

    changed: RuleEffect


class RuleSaved(RulePreview):
    """A saved rule, and what it changed."""

    id: int
    version: int
    active: bool


def _effect(effect: Effect) -> RuleEffect:
    return RuleEffect(positions=effect.positions, thresholds=effect.thresholds, pools=effect.pools)


def _reported(rule: Rule, effect: Effect) -> RuleSaved:
    return RuleSaved(id=rule.id, version=rule.version, active=rule.terms.active, changed=_effect(effect))


@router.get("/atp-rules")
def list_atp_rules(calling: Calling) -> list[AtpRule]:
    """List every rule by kind, in the order in which they apply."""
    calling.principal.require(Permission.INVENTORY_READ)
    return calling.read(lambda tx: [_rule(each) for each in views.rules(tx)])


@router.get("/atp-rules/competing")
def list_competing_atp_rules(
    calling: Calling, kind: RuleKind, sku: str, location: str = "", channel: str = ""
) -> list[AtpRule]:
    """List the active rules of a kind that apply to a SKU (at a location, for a channel); the first one decides."""
    calling.principal.require(Permission.INVENTORY_READ)

    def fetch(tx: ReadTx) -> list[AtpRule]:
        found = views.competing(tx, kind=kind, sku=sku, location=location, channel=channel)
        return [_rule(each) for each in found]

    return calling.read(fetch)


@router.get("/atp-rules/{rule_id}")
def get_atp_rule(calling: Calling, rule_id: int) -> AtpRule:
    """Get one rule."""
    calling.principal.require(Permission.INVENTORY_READ)
    return calling.read(lambda tx: _rule(views.rule(tx, rule_id=rule_id)))


@router.post("/atp-rules", status_code=201)
def create_atp_rule(calling: Calling, body: RuleBody) -> RuleSaved:
    """Create a rule; it applies at once. `changed` counts what it changed: SKU × location, or SKUs."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> RuleSaved:
        return _reported(*rules.put(tx, change=body.change(None), at=calling.app.clock.now()))

    return calling.write(work)


@router.post("/atp-rules/preview")
def preview_atp_rule(calling: Calling, body: RuleToPreview) -> RulePreview:
    """Preview how much a rule would change. Nothing is changed."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> RulePreview:
        effect = rules.preview(tx, change=body.change(body.rule_id), at=calling.app.clock.now())
        return RulePreview(changed=_effect(effect))

    return calling.write(work)


@router.put("/atp-rules/{rule_id}")
def change_atp_rule(calling: Calling, rule_id: int, body: RuleBody) -> RuleSaved:
    """Change a rule: this writes its next version."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> RuleSaved:
        return _reported(*rules.put(tx, change=body.change(rule_id), at=calling.app.clock.now()))

    return calling.write(work)


@router.post("/atp-rules/{rule_id}/switch", include_in_schema=False)
@router.post("/atp-rules/{rule_id}/turn-on-or-off")
def turn_atp_rule_on_or_off(calling: Calling, rule_id: int, body: Switch) -> RuleSaved:
    """Turn a rule on or off. A rule is never deleted, because explanations refer to it."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> RuleSaved:
        now = calling.app.clock.now()
        return _reported(
            *rules.set_active(tx, rule_id=rule_id, active=body.active, reason=body.reason, at=now)
        )

    return calling.write(work)
