"""Settings: users and API keys."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import navigation, page
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.delivery.console.settings import forms
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity import views as view
from doorstep.domain.identity.actions import NewKey, NewUser
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import UserId

BACK = f"{ROOT}/settings"


def show(req: PageRequest, toast: Toast | None = None, status: int = 200, new_key: str = "") -> Response:
    """Users and keys; a new key is shown this once."""
    with req.app.db.read() as tx:
        context = {
            "users": view.users(tx),
            "keys": view.api_keys(tx),
            "locations": network.locations(tx),
        }
    context = {
        **context,
        "role_options": [
            (role.value, f"{_(word)}: {_(meaning)}") for role, (word, meaning) in navigation.ROLES.items()
        ],
        "new_key": new_key,
    }
    return page.render(req, "settings/settings.html", context, toast=toast, status=status)


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
        with req.app.db.write(actor=req.principal.actor, trace_id=req.trace_id) as tx:
            key = NewKey(form.name, form.role, form.bound_to)
            token = identity.create_api_key(tx, key=key, now=req.now)
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
