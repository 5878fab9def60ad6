"""Choose the carrier of a parcel."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.network import views as network
from doorstep.domain.network.model import site
from doorstep.flows.context import Context
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId


def connection_of(context: Context, tx: ReadTx, *, location_id: LocationId, now: datetime) -> int:
    """The connection of the location's carrier; during its outage of another carrier of the location, if there is one."""
    location, out = network.location(tx, location_id=location_id), network.outages(tx, at=now)
    carrier = location.carrier
    if carrier in out:
        others = site(network.document(tx), location).carriers or ()
        carrier = next((each for each in others if each not in out), carrier)
    return context.partners.by_key(carrier).id
