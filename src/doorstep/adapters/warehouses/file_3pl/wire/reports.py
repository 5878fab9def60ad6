"""What rows of the warehouse's CSV files report, in our terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from doorstep.adapters.warehouses.file_3pl.wire.tables import Row, Rows
from doorstep.domain.fulfillment.model.warehouse import (
    Carton,
    CartonLine,
    ShortLine,
    WarehouseShipment,
    WarehouseStatus,
    WarehouseUpdate,
)
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.reports import GoodsReport, ReportedUnits, StockReport
from doorstep.kernel import errors, parsing

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)  # acknowledgements have no time: whatever has one is newer
_CONDITIONS = {
    "": Condition.NEW,
    "good": Condition.NEW,
    "damaged": Condition.DAMAGED,
    "hold": Condition.QUARANTINE,
}
_STATUSES = {
    "received": WarehouseStatus.ACKNOWLEDGED,
    "picking": WarehouseStatus.PICKING,
    "packed": WarehouseStatus.PACKED,
    "canceled": WarehouseStatus.CANCELED,
}
_CANCELS = {
    "canceled": WarehouseStatus.CANCELED,
    "unknown": WarehouseStatus.CANCELED,
    "too_late": WarehouseStatus.TOO_LATE,
}
_RESULTS = frozenset({"accepted", "rejected", "duplicate"})
_OTHER_LINE = "another line of the order was rejected"


def parse(kind: str, body: bytes, *, warehouse: str) -> Sequence[object]:
    """What a part of a file reports."""
    part = parsing.read(body, Rows)
    return _PARSERS[kind](part, warehouse)


def units(text: str) -> int:
    """Whole units. Raises Invalid."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):  # noqa: PLR2004 - no stock has more
        raise errors.Invalid(f"{text!r} is not a number of units.")
    return int(text)


