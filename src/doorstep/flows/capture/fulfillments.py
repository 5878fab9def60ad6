"""Store the fulfillments that channels report, so that a connection in shadow mode can be compared with what others do."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import Incoming
from doorstep.flows.context import Context
from doorstep.kernel.db import WriteTx


def record(context: Context, tx: WriteTx, incoming: Sequence[Incoming]) -> None:
    """Store them while any connection is in shadow mode. Their orders are captured and locked."""
    found = [each for each in incoming if each.snapshot.fulfillments]
    if not found or not context.partners.has_shadow():
        return
    for each in found:
        known = order_views.by_external_id(
            tx, connection_id=each.connection_id, external_ids=[each.snapshot.external_id]
        )
        for order_id in known.values():
            source = orders.Source(each.connection_id, order_id, each.snapshot.version_at)
            orders.record_fulfillments(
                tx, source=source, reported=each.snapshot.fulfillments, at=context.clock.now()
            )
