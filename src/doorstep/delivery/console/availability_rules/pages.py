"""Availability rules: list, editor with a preview, and the stock sources that availability depends on."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.availability_rules import forms, lists
from doorstep.delivery.console.availability_rules.sentences import (
    KINDS,
    effect_words,
    scope_words,
    value_words,
)
from doorstep.delivery.console.forms import FormState
from doorstep.delivery.console.labels import ALL_OF_KIND
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import freshness
from doorstep.domain.inventory.actions import rules as verbs
from doorstep.domain.inventory.actions.rules import Effect
from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.model.rules import NODE_KINDS, Rule, RuleKind
from doorstep.domain.inventory.views import rules as view
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _

BACK = f"{ROOT}/availability-rules"


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Every rule by kind, in order of precedence, and the stock sources; or one of the lists as CSV."""
    with req.app.db.read() as tx:
        locations = network.locations(tx)
        groups, sources = (
            {kind: lists.rule_list(kind) for kind in KINDS},
            lists.source_list(locations, req.now),
        )
        wanted = [each for each in groups.values() if each.wants_csv(req)]
        if wanted:
            return wanted[0].csv(req)
        if sources.wants_csv(req):
            return sources.csv(req)
        context = {
            "groups": {kind: each.load(req, tx) for kind, each in groups.items()},
            "kinds": KINDS,
            "sources": sources.load(req, tx),
            "locations": locations,
            "may_write": req.principal.can(Permission.INVENTORY_WRITE),
        }
    return page.render(req, "availability_rules/rules.html", context, toast=toast, status=status)


