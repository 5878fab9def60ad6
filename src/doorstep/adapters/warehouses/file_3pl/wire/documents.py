"""X12 documents: 940 (order, cancel) out; 945 (shipment), 944 (receipt) and 997 (acknowledgement) in.

Any other document becomes a dead message: nobody would notice what it says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from doorstep.adapters.warehouses.file_3pl.wire import reports
from doorstep.adapters.warehouses.file_3pl.wire.x12 import Interchange, Segment
from doorstep.domain.connections.model import Part
from doorstep.domain.fulfillment.model.warehouse import (
    Carton,
    CartonLine,
    FulfillmentRequest,
    ShortLine,
    WarehouseShipment,
    WarehouseStatus,
    WarehouseUpdate,
)
from doorstep.domain.inventory.model.reports import GoodsReport, ReportedUnits
from doorstep.kernel import errors, parsing

_CANCEL = "9"  # begins the control number of a cancel
_DIGITS = 8
_NAME = 60
_TAKEN = frozenset({"A", "E"})
_SHIPPED_ON = "11"


class Segments(msgspec.Struct, kw_only=True):
    """A document as it is stored. `error`: its envelope is broken, and our 997 rejects it."""

    segments: list[Segment]
    error: str = ""


def control_of(reference: str, *, is_cancel: bool = False) -> str:
    """The control number of the document of an order: its 997 names it. Raises Invalid for a reference without digits."""
    digits = reference.rpartition("-")[2]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        raise errors.Invalid(f"{reference} cannot be the control number of a document.")
    return f"{_CANCEL if is_cancel else ''}{int(digits):0{_DIGITS}d}"


def order(request: FulfillmentRequest, *, service: str) -> list[Segment]:
    """A 940 that asks to ship an order."""
    to = request.recipient
    found: list[Segment] = [["W05", "N", request.reference], ["N1", "ST", (to.name or to.company)[:_NAME]]]
    found += [["N2", to.company[:_NAME]]] if to.company else []
    found += [["N3", to.line1, to.line2], ["N4", to.city, to.region, to.postal_code, to.country]]
    contact = ["TE", to.phone] * bool(to.phone) + ["EM", to.email] * bool(to.email)
    found += [["PER", "IC", "", *contact]] if contact else []
    found += [["NTE", "WHI", request.note]] if request.note.strip() else []
    found += [["G62", "10", f"{request.ship_by:%Y%m%d}"]] if request.ship_by else []
    found.append(["W66", "CC", "M", "", "", service])
    for number, line in enumerate(request.lines, start=1):
        found += [
            ["LX", str(number)],
            ["W01", str(line.quantity), "EA", "", "VN", line.sku],
            ["N9", "LI", line.line_ref],
        ]
    return [*found, ["W76", str(sum(line.quantity for line in request.lines))]]


def cancel(reference: str) -> list[Segment]:
    """A 940 that asks to stop an order."""
    return [["W05", "F", reference]]


def split(interchange: Interchange) -> Iterator[Part]:
    """A part per document."""
    for group in interchange.groups:
        for each in group.sets:
            yield Part(each.code, msgspec.json.encode(Segments(segments=each.segments, error=each.error)))


def parse(code: str, body: bytes, *, warehouse: str) -> Sequence[object]:
    """What a document reports. Raises Invalid for a broken one, and for one that is not read here."""
    document = parsing.read(body, Segments)
    if document.error:
        raise errors.Invalid(
            f"The document {code} is broken (code {document.error}): it has to be sent again."
        )
    segments = [_Elements(each) for each in document.segments]
    if code == "997":
        return list(_acknowledgements(segments))
    if code == "945":
        return [_shipment(segments)]
    if code == "944":
        return [_receipt(segments, warehouse)]
    raise errors.Invalid(
        f"The warehouse sends a document {code}, which is not read: only 945, 944 and 997 are."
    )


class _Elements:
    """A segment whose missing elements are empty."""

    def __init__(self, values: Segment) -> None:
        self._values = values

    def __getitem__(self, position: int) -> str:
        return self._values[position].strip() if position < len(self._values) else ""

    def qualified(self, qualifier: str) -> str:
        """The element after a qualifier, as the number after GM in MAN*GM*number*CP*number."""
        pairs = zip(self._values[1::2], self._values[2::2], strict=False)
        return next((value.strip() for name, value in pairs if name == qualifier), "")


def _acknowledgements(segments: Iterable[_Elements]) -> Iterator[WarehouseUpdate]:
    """Per document of ours: taken, or rejected. Raises Invalid for a cancel that is rejected: nobody else answers it."""
    control = ""
    for each in segments:
        if each[0] == "AK2":
            control = each[2] if each[1] == "940" else ""
        elif each[0] == "AK5" and control.isdigit():
            is_taken = each[1] in _TAKEN
            if len(control) != _DIGITS:
                _check_cancel(control, each, is_taken=is_taken)
                continue
            status = WarehouseStatus.ACKNOWLEDGED if is_taken else WarehouseStatus.REFUSED
            reason = "" if is_taken else f"The warehouse rejects the document (997, code {each[2] or '–'})."
            yield WarehouseUpdate(f"FO-{int(control)}", status, reports.UNDATED, reason)


def _check_cancel(control: str, answer: _Elements, *, is_taken: bool) -> None:
    if not is_taken:
        raise errors.Invalid(
            f"The warehouse rejects the request to stop FO-{int(control[1:])} (997, code {answer[2] or '–'}): "
            "ask the warehouse, then discard this message."
        )


def _shipment(segments: Sequence[_Elements]) -> WarehouseShipment:
    head = {each[0]: each for each in reversed(segments)}
    if "W06" not in head or "G62" not in head:
        raise errors.Invalid("The shipment (945) has no W06 or no G62 segment.")
    dates = [each for each in segments if each[0] == "G62"]
    shipped_on = next((each for each in dates if each[1] == _SHIPPED_ON), dates[0])
    reference, shipment = head["W06"][2], head["W06"][4]
    way = head.get("W27", _Elements([]))
    cartons: list[Carton] = []
    lines: list[_Line] = []
    for loop in _loops(segments, "LX"):
        here = [_line(each) for each in _loops(loop, "W12")]
        lines += here
        man = next((each for each in loop if each[0] == "MAN"), _Elements([]))
        contents = tuple(CartonLine(each.line_ref, each.shipped) for each in here if each.shipped)
        if contents:  # whether or not its carton has a number
            name = man.qualified("GM") or f"{shipment}/{loop[0][1]}"
            cartons.append(Carton(name, contents, way[2], way[3], man.qualified("CP"), "", 0))
    at = _moment(shipped_on[2], shipped_on[4])
    return WarehouseShipment(reference, at, tuple(cartons), tuple(_short(lines)))


@dataclass(frozen=True, slots=True)
class _Line:
    """A W12: units of a line in a carton, and how many of the whole line are missing (None: it does not say)."""

    line_ref: str
    ordered: int
    shipped: int
    missing: int | None
    is_short: bool


def _line(loop: Sequence[_Elements]) -> _Line:
    number = next((each[2] for each in loop if each[0] == "N9" and each[1] == "LI"), "")
    head = loop[0]
    missing = reports.units(head[4]) if head[4] else None
    return _Line(number, reports.units(head[2]), reports.units(head[3]), missing, head[1] == "CP")


def _short(lines: Sequence[_Line]) -> Iterator[ShortLine]:
    """Units that are not shipped, by line: what one of its W12 says, else what was ordered less what has left."""
    for line_ref in dict.fromkeys(each.line_ref for each in lines):
        mine = [each for each in lines if each.line_ref == line_ref]
        named = [each.missing for each in mine if each.missing is not None]
        left = mine[0].ordered - sum(each.shipped for each in mine)
        missing = max(named) if named else left if any(each.is_short for each in mine) else 0
        if missing:
            yield ShortLine(line_ref, missing)


def _loops(segments: Iterable[_Elements], first: str) -> list[list[_Elements]]:
    found: list[list[_Elements]] = []
    for each in segments:
        if each[0] == first:
            found.append([each])
        elif found:
            found[-1].append(each)
    return found


def _receipt(segments: Sequence[_Elements], warehouse: str) -> GoodsReport:
    head = {each[0]: each for each in reversed(segments)}
    if "W17" not in head:
        raise errors.Invalid("The receipt (944) has no W17 segment.")
    begin = head["W17"]
    lines: list[ReportedUnits] = []
    for loop in _loops(segments, "W07"):
        received = reports.units(loop[0][1])
        damaged = sum(reports.units(each[1]) for each in loop if each[0] == "W13")
        lines += reports.received(loop[0][5], received, damaged)
    key = f"receipt/{begin[3]}"  # as in a CSV file
    return GoodsReport(warehouse, key, _moment(begin[2], ""), tuple(lines), begin[4], closes=True)


def _moment(day: str, time: str) -> datetime:
    try:
        return datetime.strptime(f"{day}{time or '000000':0<6}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as problem:
        raise errors.Invalid(f"{day} {time} is no moment (CCYYMMDD HHMMSS).") from problem
