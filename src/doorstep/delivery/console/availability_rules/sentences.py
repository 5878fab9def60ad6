"""Availability rules in words: kinds, values, scope and effects."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.delivery.console.labels import ALL_OF_KIND
from doorstep.domain.inventory.actions.rules import Effect
from doorstep.domain.inventory.model.rules import NODE_KINDS, RuleKind, Terms
from doorstep.kernel.i18n import counted
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m


@dataclass(frozen=True, slots=True)
class KindWords:
    """A kind of rule: its name and meaning, what applies without one, and its two values if it is yes or no."""

    title: str
    meaning: str
    without: str
    yes: str = ""
    no: str = ""


KINDS = {
    RuleKind.SAFETY_STOCK: KindWords(
        _m("Safety stock"),
        _m("Units that stay at a location and are not sold."),
        _m("No rule: locations sell to the last unit."),
    ),
    RuleKind.THRESHOLD: KindWords(
        _m("Threshold"),
        _m("Units of the whole network that a channel does not sell."),
        _m("No rule: channels sell to the last unit."),
    ),
    RuleKind.ALLOW_SHIP: KindWords(
        _m("Shipping"),
        _m("Whether a location ships parcels."),
        _m("No rule: every location that ships, ships everything."),
        _m("ships"),
        _m("does not ship"),
    ),
    RuleKind.ALLOW_PICKUP: KindWords(
        _m("Pickup"),
        _m("Whether customers collect orders at a location."),
        _m("No rule: customers collect at stores and dark stores."),
        _m("pickup"),
        _m("no pickup"),
    ),
    RuleKind.EXCLUDE: KindWords(
        _m("Exclusion"),
        _m("A location that a channel cannot use."),
        _m("No rule: every channel can use every location."),
        _m("excluded"),
        _m("not excluded"),
    ),
    RuleKind.POOL: KindWords(
        _m("Pool"),
        _m("Units reserved for a channel or a customer group."),
        _m("No rule: no units are reserved."),
    ),
}


def value_words(terms: Terms) -> str:
    """The value in words: 3 units, does not ship."""
    words = KINDS[terms.kind]
    if words.yes:
        return _(words.yes if terms.value else words.no)
    return counted(terms.value, "{n} unit", "{n} units")


def scope_words(terms: Terms) -> list[str]:
    """What a rule applies to: items, locations and channels, each in words."""
    scope = terms.scope
    named = ((scope.skus, _("SKU")), (scope.styles, _("style")), (scope.categories, _("category")))
    items = [f"{word} {', '.join(_some(names))}" for names, word in named if names]
    locations = [*_some(scope.locations), *(_(ALL_OF_KIND.get(each, each)) for each in scope.location_kinds)]
    words = ["; ".join(items) or _("every SKU")]
    if terms.kind in NODE_KINDS:
        words.append(", ".join(locations) or _("every location"))
    if terms.kind is RuleKind.POOL:
        words.append(_("for {audience}").format(audience=audience_words(terms.audience)))
    else:
        words.append(", ".join(scope.channels) or _("every channel"))
    return words


def audience_words(audience: str) -> str:
    """A pool's audience: a channel's key, or a customer group."""
    kind, _colon, name = audience.partition(":")
    return _("{group} customers").format(group=name.upper()) if kind == "group" and name else audience


def _some(names: tuple[str, ...], most: int = 4) -> list[str]:
    more = len(names) - most
    return [*names[:most], _("{n} more").format(n=more)] if more > 0 else list(names)


def effect_words(effect: Effect) -> str:
    """How much a change affects: 12 SKUs at locations; nothing."""
    parts = [
        counted(effect.positions, "{n} SKU at a location", "{n} SKUs at locations")
        if effect.positions
        else "",
        counted(effect.thresholds, "{n} SKU in a channel", "{n} SKUs in channels")
        if effect.thresholds
        else "",
        counted(effect.pools, "{n} SKU in a pool", "{n} SKUs in pools") if effect.pools else "",
    ]
    return ", ".join(part for part in parts if part) or _("nothing")
