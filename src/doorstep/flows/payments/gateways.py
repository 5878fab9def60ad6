"""Which connection to a payment gateway has a payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doorstep.domain.connections.model import Connection, Kind, Mode
from doorstep.domain.connections.model.choice import Serves, choose
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.payments.views import Payment
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import PaymentId


def of_payments(context: Context, tx: ReadTx, payments: Sequence[Payment]) -> Mapping[PaymentId, int]:
    """The connection of each payment; one without a connection is left out.

    It is the connection that reported the payment, unless it is off now. Else it is one to the gateway that the channel's
    name stands for now: one that serves the channel before one that serves all.
    """
    opened = context.partners.opened()
    off = {each.id for each in opened if each.mode is Mode.OFF}
    keys = {each.id: each.key for each in opened}
    accounts = [each for each in opened if each.kind is Kind.PAYMENTS and each.id not in off]
    names = _names(tx, payments)
    found: dict[PaymentId, int] = {}
    for each in payments:
        if each.gateway_connection_id is not None and each.gateway_connection_id not in off:
            found[each.id] = each.gateway_connection_id
            continue
        name = names.get((each.channel_id, each.gateway), each.gateway)
        channel = keys.get(each.channel_id, "") if each.channel_id else ""
        chosen = choose([one for one in accounts if one.connector_id == name], Serves.CHANNELS, channel)
        if chosen is not None:
            found[each.id] = chosen.id
    return found


def _names(tx: ReadTx, payments: Sequence[Payment]) -> Mapping[tuple[int | None, str], str]:
    """Our name of each gateway as its channel calls it; without those that are not mapped."""
    found: dict[tuple[int | None, str], str] = {}
    for channel in {each.channel_id for each in payments if each.channel_id is not None}:
        sources = sorted({each.gateway for each in payments if each.channel_id == channel})
        targets = maps.targets(tx, connection_id=channel, kind=MapKind.GATEWAY, sources=sources)
        found |= {(channel, source): target for source, target in targets.items()}
    return found


def of_payment(context: Context, payment: Payment) -> Connection:
    """The connection of a payment. Raises NotOpened, Refused where the sales channel has the money, and NotFound."""
    with context.db.read() as tx:
        found = of_payments(context, tx, [payment]).get(payment.id)
    if found is not None:
        return context.partners.connection(found)
    context.partners.require_opened(Kind.PAYMENTS)
    if payment.channel_id is not None:
        channel = context.partners.connection(payment.channel_id)
        if channel.connector_id == payment.gateway:
            raise errors.Refused(f"{channel.name} took this payment itself: refund it there.")
    raise errors.NotFound(
        f"No connection serves the payment gateway {payment.gateway!r}: add one under Connections, or map the name."
    )
