"""Connections: which accounts there are, in which mode, and how they fare."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import Ask
from doorstep.delivery.console.routes import Read, Routes
from doorstep.domain.analytics.views import health
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network


def show(ask: Ask) -> Response:
    """Every connection."""
    with ask.app.db.read() as tx:
        rows, outages = health.connections(tx, now=ask.now), network.outages(tx, at=ask.now)
    return page.render(ask, "connections/connections.html", {"rows": rows, "outages": outages})


ROUTES: Routes = (Read("/connections", show, Permission.CONNECTIONS_READ),)