def new(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """A new rule."""
    return _editor(req, None, toast, status)


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One rule."""
    with req.app.db.read() as tx:
        found = view.rule(tx, rule_id=req.number("rule_id"))
    return _editor(req, found, toast, status)


def _editor(
    req: PageRequest, rule: Rule | None, toast: Toast | None, status: int, effect: Effect | None = None
) -> Response:
    kind = _kind(req, rule)
    action = f"{BACK}/{rule.id}/save" if rule else f"{BACK}/new/save"
    with req.app.db.read() as tx:
        choices = _choices(tx)
    context = {
        **choices,
        "rule": rule,
        "kind": kind,
        "words": KINDS[kind],
        "action": action,
        "form": _filled(req, action, rule),
        "effect": effect,
        "is_node": kind in NODE_KINDS,
        "may_write": req.principal.can(Permission.INVENTORY_WRITE),
        "value_words": value_words,
        "scope_words": scope_words,
        "effect_words": effect_words,
    }
    return page.render(req, "availability_rules/rule.html", context, toast=toast, status=status)


def _filled(req: PageRequest, action: str, rule: Rule | None) -> FormState:
    """The form as it was sent, else as the rule is stored."""
    sent = req.form_state(action)
    return sent if sent.is_failed else FormState(action, forms.fields_of(rule), is_failed=True)


def _kind(req: PageRequest, rule: Rule | None) -> RuleKind:
    if rule is not None:
        return rule.terms.kind
    wanted = req.form.get("kind") or req.query("kind") or RuleKind.SAFETY_STOCK.value
    if wanted not in set(RuleKind):
        raise errors.NotFound(_("There is no rule type {kind}.").format(kind=wanted))
    return RuleKind(wanted)


def _choices(tx: ReadTx) -> dict[str, object]:
    """What a rule may name, each as value and words."""
    locations = [each for each in network.locations(tx).values() if each.active]
    channels = [each for each in connections.all_connections(tx) if each.kind == Kind.CHANNELS]
    return {
        "categories": [(each, each) for each in view.names(tx).categories],
        "locations": [(each.code, each.name) for each in locations],
        "location_kinds": [(each, _(word)) for each, word in ALL_OF_KIND.items()],
        "channels": [(each.key, each.name) for each in channels],
    }


def create(req: PageRequest) -> Response:
    """Preview a new rule, or save it."""
    return _write(req, None)


def change(req: PageRequest) -> Response:
    """Preview a change of a rule, or save it."""
    return _write(req, req.number("rule_id"))


def _write(req: PageRequest, rule_id: int | None) -> Response:
    if req.form.get("do") == "try":
        return _preview(req, rule_id)

    def verb(tx: WriteTx) -> str:
        rule, effect = verbs.put(tx, change=forms.change_of(req.form, rule_id), at=req.now)
        return _("{rule} is saved. Changed: {effect}.").format(
            rule=rule.terms.name, effect=effect_words(effect)
        )

    def after(req: PageRequest, toast: Toast | None, status: int) -> Response:
        if req.refused is not None:
            return one(req, toast, status) if rule_id is not None else new(req, toast, status)
        response = show(req, toast, status)
        response.headers["HX-Push-Url"] = BACK
        return response

    return page.act(req, verb, show=after, back=BACK)


def _preview(req: PageRequest, rule_id: int | None) -> Response:
    """What the rule would change; nothing is saved."""
    try:
        change = forms.change_of(req.form, rule_id)
        rule, effect = req.app.db.transact(
            lambda tx: (
                None if rule_id is None else view.rule(tx, rule_id=rule_id),
                verbs.preview(tx, change=change, at=req.now),
            ),
            actor=req.principal.actor,
            trace_id=req.trace_id,
        )
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=one if rule_id is not None else new)
    return _editor(page.keeping(req), rule, None, 200, effect)


def switch(req: PageRequest) -> Response:
    """Turn a rule on or off."""

    def verb(tx: WriteTx) -> str:
        form = forms.Switch.of(req.form)
        active = form.active == "yes"
        rule, effect = verbs.set_active(
            tx, rule_id=req.number("rule_id"), active=active, reason=form.reason, at=req.now
        )
        done = _("{rule} is on. Changed: {effect}.") if active else _("{rule} is off. Changed: {effect}.")
        return done.format(rule=rule.terms.name, effect=effect_words(effect))

    def after(req: PageRequest, toast: Toast | None, status: int) -> Response:
        return show(req, toast, status) if req.refused is None else one(req, toast, status)

    return page.act(req, verb, show=after, back=BACK)


def put_source(req: PageRequest) -> Response:
    """Make the stock of a location depend on a source."""

    def verb(tx: WriteTx) -> str:
        form = forms.Source.of(req.form)
        location = network.location(tx, location_id=form.location_id)
        freshness.put_sources(tx, sources=[StockSource(location.id, form.name, form.minutes * 60)])
        return _("Stock of {place} now depends on {source}.").format(place=location.name, source=form.name)

    return page.act(req, verb, show=show, back=BACK)


def remove_source(req: PageRequest) -> Response:
    """Remove a source from a location."""

    def verb(tx: WriteTx) -> str:
        form = forms.SourceName.of(req.form)
        freshness.remove_source(tx, location_id=form.location_id, name=form.name)
        return _("Doorstep is now the only stock source for this location.")

    return page.act(req, verb, show=show, back=BACK)


ROUTES: Routes = (
    Read("/availability-rules", show, Permission.INVENTORY_READ),
    Read("/availability-rules/new", new, Permission.INVENTORY_WRITE),
    Read("/availability-rules/{rule_id:int}", one, Permission.INVENTORY_READ),
    Verb("/availability-rules/new/save", create, Permission.INVENTORY_WRITE),
    Verb("/availability-rules/{rule_id:int}/save", change, Permission.INVENTORY_WRITE),
    Verb("/availability-rules/{rule_id:int}/switch", switch, Permission.INVENTORY_WRITE),
    Verb("/availability-rules/put-source", put_source, Permission.INVENTORY_WRITE),
    Verb("/availability-rules/remove-source", remove_source, Permission.INVENTORY_WRITE),
)
