"""Ask carriers for parcels on the way of which no news came: webhooks get lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from doorstep.domain.connections.model import Feature, Kind
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.flows.context import Context, Record, event_int, no_record
from doorstep.flows.shipping import tracking
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.jobs import Delivery

_AFTER, _UNTIL = timedelta(hours=12), timedelta(days=60)
_AT_ONCE = 500


def find_silent(context: Context) -> int:
    """Have carriers asked for parcels without news for half a day. Returns how many."""
    carriers = [
        each.id
        for each in context.partners.of_kind(Kind.CARRIERS)
        if context.partners.offers(each.id, Feature.TRACK)
    ]
    if not carriers:
        return 0
    return context.db.transact(
        lambda tx: shipping.look_up_silent(
            tx, connection_ids=carriers, after=_AFTER, until=_UNTIL, at=context.clock.now(), limit=_AT_ONCE
        ),
        actor="system",
    )


def partner(_context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The carrier of each delivery's parcel."""
    found = parcels.shipments(tx, shipment_ids=[each.key for each in deliveries])
    return {each.id: found[each.key].connection_id for each in deliveries if each.key in found}


def ask(context: Context, delivery: Delivery) -> Record:
    """Read all scans of a parcel from its carrier; they are recorded like those of a webhook."""
    shipment_id = event_int(delivery, "shipment_id")
    with context.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=shipment_id)
    if shipment.delivered_at is not None:
        return no_record
    carrier = context.partners.carrier(shipment.connection_id)
    seen = carrier.track(tracking_number=shipment.tracking_number, external_id=shipment.external_id)

    def record(tx: WriteTx) -> None:
        codes = {scan.raw_code for scan in seen.scans if tracking.is_unknown(scan)}
        meant = maps.targets(tx, connection_id=shipment.connection_id, kind=MapKind.STATUS, sources=codes)
        known = tracking.translated(seen, meant)
        tracking.track(tx, connection_id=shipment.connection_id, seen=known, trace_id=delivery.trace_id)

    return record
