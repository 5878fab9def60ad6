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
    with opened() as app, app.db.write(actor="cli") as tx:
        location_id = network.by_code(tx, code=location).id if location else None
        user = identity.NewUser(email=email, name=name, role=role, location_id=location_id)
        identity.create_user(tx, user=user, password=password, now=app.clock.now())
    out.print(
        styled(
            "{email} can sign in with the password [bold]{password}[/bold]", email=email, password=password
        )
    )


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
    with opened() as app, app.db.write(actor="cli") as tx:
        location_id = network.by_code(tx, code=location).id if location else None
        key = identity.create_api_key(
            tx, key=identity.NewKey(name=name, role=role, location_id=location_id), now=app.clock.now()
        )
    out.print(key)
