"""Replenishment rules, and drafting the transfers that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import Response

from doorstep.delivery.console import lists, page
from doorstep.delivery.console.cells import Cell, Count, Text
from doorstep.delivery.console.labels import ALL_OF_KIND
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice, Sortable
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.replenishment import forms
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import replenishment as verbs
from doorstep.domain.inventory.model.replenishment import Rule
from doorstep.domain.inventory.views import replenishment as view
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location, LocationKind
from doorstep.flows.stock import replenish
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import LocationId, Sku, whole_number

BACK = f"{ROOT}/replenishment"


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Every rule, or those as CSV."""
    with req.app.db.read() as tx:
        locations = network.locations(tx)
        listed = rule_list(locations)
        if listed.wants_csv(req):
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {
        "list": found,
        "choices": [each for each in locations.values() if each.active],
        "kinds": {kind: _(word) for kind, word in ALL_OF_KIND.items()},
        "may_write": req.principal.can(Permission.INVENTORY_WRITE),
    }
    return page.render(req, "replenishment/replenishment.html", context, toast=toast, status=status)


def rule_list(locations: Mapping[int, Location]) -> ListPage[Rule]:
    """Replenishment rules, general ones first, or in the order that the address asks for."""

    def items(row: Rule) -> Cell:
        return Text(row.sku, "code strong") if row.sku else Text(row.category or _("Every SKU"))

    def where(row: Rule) -> str:
        if row.location_id:
            return locations[row.location_id].name
        return _(ALL_OF_KIND[row.location_kind]) if row.location_kind else _("Every location")

    keys: Mapping[str, Callable[[Rule], Sortable]] = {
        "items": lambda row: (row.sku or row.category or "").casefold(),
        "location": where,
        "source": lambda row: locations[row.source_id].name,
        "min_quantity": lambda row: row.min_quantity,
        "max_quantity": lambda row: row.max_quantity,
        "cover_days": lambda row: row.cover_days or 0,
    }

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[Rule]:
        return lists.whole(view.rules(tx), query, keys)

    return ListPage(
        path="/replenishment",
        columns=(
            Column(_m("Items"), items, "s1", "items"),
            Column(_m("Location"), lambda row: Text(where(row)), "s2", "location"),
            Column(_m("From"), lambda row: Text(locations[row.source_id].name), "s3", "source"),
            Column(_m("Minimum"), lambda row: Count(row.min_quantity), "num s4", "min_quantity"),
            Column(_m("Maximum"), lambda row: Count(row.max_quantity), "num s5", "max_quantity"),
            Column(_m("Days of cover"), lambda row: Count(row.cover_days or None), "num s6", "cover_days"),
        ),
        fetch=fetch,
        noun=plural("{n} rule", "{n} rules"),
    )


def put(req: PageRequest) -> Response:
    """Save a rule; it replaces a rule for the same SKUs and locations."""

    def verb(tx: WriteTx) -> str:
        form = forms.Rule.of(req.form)
        is_kind = form.where in set(LocationKind)
        number = whole_number(form.where)
        rule = Rule(
            source_id=LocationId(form.source),
            min_quantity=form.min_quantity,
            max_quantity=form.max_quantity,
            cover_days=form.cover_days,
            sku=Sku(form.sku) if form.sku else None,
            category=form.category or None,
            location_id=None if number is None else LocationId(number),
            location_kind=form.where if is_kind else None,
        )
        verbs.put(tx, rules=[rule], at=req.now)
        return _("Saved. Suggestions follow the rule from now on.")

    return page.act(req, verb, show=show, back=BACK)


def delete(req: PageRequest) -> Response:
    """Delete a rule."""

    def verb(tx: WriteTx) -> str:
        verbs.remove(tx, rule_ids=[req.whole("rule_id") or 0], at=req.now)
        return _("Rule deleted.")

    return page.act(req, verb, show=show, back=BACK)


def draft(req: PageRequest) -> Response:
    """Draft transfers for what locations lack now."""
    drafted = replenish.draft(req.app.context, actor=req.principal.actor)

    def verb(tx: WriteTx) -> str:
        if not drafted:
            return _("No transfers needed: stock is sufficient or incoming, or no source can spare it.")
        return counted(
            len(drafted), "{n} transfer drafted. See Transfers.", "{n} transfers drafted. See Transfers."
        )

    return page.act(req, verb, show=show, back=BACK)


ROUTES: Routes = (
    Read("/replenishment", show, Permission.INVENTORY_READ),
    Verb("/replenishment/put", put, Permission.INVENTORY_WRITE),
    Verb("/replenishment/delete", delete, Permission.INVENTORY_WRITE),
    Verb("/replenishment/draft", draft, Permission.INVENTORY_WRITE),
)
