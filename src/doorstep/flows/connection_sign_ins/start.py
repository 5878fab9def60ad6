"""Send a person to the vendor's sign-in page, and say how a connection is signed in."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from doorstep.domain.connections.actions import sign_ins as actions
from doorstep.domain.connections.model import Connection, Mode, SignInState
from doorstep.domain.connections.model.sign_in import text_of
from doorstep.domain.connections.ports import BrowserSignIn
from doorstep.domain.connections.views import sign_ins as views
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx

CALLBACK = "/console/connect/callback"


def redirect_uri(context: Context) -> str:
    """The one address to which vendors send browsers back; it is registered at each vendor."""
    return f"{context.public_url}{CALLBACK}"


def way_of(context: Context, connection: Connection) -> BrowserSignIn:
    """How somebody signs in at the vendor of a connection. Raises Refused where nobody can."""
    found = context.partners.sign_in(connection.id)
    if found is None:
        raise errors.Refused(f"{connection.key} is not connected by signing in: set its credentials.")
    return found


def state(context: Context, tx: ReadTx, *, connection: Connection) -> SignInState | None:
    """How a connection is signed in; None where nobody signs in."""
    return states(context, tx, connections=[connection]).get(connection.id)


def states(context: Context, tx: ReadTx, *, connections: list[Connection]) -> dict[int, SignInState]:
    """How those connections are signed in that are connected by signing in."""
    rows = views.rows(tx)
    found: dict[int, SignInState] = {}
    for each in connections:
        way = context.partners.sign_in(each.id)
        if way is not None:
            instead = way.declared.instead
            has_token = bool(instead and text_of(way.settings, instead))
            found[each.id] = views.state(rows.get(each.id), has_token_in_settings=has_token)
    return found


def start(
    context: Context, tx: WriteTx, *, connection: Connection, session_digest: str | None, by: str
) -> tuple[str, datetime]:
    """The vendor's page, and until when it may be used. Only this console session can finish it (None: any session).

    Raises Refused with what is missing.
    """
    way = way_of(context, connection)
    if connection.mode is Mode.OFF:
        raise errors.Refused(f"{connection.key} is off: switch it to shadow or live first.")
    if missing := way.declared.missing(way.settings):
        raise errors.Refused(f"Set {', '.join(missing)} of {connection.key} first.", settings=missing)
    page, _parameters = way.declared.page(way.settings)
    if not _can_come_back(page, context.public_url):
        raise errors.Refused(
            "Vendors send browsers back to a public https address only: set DOORSTEP_PUBLIC_URL to the one of this installation."
        )
    now = context.clock.now()
    made, until = actions.start(
        tx, connection_id=connection.id, session_digest=session_digest, by=by, now=now
    )
    return way.address(state=made, redirect_uri=redirect_uri(context)), until


def _can_come_back(page: str, public_url: str) -> bool:
    """Whether the vendor will send browsers to us: by https, or from a vendor on this machine to this machine."""
    is_local = _is_this_machine(page) and _is_this_machine(public_url)
    return urlsplit(public_url).scheme == "https" or is_local


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