def moment(text: str) -> datetime:
    """A moment in ISO 8601; without a zone it is UTC. Raises Invalid."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise errors.Invalid(f"{text!r} is not a moment.") from problem
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def received(sku: str, quantity: int, damaged: int) -> list[ReportedUnits]:
    """Goods that came: the damaged ones are contained in the quantity."""
    found = [ReportedUnits(sku, quantity - damaged)] if quantity > damaged else []
    return [*found, ReportedUnits(sku, damaged, Condition.DAMAGED)] if damaged else found


def _acknowledgement(part: Rows, _warehouse: str) -> Iterator[WarehouseUpdate]:
    """Rejected as a whole with its first real reason; a duplicate was taken before."""
    if unknown := next((row["result"] for row in part.rows if row["result"] not in _RESULTS), None):
        raise errors.Invalid(f"{unknown!r} is not a result of the warehouse.")
    wrong = [row.get("reason", "") for row in part.rows if row["result"] == "rejected"]
    reasons = [each for each in wrong if each and each != _OTHER_LINE]
    status = WarehouseStatus.REFUSED if wrong else WarehouseStatus.ACKNOWLEDGED
    yield WarehouseUpdate(part.rows[0]["order_ref"], status, UNDATED, "; ".join(dict.fromkeys(reasons)))


def _status(part: Rows, _warehouse: str) -> Iterator[WarehouseUpdate]:
    """`shipped` is no update: the file of shipments says what has left."""
    for row in part.rows:
        if row["status"] in _STATUSES:
            at = moment(row["at"])
            yield WarehouseUpdate(row["order_ref"], _STATUSES[row["status"]], at, row.get("note", ""))
        elif row["status"] != "shipped":
            raise errors.Invalid(f"{row['status']!r} is not a status of the warehouse.")


def _cancels(part: Rows, _warehouse: str) -> Iterator[WarehouseUpdate]:
    for row in part.rows:
        if row["result"] not in _CANCELS:
            raise errors.Invalid(f"{row['result']!r} is not an answer to a cancel.")
        at = moment(row["at"]) if row.get("at") else UNDATED
        yield WarehouseUpdate(row["order_ref"], _CANCELS[row["result"]], at, row.get("reason", ""))


def _shipment(part: Rows, _warehouse: str) -> Iterator[WarehouseShipment]:
    cartons: dict[str, list[Row]] = defaultdict(list)
    short: list[Row] = []
    shipped: dict[str, int] = defaultdict(int)
    for row in part.rows:
        if row["carton"]:
            cartons[row["carton"]].append(row)
            shipped[row["line_ref"]] += units(row["quantity_shipped"])
        else:
            short.append(row)
    first = next((row for row in part.rows if row.get("shipped_at")), None)
    yield WarehouseShipment(
        reference=part.rows[0]["order_ref"],
        shipped_at=moment(first["shipped_at"] if first else ""),
        cartons=tuple(_carton(rows) for rows in cartons.values()),
        short=tuple(_short(row, shipped[row["line_ref"]]) for row in short),
    )


def _carton(rows: Sequence[Row]) -> Carton:
    first = rows[0]
    return Carton(
        external_id=first.get("sscc") or f"{first['shipment_ref']}/{first['carton']}",
        lines=tuple(CartonLine(row["line_ref"], units(row["quantity_shipped"])) for row in rows),
        carrier=first.get("carrier", ""),
        service=first.get("service", ""),
        tracking_number=first.get("tracking_number", ""),
        tracking_url=first.get("tracking_url", ""),
        weight_grams=units(first.get("weight_grams") or "0"),
    )


def _short(row: Row, shipped: int) -> ShortLine:
    reason = row.get("short_reason", "")
    missing = units(row["quantity_ordered"]) - shipped
    return ShortLine(row["line_ref"], missing, is_damaged=reason == "damaged", reason=reason)


def _condition(row: Row) -> Condition:
    found = _CONDITIONS.get(row.get("condition", ""))
    if found is None:
        raise errors.Invalid(f"{row['condition']!r} is not a condition of the warehouse.")
    return found


def _stock(part: Rows, warehouse: str) -> Iterator[StockReport]:
    """The key is the moment and what the part begins with: the same part of a file that comes again counts once."""
    at = moment(part.rows[0]["as_of"])
    lines = tuple(ReportedUnits(row["sku"], units(row["on_hand"]), _condition(row)) for row in part.rows)
    key = f"stock/{at.isoformat()}/{lines[0].sku}/{len(lines)}"
    yield StockReport(warehouse, key, at, lines, is_complete=part.is_complete)


def _adjustment(part: Rows, warehouse: str) -> Iterator[StockReport]:
    for row in part.rows:
        change = ReportedUnits(row["sku"], units(row["quantity"]), _condition(row))
        key = f"adjustment/{row['adjustment_ref']}"
        yield StockReport(warehouse, key, moment(row["at"]), (change,), is_change=True)


def _receipt(part: Rows, warehouse: str) -> Iterator[GoodsReport]:
    first, lines = part.rows[0], []
    for row in part.rows:
        damaged = units(row.get("quantity_damaged") or "0")
        lines += received(row["sku"], units(row["quantity_received"]), damaged)
    yield GoodsReport(
        location=warehouse,
        key=f"receipt/{first['receipt_ref']}",
        received_at=moment(first["received_at"]),
        lines=tuple(lines),
        document=first.get("advice_ref", ""),
        closes=first.get("closed") == "yes",
    )


_PARSERS: Mapping[str, Callable[[Rows, str], Sequence[object]]] = {
    "ack": lambda part, where: list(_acknowledgement(part, where)),
    "status": lambda part, where: list(_status(part, where)),
    "cancels": lambda part, where: list(_cancels(part, where)),
    "shipments": lambda part, where: list(_shipment(part, where)),
    "stock": lambda part, where: list(_stock(part, where)),
    "adjustments": lambda part, where: list(_adjustment(part, where)),
    "receipts": lambda part, where: list(_receipt(part, where)),
}
