"""The frame's own words: sections of the navigation, steps of an order, sentences of scripts."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.domain.identity.model import Permission, Role
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the navigation."""

    key: str
    label: str
    path: str
    icon: str
    permission: Permission
    on_phone: bool = False


RAIL = (
    Item("home", _m("Home"), "", "home", Permission.ORDERS_READ, on_phone=True),
    Item("orders", _m("Orders"), "/orders", "orders", Permission.ORDERS_READ, on_phone=True),
    Item("fulfillment", _m("Fulfillment"), "/fulfillment", "box", Permission.FULFILLMENT_READ, on_phone=True),
    Item("inventory", _m("Inventory"), "/inventory", "layers", Permission.INVENTORY_READ),
    Item("returns", _m("Returns"), "/returns", "return", Permission.RETURNS_READ, on_phone=True),
    Item("routing", _m("Routing"), "/routing", "route", Permission.RULES_READ),
    Item("connections", _m("Connections"), "/connections", "plug", Permission.CONNECTIONS_READ),
    Item("dead-letters", _m("Dead letters"), "/dead-letters", "letter", Permission.DEAD_LETTERS_READ),
    Item("settings", _m("Settings"), "/settings", "settings", Permission.USERS_WRITE),
)
ORDER_STEPS = (
    _m("Placed"),
    _m("Allocated"),
    _m("Picked"),
    _m("Packed"),
    _m("Shipped"),
    _m("Delivered"),
)
PICKUP_STEPS = (_m("Placed"), _m("Allocated"), _m("Picked"), _m("Ready for pickup"), _m("Collected"))

ROLES = {
    Role.ADMINISTRATOR: (_m("Administrator"), _m("everything, including users and keys")),
    Role.OPERATIONS: (_m("Operations"), _m("orders, stock, returns and dead letters of all locations")),
    Role.LOCATION_STAFF: (_m("Location staff"), _m("work and returns of one location")),
    Role.READ_ONLY: (_m("Read only"), _m("views everything, changes nothing")),
}


def script_words() -> dict[str, str]:
    """What scripts say."""
    return {
        "copied": _("Copied."),
        "live": _("Live"),
        "live_title": _("This page updates by itself."),
        "not_live": _("Not live"),
        "signed_out": _("You are signed out, or the server is restarting. Reload the page."),
        "unreachable": _("The server does not answer. Nothing was changed. Try again."),
    }
