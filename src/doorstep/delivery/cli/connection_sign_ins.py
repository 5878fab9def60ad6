"""`doorstep connections connect|sign-in`: the link to a vendor's sign-in page, and how a connection is signed in."""

from __future__ import annotations

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.connections.model import SignInState, Standing
from doorstep.flows.connection_sign_ins import start

_STANDINGS = {
    Standing.CONNECTED: "connected",
    Standing.SETTINGS: "a token from the settings is used",
    Standing.NEVER: "not connected yet",
    Standing.ENDED: "ended: connect again",
}


def connect(key: str) -> None:
    """Print the vendor's sign-in page of a connection. Open it within ten minutes, in a browser that is signed in to the console."""
    with opened() as app:
        connection = app.registry.by_key(key)
        address, until = app.db.transact(
            lambda tx: start.start(app.context, tx, connection=connection, session_digest=None, by="cli"),
            actor="cli",
        )
    out.print(f"Until {until:%H:%M} UTC, once:")
    out.print(address, soft_wrap=True)


def sign_in(key: str) -> None:
    """Show how a connection is signed in at its vendor, and the redirect address to register there."""
    with opened() as app:
        connection = app.registry.by_key(key)
        way = start.way_of(app.context, connection)
        with app.db.read() as tx:
            found = start.states(app.context, tx, connections=[connection])[connection.id]
        redirect_uri = start.redirect_uri(app.context)
    for name, value in [
        *_lines(found),
        ("to set first", ", ".join(way.declared.missing(way.settings))),
        ("redirect address", redirect_uri),
    ]:
        if value:
            out.print(f"{name}: {value}", soft_wrap=True)


def _lines(found: SignInState) -> list[tuple[str, str]]:
    return [
        ("sign-in", _STANDINGS[found.standing]),
        ("problem", found.error),
        (
            "connected",
            f"{found.connected_at:%Y-%m-%d %H:%M} UTC by {found.connected_by}" if found.connected_at else "",
        ),
        ("account", found.account),
        ("scopes", found.scopes),
        ("connect again by", f"{found.ends_at:%Y-%m-%d}" if found.ends_at else ""),
    ]
