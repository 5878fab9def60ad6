"""`doorstep users`: manage who may sign in."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out, styled
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity import views
from doorstep.domain.identity.model import Role
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx

commands = typer.Typer(help="Users and API keys.", no_args_is_help=True)


@commands.command("add")
def add(
    email: str,
    name: Annotated[str, typer.Option(help="The name that colleagues see.")],
    role: Annotated[Role, typer.Option(help="Role of the user.")] = Role.OPERATIONS,
    location: Annotated[str, typer.Option(help="Code of the user's location (location staff only).")] = "",
) -> None:
    """Add a user. The password is generated, shown once, and can be changed in the console."""
    password = secrets.token_urlsafe(12)
    with opened() as app:

        def work(tx: WriteTx) -> None:
            location_id = network.by_code(tx, code=location).id if location else None
            user = identity.NewUser(email=email, name=name, role=role, location_id=location_id)
            identity.create_user(tx, user=user, password=password, now=app.clock.now())

        app.db.transact(work, actor="cli")
    out.print(
        styled(
            "{email} can sign in with the password [bold]{password}[/bold]", email=email, password=password
        )
    )


@commands.command("reset-password")
def reset_password(email: str) -> None:
    """Give a user a new password, shown once. Sessions end, and wrong sign-ins no longer count."""
    password = secrets.token_urlsafe(12)
    with opened() as app:
        with app.db.read() as tx:
            found = [each for each in views.users(tx) if each.email.lower() == email.strip().lower()]
        if not found:
            raise errors.NotFound(f"There is no user {email}: see doorstep users list.")
        app.db.transact(
            lambda tx: identity.set_password(tx, user_id=found[0].id, password=password), actor="cli"
        )
    out.print(
        styled(
            "{email} can sign in with the password [bold]{password}[/bold]", email=email, password=password
        )
    )
    if not found[0].active:
        out.print("This user is deactivated: an administrator activates users in the console's settings.")


@commands.command("list")
def list_() -> None:
    """List every user who may sign in."""
    with opened() as app, app.db.read() as tx:
        people = views.users(tx)
    table = Table("e-mail", "name", "role", "active", box=None, pad_edge=False)
    for person in people:
        table.add_row(person.email, person.name, person.role, "yes" if person.active else "no")
    out.print(
        table
        if people
        else "No users yet: doorstep users add you@example.com --name 'You' --role administrator"
    )


@commands.command("add-key")
def add_key(
    name: str,
    role: Annotated[Role, typer.Option(help="The client's role.")] = Role.OPERATIONS,
    location: Annotated[str, typer.Option(help="Code of its location (location staff).")] = "",
) -> None:
    """Create an API key. It is shown once; only its digest is stored."""
    with opened() as app:

        def work(tx: WriteTx) -> str:
            location_id = network.by_code(tx, code=location).id if location else None
            new = identity.NewKey(name=name, role=role, location_id=location_id)
            return identity.create_api_key(tx, key=new, now=app.clock.now())

        key = app.db.transact(work, actor="cli")
    out.print(key)
