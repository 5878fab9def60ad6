"""Store the intent to buy a label, before the carrier is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.actions import Shipment
from doorstep.domain.shipping.model import LabelRequest
from doorstep.flows.context import Context
from doorstep.flows.shipping import label_request
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ShipmentId


class LabelIntent(NamedTuple):
    """What to ask of the carrier, and whether it was asked before."""

    shipment: Shipment
    asked_before: bool
    parcel: Sequence[Shipment]
    request: LabelRequest


def store(context: Context, tx: WriteTx, *, shipment_id: ShipmentId) -> LabelIntent:
    """Mark the label of a shipment as requested; a purchased label stays as it is."""
    shipment, asked_before = shipping.mark_requested(tx, shipment_id=shipment_id, at=context.clock.now())
    parcel = parcels.in_parcel(tx, parcel_id=shipment.parcel_id)
    request = label_request.label_request(tx, parcel=parcel, packaging=context.packaging)
    return LabelIntent(shipment, asked_before, parcel, request)
