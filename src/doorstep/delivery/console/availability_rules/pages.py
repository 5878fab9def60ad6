"""Rules of availability: the list, one rule to write or change, and what it would change before it is saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import freshness
from doorstep.domain.inventory.actions import rules as verbs
from doorstep.domain.inventory.actions.rules import Change, Effect
from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.model.rules import NODE_KINDS, Rule, RuleKind, Scope, Terms
from doorstep.domain.inventory.views import freshness as sources
from doorstep.domain.inventory.views import rules as view
from doorstep.domain.network import views as network
from doorstep.domain.network.model import LocationKind
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx

BACK = f"{ROOT}/atp-rules"


@dataclass(frozen=True, slots=True)
class KindWords:
    """How a kind of rule is called and explained, what holds without one, and what 1 and 0 mean if it is yes or no."""

    title: str
    meaning: str
    without: str
    yes: str = ""
    no: str = ""


KINDS = {
    RuleKind.SAFETY_STOCK: KindWords("Safety stock", "Pieces that stay on the shelf of a location.", "shelves are sold empty"),
    RuleKind.THRESHOLD: KindWords("Threshold", "Pieces that a channel leaves over in the whole network.", "channels sell to the last piece"),
    RuleKind.ALLOW_SHIP: KindWords("Shipping", "Whether parcels leave a location.", "every location that ships, ships everything", "ships", "does not ship"),
    RuleKind.ALLOW_PICKUP: KindWords("Pickup", "Whether customers collect at a location.", "customers collect at stores and dark stores", "pickup", "no pickup"),
    RuleKind.EXCLUDE: KindWords("Exclusion", "A location that is not for a channel at all.", "every location is for every channel", "excluded", "not excluded"),
    RuleKind.POOL: KindWords("Pool", "Pieces set aside for one audience: a channel, or a group of customers.", "nothing is set aside"),
}  # fmt: skip


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Every rule by kind, in the order in which they are asked, and the sources that stock depends on."""
    with ask.app.db.read() as tx:
        rules = view.rules(tx)
        context = {
            "groups": {kind: [each for each in rules if each.terms.kind is kind] for kind in KINDS},
            "kinds": KINDS,
            "scope_words": scope_words,
            "value_words": value_words,
            "sources": sources.sources(tx),
            "locations": network.locations(tx),
            "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
        }
    return page.render(ask, "availability_rules/rules.html", context, toast=toast, status=status)


def value_words(terms: Terms) -> str:
    """The value as people say it: 3 pieces, does not ship."""
    words = KINDS[terms.kind]
    if words.yes:
        return words.yes if terms.value else words.no
    return f"{terms.value} {'piece' if terms.value == 1 else 'pieces'}"


def scope_words(terms: Terms) -> list[str]:
    """What a rule speaks of: goods, places and channels, each in words."""
    scope = terms.scope
    named = ((scope.skus, "SKU"), (scope.styles, "style"), (scope.categories, "category"))
    goods = [f"{word} {', '.join(_some(names))}" for names, word in named if names]
    places = [*_some(scope.locations), *(each.replace("_", " ") + "s" for each in scope.location_kinds)]
    words = ["; ".join(goods) or "every SKU"]
    if terms.kind in NODE_KINDS:
        words.append(", ".join(places) or "every location")
    if terms.kind is RuleKind.POOL:
        words.append(f"for {terms.audience}")
    else:
        words.append(", ".join(scope.channels) or "every channel")
    return words


def _some(names: tuple[str, ...], most: int = 4) -> list[str]:
    more = len(names) - most
    return [*names[:most], f"{more} more"] if more > 0 else list(names)


