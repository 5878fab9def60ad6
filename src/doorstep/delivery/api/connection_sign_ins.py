"""Sign-ins at vendors: the link that a person opens, and how a connection is signed in."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.domain.connections.model import Standing
from doorstep.domain.identity.model import Permission
from doorstep.flows.connection_sign_ins import start
from doorstep.kernel.db import WriteTx

router = APIRouter(tags=["Connections"])


class SignInStanding(BaseModel):
    """How a connection is signed in.

    `connected`: somebody signed in. `settings`: a token from the settings is used. `never`: nobody has signed in yet.
    `ended`: the vendor no longer accepts it, and `error` says why; somebody must connect again.
    """

    standing: Standing
    connected_at: datetime | None
    connected_by: str = Field(description="The actor, as in user:7.")
    account: str = Field(description="What the vendor calls the account.")
    scopes: str
    expires_at: datetime | None = Field(description="When the access token ends; it is renewed by itself.")
    ends_at: datetime | None = Field(
        description="When somebody must have connected again, where the vendor says so."
    )
    error: str
    redirect_uri: str = Field(description="The address to register at the application, exactly as it is.")
    missing: list[str] = Field(description="Settings that must be set before somebody can sign in.")


class SignInLink(BaseModel):
    """The vendor's page for a person whose browser is signed in to the console, once, until `expires_at`."""

    address: str
    expires_at: datetime
    redirect_uri: str


@router.get("/connections/{key}/sign-in")
def get_connection_sign_in(calling: Calling, key: str) -> SignInStanding:
    """Show how a connection is signed in at its vendor. Refused where nobody signs in."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    context = calling.app.context
    connection = calling.app.registry.by_key(key)
    way = start.way_of(context, connection)
    found = calling.read(lambda tx: start.states(context, tx, connections=[connection]))[connection.id]
    return SignInStanding(
        standing=found.standing,
        connected_at=found.connected_at,
        connected_by=found.connected_by,
        account=found.account,
        scopes=found.scopes,
        expires_at=found.expires_at,
        ends_at=found.ends_at,
        error=found.error,
        redirect_uri=start.redirect_uri(context),
        missing=way.declared.missing(way.settings),
    )


@router.post("/connections/{key}/sign-in")
def start_connection_sign_in(calling: Calling, key: str) -> SignInLink:
    """Give a link to the vendor's page. A person opens it in a browser that is signed in to the console with the same permission."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)
    context = calling.app.context
    connection = calling.app.registry.by_key(key)

    def work(tx: WriteTx) -> SignInLink:
        address, until = start.start(
            context, tx, connection=connection, session_digest=None, by=calling.principal.actor
        )
        return SignInLink(address=address, expires_at=until, redirect_uri=start.redirect_uri(context))

    return calling.write(work)
