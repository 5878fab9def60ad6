"""Replenishment: how much places should hold, and the button that drafts what they lack."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page, words
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import replenishment as verbs
from doorstep.domain.inventory.model.replenishment import Rule
from doorstep.domain.inventory.views import replenishment as view
from doorstep.domain.network import views as network
from doorstep.domain.network.model import LocationKind
from doorstep.flows.stock import replenish
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku

BACK = f"{ROOT}/replenishment"


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Every rule."""
    with ask.app.db.read() as tx:
        rules = view.rules(tx)
        places = network.locations(tx)
    context = {
        "rules": rules,
        "places": places,
        "choices": [each for each in places.values() if each.active],
        "kinds": list(LocationKind),
        "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "replenishment/replenishment.html", context, toast=toast, status=status)


def put(ask: Ask) -> Response:
    """Write a rule; the same SKUs and places take the older one's place."""

    def verb(tx: WriteTx) -> str:
        source, low, high = ask.whole("source"), ask.whole("min_quantity"), ask.whole("max_quantity")
        if source is None or low is None or high is None:
            raise errors.Invalid("Choose the source, and write the minimum and the maximum.", field="source")
        where, kind = ask.form.get("where", ""), None
        if where in set(LocationKind):
            where, kind = "", where
        rule = Rule(
            source_id=LocationId(source),
            min_quantity=low,
            max_quantity=high,
            cover_days=ask.whole("cover_days") or 0,
            sku=Sku(ask.form.get("sku", "").strip()) or None,
            category=ask.form.get("category", "").strip() or None,
            location_id=LocationId(int(where)) if where.isdigit() else None,
            location_kind=kind,
        )
        verbs.put(tx, rules=[rule], at=ask.now)
        return "Written: suggestions follow it from now on."

    return page.act(ask, verb, show=show, back=BACK)


def remove(ask: Ask) -> Response:
    """Remove a rule."""

    def verb(tx: WriteTx) -> str:
        verbs.remove(tx, rule_ids=[ask.whole("rule_id") or 0], at=ask.now)
        return "Removed."

    return page.act(ask, verb, show=show, back=BACK)


def draft(ask: Ask) -> Response:
    """Draft what every place lacks, now."""
    drafted = replenish.draft(ask.app.context, actor=ask.principal.actor)

    def verb(tx: WriteTx) -> str:
        if not drafted:
            return "Nothing is lacking that is not coming already, or no source can spare it."
        return f"{words.plural(len(drafted), 'transfer')} drafted: look at them under Transfers."

    return page.act(ask, verb, show=show, back=BACK)


ROUTES: Routes = (
    Read("/replenishment", show, Permission.INVENTORY_READ),
    Verb("/replenishment/put", put, Permission.INVENTORY_WRITE),
    Verb("/replenishment/remove", remove, Permission.INVENTORY_WRITE),
    Verb("/replenishment/draft", draft, Permission.INVENTORY_WRITE),
)
