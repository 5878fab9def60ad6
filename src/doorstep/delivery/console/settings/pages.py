"""Settings: people and API keys."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity import views as view
from doorstep.domain.identity.actions import NewKey, NewUser
from doorstep.domain.identity.model import Permission, Role
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, UserId

ROLES = {
    Role.ADMINISTRATOR: ("Administrator", "everything, people and keys too"),
    Role.OPERATIONS: ("Operations", "orders, stock, returns and dead letters everywhere"),
    Role.LOCATION_STAFF: ("Location staff", "the work and returns of one location"),
    Role.READ_ONLY: ("Read only", "looks, changes nothing"),
}
BACK = f"{ROOT}/settings"


def show(ask: Ask, toast: Toast | None = None, status: int = 200, new_key: str = "") -> Response:
    """People and keys; a new key is shown this once."""
    with ask.app.db.read() as tx:
        context = {
            "users": view.users(tx),
            "keys": view.api_keys(tx),
            "locations": network.locations(tx),
        }
    form = {key: value for key, value in ask.form.items() if key != "password"}
    kept = form if toast is not None and toast.meaning == "danger" else {}
    context = {**context, "roles": ROLES, "new_key": new_key, "form": kept}
    return page.render(ask, "settings/settings.html", context, toast=toast, status=status)


def _role(ask: Ask) -> tuple[Role, LocationId | None]:
    role = ask.form.get("role", "")
    if role not in set(Role):
        raise errors.Invalid("Choose a role.", field="role")
    location_id = ask.whole("location_id")
    bound = Role(role) is Role.LOCATION_STAFF and location_id is not None
    return Role(role), LocationId(location_id) if bound and location_id is not None else None


def add_user(ask: Ask) -> Response:
    """Let somebody in."""

    def verb(tx: WriteTx) -> str:
        role, location_id = _role(ask)
        user = NewUser(ask.form.get("email", "").strip(), ask.form.get("name", "").strip(), role, location_id)
        identity.create_user(tx, user=user, password=ask.form.get("password", ""), now=ask.now)
        return f"{user.name} may sign in now."

    return page.act(ask, verb, show=show, back=BACK)


def set_password(ask: Ask) -> Response:
    """A new password for somebody."""

    def verb(tx: WriteTx) -> str:
        identity.set_password(
            tx, user_id=UserId(ask.number("user_id")), password=ask.form.get("password", "")
        )
        return "The password is changed; older sessions are signed out."

    return page.act(ask, verb, show=show, back=BACK)


def set_active(ask: Ask) -> Response:
    """Keep somebody out, or let somebody in again."""

    def verb(tx: WriteTx) -> str:
        user_id, active = UserId(ask.number("user_id")), ask.form.get("active") == "yes"
        if ask.principal.actor == f"user:{user_id}":
            raise errors.Refused("Ask another administrator: you cannot lock yourself out.")
        identity.set_active(tx, user_id=user_id, active=active)
        return "This person may sign in again." if active else "This person is signed out and kept out."

    return page.act(ask, verb, show=show, back=BACK)


def add_key(ask: Ask) -> Response:
    """Make an API key. It is never in an address or a cookie: this answer alone shows it."""
    try:
        with ask.app.db.write(actor=ask.principal.actor, trace_id=ask.trace_id) as tx:
            role, location_id = _role(ask)
            key = NewKey(ask.form.get("name", "").strip(), role, location_id)
            token = identity.create_api_key(tx, key=key, now=ask.now)
    except errors.DoorstepError as problem:
        return show(ask, Toast(problem.message, "danger"), page.status_of(problem))
    return show(ask, Toast("The key is ready: copy it now."), new_key=token)


def revoke_key(ask: Ask) -> Response:
    """End an API key."""

    def verb(tx: WriteTx) -> str:
        identity.revoke_api_key(tx, key_id=ask.number("key_id"), now=ask.now)
        return "The key is worth nothing any more."

    return page.act(ask, verb, show=show, back=BACK)


ROUTES: Routes = (
    Read("/settings", show, Permission.USERS_WRITE),
    Verb("/settings/users", add_user, Permission.USERS_WRITE),
    Verb("/settings/users/{user_id:int}/password", set_password, Permission.USERS_WRITE),
    Verb("/settings/users/{user_id:int}/active", set_active, Permission.USERS_WRITE),
    Verb("/settings/keys", add_key, Permission.USERS_WRITE),
    Verb("/settings/keys/{key_id:int}/revoke", revoke_key, Permission.USERS_WRITE),
)