def new(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """A rule to write."""
    return _form(ask, None, toast, status)


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """A rule to change."""
    with ask.app.db.read() as tx:
        found = view.rule(tx, rule_id=ask.number("rule_id"))
    return _form(ask, found, toast, status)


def _form(
    ask: Ask, rule: Rule | None, toast: Toast | None, status: int, effect: Effect | None = None
) -> Response:
    kind = _kind(ask, rule)
    with ask.app.db.read() as tx:
        context = {**_choices(tx), "rule": rule, "kind": kind, "words": KINDS[kind]}
    written = bool(ask.form) and (effect is not None or status != 200)  # noqa: PLR2004 - what went well is stored
    context |= {
        "form": ask.form if written else _fields(rule),
        "effect": effect,
        "is_node": kind in NODE_KINDS,
        "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
        "value_words": value_words,
        "scope_words": scope_words,
        "effect_words": effect_words,
    }
    return page.render(ask, "availability_rules/rule.html", context, toast=toast, status=status)


def _kind(ask: Ask, rule: Rule | None) -> RuleKind:
    if rule is not None:
        return rule.terms.kind
    wanted = ask.form.get("kind") or ask.query("kind") or RuleKind.SAFETY_STOCK.value
    if wanted not in set(RuleKind):
        raise errors.NotFound(f"There is no kind of rule {wanted!r}.")
    return RuleKind(wanted)


def _choices(tx: ReadTx) -> dict[str, object]:
    """What a rule may name, each as (value, words)."""
    places = [each for each in network.locations(tx).values() if each.active]
    channels = [each for each in connections.all_connections(tx) if each.kind == Kind.CHANNELS]
    return {
        "categories": [(each, each) for each in view.names(tx).categories],
        "locations": [(each.code, each.name) for each in places],
        "location_kinds": [(each.value, each.value.replace("_", " ") + "s") for each in LocationKind],
        "channels": [(each.key, each.name) for each in channels],
    }


def _fields(rule: Rule | None) -> dict[str, str]:
    """A stored rule as the form's fields."""
    if rule is None:
        return {"precedence": "100", "active": "yes"}
    terms, scope = rule.terms, rule.terms.scope
    ticked = [
        *(f"category-{each}" for each in scope.categories),
        *(f"location-{each}" for each in scope.locations),
        *(f"location_kind-{each}" for each in scope.location_kinds),
        *(f"channel-{each}" for each in scope.channels),
    ]
    return {
        "name": terms.name,
        "value": str(terms.value),
        "skus": ", ".join(scope.skus),
        "styles": ", ".join(scope.styles),
        "audience": terms.audience,
        "precedence": str(terms.precedence),
        "active": "yes" if terms.active else "",
        **dict.fromkeys(ticked, "yes"),
    }


def _change(ask: Ask, rule_id: int | None) -> Change:
    """What was written, in the domain's words; raises Invalid."""
    form = ask.form
    kind = RuleKind(form.get("kind", "")) if form.get("kind") in set(RuleKind) else RuleKind.SAFETY_STOCK
    value, precedence = ask.whole("value"), ask.whole("precedence")
    if value is None:
        raise errors.Invalid("Say how many pieces, or choose one of the two.", field="value")
    scope = Scope(
        skus=_listed(form.get("skus", "")),
        styles=_listed(form.get("styles", ""), spaces=False),
        categories=_ticked(form, "category"),
        locations=_ticked(form, "location"),
        location_kinds=_ticked(form, "location_kind"),
        channels=_ticked(form, "channel"),
    )
    terms = Terms(
        kind,
        form.get("name", "").strip(),
        value,
        scope,
        form.get("audience", "").strip(),
        100 if precedence is None else precedence,
        active=form.get("active") == "yes",
    )
    return Change(terms, form.get("reason", "").strip(), rule_id, ask.whole("version"))


def _listed(text: str, *, spaces: bool = True) -> tuple[str, ...]:
    """Names from a field: separated by commas or lines, SKUs by spaces too."""
    parts = re.split(r"[,;\s]+" if spaces else r"[,;\n]+", text)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _ticked(form: Mapping[str, str], prefix: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(f"{prefix}-") for name in form if name.startswith(f"{prefix}-"))


def create(ask: Ask) -> Response:
    """Try a new rule, or save it."""
    return _write(ask, None)


def change(ask: Ask) -> Response:
    """Try another version of a rule, or save it."""
    return _write(ask, ask.number("rule_id"))


def _write(ask: Ask, rule_id: int | None) -> Response:
    if ask.form.get("do") == "try":
        return _try(ask, rule_id)

    def verb(tx: WriteTx) -> str:
        rule, effect = verbs.put(tx, change=_change(ask, rule_id), at=ask.now)
        return f"{rule.terms.name} changed {effect_words(effect)}."

    def after(ask: Ask, toast: Toast | None, status: int) -> Response:
        if toast is not None and toast.meaning == "danger":
            return one(ask, toast, status) if rule_id is not None else new(ask, toast, status)
        response = show(ask, toast, status)
        response.headers["HX-Push-Url"] = BACK
        return response

    return page.act(ask, verb, show=after, back=BACK)


def _try(ask: Ask, rule_id: int | None) -> Response:
    """What it would change; nothing is changed."""
    rule = None
    try:
        with ask.app.db.write(actor=ask.principal.actor, trace_id=ask.trace_id) as tx:
            rule = None if rule_id is None else view.rule(tx, rule_id=rule_id)
            effect = verbs.preview(tx, change=_change(ask, rule_id), at=ask.now)
    except errors.DoorstepError as problem:
        return _form(ask, rule, Toast(problem.message, "danger"), page.status_of(problem))
    return _form(ask, rule, None, 200, effect)


def effect_words(effect: Effect) -> str:
    """12 SKU × location; nothing."""
    counts = (
        (effect.positions, "SKU × location"),
        (effect.thresholds, "SKUs in a channel"),
        (effect.pools, "SKUs in a pool"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing"


def switch(ask: Ask) -> Response:
    """Switch a rule on or off."""

    def verb(tx: WriteTx) -> str:
        active = ask.form.get("active") == "yes"
        rule, effect = verbs.switch(
            tx,
            rule_id=ask.number("rule_id"),
            active=active,
            reason=ask.form.get("reason", "").strip(),
            at=ask.now,
        )
        return f"{rule.terms.name} is {'on' if active else 'off'} and changed {effect_words(effect)}."

    return page.act(ask, verb, show=show, back=BACK)


def put_source(ask: Ask) -> Response:
    """Let a location's stock depend on a source."""

    def verb(tx: WriteTx) -> str:
        location_id, minutes = ask.whole("location_id"), ask.whole("minutes")
        if location_id is None or minutes is None:
            raise errors.Invalid("Choose a location, and after how many minutes of silence we do not know.")
        place = network.location(tx, location_id=location_id)
        source = StockSource(place.id, ask.form.get("name", "").strip(), minutes * 60)
        freshness.put_sources(tx, sources=[source])
        return f"{place.name}: its stock is known while {source.name} speaks."

    return page.act(ask, verb, show=show, back=BACK)


def forget_source(ask: Ask) -> Response:
    """A location's stock does not depend on a source any more."""

    def verb(tx: WriteTx) -> str:
        location_id = ask.whole("location_id")
        if location_id is None:
            raise errors.Invalid("Choose a source.")
        freshness.remove_source(tx, location_id=location_id, name=ask.form.get("name", ""))
        return "Its location's stock is counted by us alone now."

    return page.act(ask, verb, show=show, back=BACK)


ROUTES: Routes = (
    Read("/atp-rules", show, Permission.INVENTORY_READ),
    Read("/atp-rules/new", new, Permission.INVENTORY_WRITE),
    Read("/atp-rules/{rule_id:int}", one, Permission.INVENTORY_READ),
    Verb("/atp-rules/new/save", create, Permission.INVENTORY_WRITE),
    Verb("/atp-rules/{rule_id:int}/save", change, Permission.INVENTORY_WRITE),
    Verb("/atp-rules/{rule_id:int}/switch", switch, Permission.INVENTORY_WRITE),
    Verb("/atp-rules/put-source", put_source, Permission.INVENTORY_WRITE),
    Verb("/atp-rules/forget-source", forget_source, Permission.INVENTORY_WRITE),
)
