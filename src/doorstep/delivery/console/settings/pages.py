"""Settings: users and API keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import Response

from doorstep.delivery.console import badges, cells, lists, navigation, page
from doorstep.delivery.console.cells import At, Cell, Status, Text
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice, Sortable
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.delivery.console.settings import forms
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity import views as view
from doorstep.domain.identity.actions import NewKey, NewUser
from doorstep.domain.identity.model import Permission, Role
from doorstep.domain.identity.views import ApiKey, User
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural
from doorstep.kernel.ids import LocationId, UserId

BACK = f"{ROOT}/settings"


def show(req: PageRequest, toast: Toast | None = None, status: int = 200, new_key: str = "") -> Response:
    """Users and keys, or one of the lists as CSV; a new key is shown this once."""
    with req.app.db.read() as tx:
        locations = network.locations(tx)
        people, programs = user_list(locations), key_list(locations)
        if people.wants_csv(req):
            return people.csv(req)
        if programs.wants_csv(req):
            return programs.csv(req)
        users, keys = people.load(req, tx), programs.load(req, tx)
    context = {
        "users": users,
        "keys": keys,
        "locations": locations,
        "role_options": [
            (role.value, f"{_(word)}: {_(meaning)}") for role, (word, meaning) in navigation.ROLES.items()
        ],
        "new_key": new_key,
    }
    return page.render(req, "settings/settings.html", context, toast=toast, status=status)


def user_list(locations: Mapping[int, Location]) -> ListPage[User]:
    """Who may sign in."""
    keys: Mapping[str, Callable[[User], Sortable]] = {
        "name": lambda row: row.name.casefold(),
        "email": lambda row: row.email,
        "role": lambda row: row.role.value,
        "active": lambda row: row.active,
        "created_at": lambda row: row.created_at,
    }

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[User]:
        return lists.whole(view.users(tx), query, keys)

    return ListPage(
        path="/settings",
        name="users",
        columns=(
            Column(_m("Name"), lambda row: Text(row.name, "strong"), "s1", "name"),
            Column(_m("E-mail"), lambda row: Text(row.email), "s2", "email"),
            Column(_m("Role"), lambda row: _role(row.role), "s3", "role"),
            Column(_m("Location"), lambda row: _location(locations, row.location_id), "s4"),
            Column(_m("Status"), lambda row: _access("active" if row.active else "inactive"), "s5", "active"),
            Column(_m("Since"), lambda row: At(row.created_at), "s6", "created_at"),
        ),
        fetch=fetch,
        noun=plural("{n} user", "{n} users"),
    )


def key_list(locations: Mapping[int, Location]) -> ListPage[ApiKey]:
    """Keys of programs, the revoked ones too."""
    keys: Mapping[str, Callable[[ApiKey], Sortable]] = {
        "name": lambda row: row.name.casefold(),
        "role": lambda row: row.role.value,
        "revoked": lambda row: row.revoked_at is not None,
        "created_at": lambda row: row.created_at,
    }

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[ApiKey]:
        return lists.whole(view.api_keys(tx), query, keys)

    return ListPage(
        path="/settings",
        name="keys",
        columns=(
            Column(_m("Name"), lambda row: Text(row.name, "strong"), "s1", "name"),
            Column(_m("Begins with"), lambda row: Text(f"{row.prefix}…", "code"), "s2"),
            Column(_m("Role"), lambda row: _role(row.role), "s3", "role"),
            Column(_m("Location"), lambda row: _location(locations, row.location_id), "s4"),
            Column(
                _m("Status"), lambda row: _access("revoked" if row.revoked_at else "active"), "s5", "revoked"
            ),
            Column(_m("Created"), lambda row: At(row.created_at), "s6", "created_at"),
        ),
        fetch=fetch,
        noun=plural("{n} API key", "{n} API keys"),
    )


def _role(role: Role) -> Cell:
    return Text(_(navigation.ROLES[role][0]))


def _location(locations: Mapping[int, Location], location_id: LocationId | None) -> Cell:
    return Text(locations[location_id].name) if location_id else cells.NONE


def _access(state: str) -> Cell:
    return Status(badges.badge("access", state))


def add_user(req: PageRequest) -> Response:
    """Add a user."""

    def verb(tx: WriteTx) -> str:
        form = forms.User.of(req.form)
        user = NewUser(form.email, form.name, form.role, form.bound_to)
        identity.create_user(tx, user=user, password=form.password, now=req.now)
        return _("{name} can sign in now.").format(name=user.name)

    return page.act(req, verb, show=show, back=BACK)


def set_password(req: PageRequest) -> Response:
    """Set a new password for a user."""

    def verb(tx: WriteTx) -> str:
        form = forms.Password.of(req.form)
        identity.set_password(tx, user_id=UserId(req.number("user_id")), password=form.password)
        return _("The password is changed. Older sessions are signed out.")

    return page.act(req, verb, show=show, back=BACK)


def set_active(req: PageRequest) -> Response:
    """Deactivate or activate a user."""

    def verb(tx: WriteTx) -> str:
        user_id, active = UserId(req.number("user_id")), req.form.get("active") == "yes"
        if req.principal.actor == f"user:{user_id}":
            raise errors.Refused(_("You cannot deactivate yourself. Ask another administrator."))
        identity.set_active(tx, user_id=user_id, active=active)
        return _("The user is active again.") if active else _("The user is deactivated and signed out.")

    return page.act(req, verb, show=show, back=BACK)


def add_key(req: PageRequest) -> Response:
    """Create an API key. It is never in an address or a cookie: this answer alone shows it."""
    try:
        form = forms.Access.of(req.form)
        key = NewKey(form.name, form.role, form.bound_to)
        token = req.app.db.transact(
            lambda tx: identity.create_api_key(tx, key=key, now=req.now),
            actor=req.principal.actor,
            trace_id=req.trace_id,
        )
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=show)
    return show(req, Toast(_("The key is created. Copy it now.")), new_key=token)


def revoke_key(req: PageRequest) -> Response:
    """Revoke an API key."""

    def verb(tx: WriteTx) -> str:
        identity.revoke_api_key(tx, key_id=req.number("key_id"), now=req.now)
        return _("The key is revoked.")

    return page.act(req, verb, show=show, back=BACK)


ROUTES: Routes = (
    Read("/settings", show, Permission.USERS_WRITE),
    Verb("/settings/users", add_user, Permission.USERS_WRITE),
    Verb("/settings/users/{user_id:int}/password", set_password, Permission.USERS_WRITE),
    Verb("/settings/users/{user_id:int}/active", set_active, Permission.USERS_WRITE),
    Verb("/settings/keys", add_key, Permission.USERS_WRITE),
    Verb("/settings/keys/{key_id:int}/revoke", revoke_key, Permission.USERS_WRITE),
)
