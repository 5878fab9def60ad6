"""Endless aisle, for the person at a store's counter."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.inventory.model import aisle as model
from doorstep.domain.inventory.model.aisle import Aisle, Transit
from doorstep.domain.inventory.model.availability import Method, Part, Question, answer
from doorstep.domain.inventory.views import availability
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku


def endless_aisle(
    tx: ReadTx, *, sku: Sku, parts: tuple[Part, ...], store_id: int, ways: Transit, at: datetime
) -> Aisle:
    """What this store has, who could send it, and what is incoming. Supply is shown for SKUs without components.

    Raises NotFound for an unknown location.
    """
    seen = availability.load_inputs(
        tx,
        skus={sku, *(part[0] for part in parts)},
        conditions={part[1] for part in parts},
        channels=(),
        with_supply=True,
        at=at,
    )
    nodes = dict(seen.nodes)
    if store_id not in nodes:
        raise errors.NotFound(f"There is no location {store_id}.")
    store = nodes[store_id]
    here = answer(Question(sku, method=Method.PICKUP, location_id=LocationId(store_id)), parts, seen)
    found = answer(Question(sku), parts, seen)
    return Aisle(
        here,
        model.elsewhere(found, store, nodes, ways=ways, today=at.date()),
        model.coming(seen.incoming.get(sku, ()), store, nodes, ways=ways),
    )
