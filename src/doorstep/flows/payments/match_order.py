"""Match reported payments with their orders: by sales channel and order id."""

from __future__ import annotations

from doorstep.domain.connections.model import Connection, Kind
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments import views as payment_views
from doorstep.domain.payments.model import PaymentSnapshot
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


class OrderUnclear(errors.Invalid):
    """Orders of several sales channels have the id that a payment names."""


def record_reported(
    context: Context, tx: WriteTx, *, sender: Connection, seen: PaymentSnapshot, trace_id: str
) -> None:
    """Record a payment that a gateway or a sales channel reports; one whose order is still to come waits for it.

    Raises OrderUnclear (the message becomes a dead letter), and NotFound for a sales channel that does not exist.
    """
    channel_id = _sales_channel(context, seen, sender)
    payments.expect(tx, order_reference=seen.order_reference)
    order_id = _order_of(tx, seen, channel_id)
    if order_id is not None:
        orders.lock(tx, order_id=order_id)
        tx.traces["order", order_id] = trace_id
    payments.record(
        tx,
        seen=seen,
        order_id=order_id,
        channel_id=channel_id,
        gateway_connection_id=sender.id if sender.kind is Kind.PAYMENTS else None,
    )


def _sales_channel(context: Context, seen: PaymentSnapshot, sender: Connection) -> int | None:
    """The sales channel whose order is paid: the sender, or the one that the payment names. Raises NotFound."""
    if sender.kind is Kind.CHANNELS:
        return sender.id
    return context.partners.by_key(seen.channel).id if seen.channel else None


def _order_of(tx: WriteTx, seen: PaymentSnapshot, channel_id: int | None) -> OrderId | None:
    """The order that a payment names, if we have it; a payment that is matched already stays with its order."""
    if not seen.order_reference:
        return None
    found = order_views.with_external_id(tx, external_id=seen.order_reference, connection_id=channel_id)
    if len(found) <= 1:
        return found[0] if found else None
    matched = payment_views.order_of(tx, gateway=seen.gateway, external_id=seen.external_id)
    if matched is None:
        raise OrderUnclear(
            f"Payment {seen.external_id} is for order {seen.order_reference}, which several sales channels have: "
            "name the sales channel in the settings of the payment connection, then retry."
        )
    return matched
