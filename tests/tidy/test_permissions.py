"""Every operation of the API and every page declares its permission."""

from __future__ import annotations

from fastapi.routing import APIRoute

from doorstep.delivery.api import application
from doorstep.delivery.api.permissions import REQUIRED
from doorstep.delivery.console import app as console


def test_every_operation_has_its_permission_and_nothing_else_has() -> None:
    """An operation without an entry in delivery/api/permissions.py is refused to everybody."""
    names = {
        each.name
        for module in application._MODULES
        for each in module.router.routes
        if isinstance(each, APIRoute)
    }
    assert sorted(set(REQUIRED) ^ names) == []


def test_every_page_and_verb_has_its_permission() -> None:
    """All but those that every signed-in person needs."""
    open_to_all = {each.path for each in console.ROUTES if each.permission is None}
    assert open_to_all == {"/logout", "/pulse", "/components"}
