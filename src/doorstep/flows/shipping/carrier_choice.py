"""Choose the carrier of a parcel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.connections.model import Kind
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.network import views as network
from doorstep.domain.network.model import site
from doorstep.domain.orders import views as order_views
from doorstep.domain.routing.model import Demand
from doorstep.domain.shipping import views as parcels
from doorstep.flows.context import Context, event_int
from doorstep.flows.network import lanes, order_attributes
from doorstep.kernel.db import ReadTx
from doorstep.kernel.jobs import Delivery


def connection_of(context: Context, tx: ReadTx, *, work: Work, now: datetime) -> int:
    """The connection of the carrier that brings the promised service to the customer: the first of the location's that does.

    Without rates for the way it is the location's carrier; during its outage another of the location's, if there is one.
    """
    carriers = {each.key: each.id for each in context.partners.of_kind(Kind.CARRIERS)}
    chosen = carriers.get(_on_the_lane(tx, work, now))
    if chosen is not None:
        return chosen
    location, out = network.location(tx, location_id=work.location_id), network.outages(tx, at=now)
    carrier = location.carrier
    if carrier in out:
        others = site(network.document(tx), location).carriers or ()
        carrier = next((each for each in others if each not in out), carrier)
    return context.partners.by_key(carrier).id


def _on_the_lane(tx: ReadTx, work: Work, now: datetime) -> str:
    """The carrier by the rates of the network document; "" if they have none for this way now."""
    order = order_views.order(tx, order_id=work.order_id)
    address = order.shipping_address
    demand = Demand(
        work.order_id, (), address.latitude, address.longitude, attributes=order_attributes.of_stored(order)
    )
    offer = lanes.configuration(tx, at=now).moment(now).ways[True].offer_to(demand, work.location_id)
    return "" if offer is None else offer.carrier


def partner(_context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The carrier of each delivery's shipment."""
    wanted = {each.id: event_int(each, "shipment_id") for each in deliveries}
    found = parcels.shipments(tx, shipment_ids=wanted.values())
    return {
        each: found[shipment_id].connection_id for each, shipment_id in wanted.items() if shipment_id in found
    }
