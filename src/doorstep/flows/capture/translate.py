"""Translate the vendors' names of things of ours, before anything is applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from doorstep.domain.catalog import views as catalog
from doorstep.domain.connections.actions import maps
from doorstep.domain.connections.actions.maps import Name
from doorstep.domain.connections.model import Connection, Kind
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.network import views as network
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments.model import PaymentSnapshot
from doorstep.domain.shipping.model import TrackingSnapshot
from doorstep.flows.capture.observations import Observation
from doorstep.flows.context import Context
from doorstep.flows.network import lanes
from doorstep.flows.shipping import tracking
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import Sku


def names(context: Context, tx: WriteTx, reported: Sequence[Observation]) -> list[Observation]:
    """The same observations with our names: the shop's "1 Razorpay" is razorpay, its product 4711 a SKU of ours.

    A name without a map and without a likely meaning stays as it came, and is listed. A batch with our names only
    needs no look at the maps.
    """
    ours = _ours(context, tx, reported)
    foreign = [name for each in reported for name in _foreign(each, ours)]
    if not foreign:
        return list(reported)
    likely = {MapKind.GATEWAY: ours[MapKind.GATEWAY]}
    found = maps.translate(tx, names=foreign, ours=likely)
    return [replace(each, reported=_translated(each.connection, each.reported, found)) for each in reported]


def _ours(
    context: Context, tx: WriteTx, reported: Sequence[Observation]
) -> Mapping[MapKind, Collection[str]]:
    """Our names of what the orders in these messages name."""
    orders = [each.reported for each in reported if isinstance(each.reported, OrderSnapshot)]
    if not orders:
        return {MapKind.GATEWAY: _gateways(context)}
    places = any(each.origin or each.pickup for each in orders)
    return {
        MapKind.GATEWAY: _gateways(context),
        MapKind.SKU: catalog.known(tx, skus={line.sku for each in orders for line in each.lines}),
        MapKind.METHOD: lanes.configuration(tx, at=context.clock.now()).compiled.lane_table.methods,
        MapKind.LOCATION: {each.code for each in network.locations(tx).values()} if places else (),
    }


def _gateways(context: Context) -> set[str]:
    return {each.connector_id for each in context.partners.of_kind(Kind.PAYMENTS)}


def _foreign(each: Observation, ours: Mapping[MapKind, Collection[str]]) -> Iterable[Name]:
    """The names in a message that are not ours."""
    of = each.connection.id
    if isinstance(each.reported, TrackingSnapshot):
        return [
            (MapKind.STATUS, of, scan.raw_code) for scan in each.reported.scans if tracking.is_unknown(scan)
        ]
    if each.connection.kind is not Kind.CHANNELS:
        return ()
    named: list[tuple[MapKind, str]] = []
    gateway = _gateway(each.reported)
    if gateway != each.connection.connector_id:  # else the channel takes the money itself, as marketplaces do
        named.append((MapKind.GATEWAY, gateway))
    if isinstance(each.reported, OrderSnapshot):
        order = each.reported
        named += [(MapKind.SKU, line.sku) for line in order.lines]
        named += [(MapKind.LOCATION, order.origin), (MapKind.LOCATION, order.pickup)]
        if order.shipping_method.casefold() not in ours[MapKind.METHOD]:
            named.append((MapKind.METHOD, order.shipping_method))
    return [
        (kind, of, name) for kind, name in named if name and name not in ours[kind] and _matters(kind, ours)
    ]


def _matters(kind: MapKind, ours: Mapping[MapKind, Collection[str]]) -> bool:
    """Whether there is something of ours that a name can stand for; a SKU may be added later."""
    return kind is MapKind.SKU or bool(ours[kind])


def _gateway(reported: object) -> str:
    """The gateway that took the payment; paying the courier needs none."""
    if isinstance(reported, OrderSnapshot):
        return "" if reported.payment.on_delivery else reported.payment.gateway
    return reported.gateway if isinstance(reported, PaymentSnapshot) else ""


def _translated(connection: Connection, reported: object, found: Mapping[Name, str]) -> object:
    def named(kind: MapKind, name: str) -> str:
        return found.get((kind, connection.id, name), name)

    match reported:
        case OrderSnapshot():
            payment = replace(reported.payment, gateway=named(MapKind.GATEWAY, reported.payment.gateway))
            return replace(
                reported,
                payment=reported.payment if reported.payment.on_delivery else payment,
                lines=tuple(replace(line, sku=Sku(named(MapKind.SKU, line.sku))) for line in reported.lines),
                shipping_method=named(MapKind.METHOD, reported.shipping_method),
                origin=named(MapKind.LOCATION, reported.origin),
                pickup=named(MapKind.LOCATION, reported.pickup),
            )
        case PaymentSnapshot():
            return replace(reported, gateway=named(MapKind.GATEWAY, reported.gateway))
        case TrackingSnapshot():
            meant = {
                name: target
                for (kind, of, name), target in found.items()
                if kind is MapKind.STATUS and of == connection.id
            }
            return tracking.translated(reported, meant)
        case _:
            return reported
