"""Parse the sandbox warehouse's messages: our own reports, as JSON."""

from __future__ import annotations

import msgspec

from doorstep.domain.fulfillment.model import warehouse
from doorstep.domain.inventory.model import reports
from doorstep.kernel import parsing

Observation = (
    warehouse.WarehouseUpdate | warehouse.WarehouseShipment | reports.StockReport | reports.GoodsReport
)
_SHAPES: dict[str, type[Observation]] = {
    "update": warehouse.WarehouseUpdate,
    "shipment": warehouse.WarehouseShipment,
    "stock": reports.StockReport,
    "goods": reports.GoodsReport,
}


class Event(msgspec.Struct, kw_only=True):
    """A message; `data` has the fields of the report that the topic names."""

    data: dict[str, object]


def parse(topic: str, body: bytes) -> tuple[Observation, ...]:
    """The report in a message, nothing for other topics. Raises Invalid with the wrong field."""
    shape = _SHAPES.get(topic)
    return () if shape is None else (parsing.shaped(parsing.read(body, Event).data, shape, at="data"),)
