"""Replenishment: target stock of locations, and draft transfers that reach it."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import replenishment
from doorstep.domain.inventory.model.replenishment import Rule
from doorstep.domain.inventory.views import replenishment as views
from doorstep.domain.network import views as network
from doorstep.domain.network.model import LocationKind
from doorstep.flows.stock import replenish
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

router = APIRouter(tags=["Replenishment"])


class ReplenishmentRule(BaseModel):
    """Target stock for a SKU or category (or all) at a location or kind of location (or all)."""

    id: int | None = Field(None, description="Set in answers; not needed in requests.")
    sku: str | None = Field(None, description="The SKU; none: all.")
    category: str | None = Field(None, description="The category; none: all.")
    location: str | None = Field(None, description="The location's code.")
    location_kind: LocationKind | None = Field(None, description="The kind of location; none: all.")
    source: str = Field(description="Code of the source location.")
    min_quantity: int = Field(ge=0, description="Replenish below this many units.")
    max_quantity: int = Field(ge=0, description="Replenish up to this many units.")
    cover_days: int = Field(0, ge=0, le=365, description="Days of sales that the stock must cover.")


class ReplenishmentRules(BaseModel):
    """Rules. A rule for the same SKUs and locations replaces the older one."""

    rules: list[ReplenishmentRule] = Field(
        min_length=1, max_length=10_000, description="The rules to add or replace."
    )


class RulesSaved(BaseModel):
    """How many rules were saved."""

    written: int


class RulesRemoved(BaseModel):
    """How many rules were deleted."""

    removed: int


class Drafted(BaseModel):
    """The draft transfers that were created."""

    transfer_ids: list[int]


@router.get("/replenishment/rules")
def list_replenishment_rules(calling: Calling) -> list[ReplenishmentRule]:
    """List every rule, the more general ones first."""
    calling.principal.require(Permission.INVENTORY_READ)

    def fetch(tx: ReadTx) -> list[ReplenishmentRule]:
        locations = network.locations(tx)
        return [
            ReplenishmentRule(
                id=rule.id,
                sku=rule.sku,
                category=rule.category,
                location=locations[rule.location_id].code if rule.location_id else None,
                location_kind=LocationKind(rule.location_kind) if rule.location_kind else None,
                source=locations[rule.source_id].code,
                min_quantity=rule.min_quantity,
                max_quantity=rule.max_quantity,
                cover_days=rule.cover_days,
            )
            for rule in views.rules(tx)
        ]

    return calling.read(fetch)


@router.put("/replenishment/rules")
def put_replenishment_rules(calling: Calling, body: ReplenishmentRules) -> RulesSaved:
    """Save rules."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> RulesSaved:
        rules = [
            Rule(
                source_id=network.by_code(tx, code=each.source).id,
                min_quantity=each.min_quantity,
                max_quantity=each.max_quantity,
                cover_days=each.cover_days,
                sku=Sku(each.sku) if each.sku else None,
                category=each.category or None,
                location_id=network.by_code(tx, code=each.location).id if each.location else None,
                location_kind=each.location_kind.value if each.location_kind else None,
            )
            for each in body.rules
        ]
        replenishment.put(tx, rules=rules, at=calling.app.clock.now())
        return RulesSaved(written=len(rules))

    return calling.write(work)


@router.delete("/replenishment/rules/{rule_id}")
def remove_replenishment_rule(calling: Calling, rule_id: int) -> RulesRemoved:
    """Delete a rule. Repeating it changes nothing."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    return calling.write(
        lambda tx: RulesRemoved(
            removed=replenishment.remove(tx, rule_ids=[rule_id], at=calling.app.clock.now())
        )
    )


@router.post("/replenishment/draft")
def draft_replenishment(calling: Calling) -> Drafted:
    """Draft transfers for every shortage now. Repeating it changes nothing: drafted units count as incoming."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    made = replenish.draft(calling.app.context, actor=calling.principal.actor)
    return Drafted(transfer_ids=list(made))
