"""Keep the deliveries of calls that a connection in shadow mode did not make."""

from __future__ import annotations

from doorstep.bootstrap import App
from doorstep.kernel import http, jobs, log
from doorstep.kernel.jobs import Delivery

_log = log.get("worker")


def keep(app: App, delivery: Delivery, shadowed: http.Shadowed) -> None:
    """The call was not made: keep the delivery until a person sends or drops it. Raises LostLease."""
    would_send = {key: value for key, value in shadowed.data.items() if key != "connection"}
    _log.info("call not sent: the connection is in shadow mode", would_send=would_send)
    connection = str(shadowed.data.get("connection", ""))
    app.db.transact(
        lambda tx: jobs.keep_shadowed(tx, delivery, connection=connection, would_send=would_send),
        actor="system",
        trace_id=delivery.trace_id,
    )
