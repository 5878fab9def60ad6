"""Connections to other systems, with mode and health."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.request import PageRequest
from doorstep.delivery.console.routes import Read, Routes
from doorstep.domain.analytics.views import health
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.kernel.i18n import mark as _m

KINDS = {
    "channels": _m("Channel"),
    "carriers": _m("Carrier"),
    "payments": _m("Payments"),
    "erp": _m("ERP"),
    "messengers": _m("Messages"),
}


def show(req: PageRequest) -> Response:
    """Every connection."""
    with req.app.db.read() as tx:
        rows, outages = health.connections(tx, now=req.now), network.outages(tx, at=req.now)
    return page.render(
        req, "connections/connections.html", {"rows": rows, "outages": outages, "kinds": KINDS}
    )


ROUTES: Routes = (Read("/connections", show, Permission.CONNECTIONS_READ),)
