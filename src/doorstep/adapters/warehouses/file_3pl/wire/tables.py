"""CSV files of the warehouse: rows by column names, which a connection may rename, cut into parts that belong together."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import IO

import msgspec

from doorstep.domain.connections.model import Part
from doorstep.domain.fulfillment.model.warehouse import FulfillmentRequest
from doorstep.kernel import errors

Row = dict[str, str]
END = "#END"  # the last row of a stock file
STOCK_ROWS = 5_000  # of one message
_ORDER = (
    "order_ref", "line_ref", "sku", "quantity", "ship_by", "service", "carrier", "name", "company", "address1", "address2",
    "city", "region", "postal_code", "country", "phone", "email", "gift_message", "note",
)  # fmt: skip
# What a row needs, by kind of file, and the columns whose rows belong together.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "ack": ("order_ref", "result"),
    "status": ("order_ref", "status", "at"),
    "cancels": ("order_ref", "result"),
    "shipments": ("shipment_ref", "order_ref", "line_ref", "quantity_ordered", "quantity_shipped", "carton"),
    "stock": ("sku", "on_hand", "as_of"),
    "adjustments": ("adjustment_ref", "sku", "quantity", "at"),
    "receipts": ("receipt_ref", "sku", "quantity_received", "received_at"),
}
_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "ack": ("order_ref",),
    "shipments": ("shipment_ref", "order_ref"),
    "receipts": ("receipt_ref",),
}
KINDS = frozenset(_REQUIRED)


class Rows(msgspec.Struct, kw_only=True):
    """A part of a file as it is stored: rows by our column names. `is_complete`: a whole stock file."""

    rows: list[Row]
    is_complete: bool = False


def renamed(text: str) -> dict[str, str]:
    """A setting `ours=theirs, …` as a mapping. Raises ValueError for anything else."""
    found: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in text.replace("\n", ",").split(","))):
        ours, equals, theirs = (each.strip() for each in pair.partition("="))
        if not (ours and equals and theirs):
            raise ValueError(f"{pair!r} is not of the form ours=theirs")
        found[ours] = theirs
    return found


def order(request: FulfillmentRequest, *, service: str, columns: Mapping[str, str]) -> bytes:
    """The file of an order, a row per line. Raises Invalid for what the warehouse needs and the order has not."""
    to = request.recipient
    common = {
        "order_ref": request.reference,
        "ship_by": f"{request.ship_by.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if request.ship_by else "",
        "service": service,
        "name": to.name or to.company,
        "company": to.company,
        "address1": to.line1,
        "address2": to.line2,
        "city": to.city,
        "region": to.region,
        "postal_code": to.postal_code,
        "country": to.country,
        "phone": to.phone,
        "email": to.email,
        "note": request.note,
    }
    rows = [
        {**common, "line_ref": each.line_ref, "sku": each.sku, "quantity": str(each.quantity)}
        for each in request.lines
    ]
    return _written(_ORDER, rows, columns)


def cancel(reference: str, *, columns: Mapping[str, str]) -> bytes:
    """The file that asks to stop an order."""
    return _written(("order_ref", "reason"), [{"order_ref": reference, "reason": "canceled"}], columns)


def _written(names: Sequence[str], rows: Iterable[Row], columns: Mapping[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([columns.get(name, name) for name in names])
    for row in rows:
        writer.writerow([" ".join(row.get(name, "").split()) for name in names])
    return text.getvalue().encode()


def split(kind: str, content: IO[bytes], *, columns: Mapping[str, str]) -> Iterator[Part]:
    """The parts of a file. Raises Invalid for one that is cut off, or has not the columns of its kind."""
    _check_end(content)
    text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    try:
        rows = _rows(kind, csv.DictReader(text), {theirs: ours for ours, theirs in columns.items()})
        yield from _stock(rows) if kind == "stock" else _parts(kind, rows)
    except (UnicodeDecodeError, csv.Error) as problem:
        raise errors.Invalid(f"The file is not CSV in UTF-8: {problem}.") from problem
    finally:
        text.detach()


def _check_end(content: IO[bytes]) -> None:
    size = content.seek(0, io.SEEK_END)
    content.seek(max(0, size - 1))
    is_whole = content.read(1) == b"\n"
    content.seek(0)
    if not is_whole:
        raise errors.Invalid("The file is cut off: its last line does not end.")


def _rows(kind: str, reader: csv.DictReader[str], ours: Mapping[str, str]) -> Iterator[Row]:
    names = [ours.get(name, name) for name in reader.fieldnames or ()]
    if missing := [name for name in _REQUIRED[kind] if name not in names]:
        raise errors.Invalid(f"The file has no column {missing[0]}.")
    for number, row in enumerate(reader, start=1):
        if None in row or None in row.values():
            raise errors.Invalid(f"Row {number} has another number of columns than the header.")
        yield {ours.get(name, name): value.strip() for name, value in row.items()}


def _parts(kind: str, rows: Iterator[Row]) -> Iterator[Part]:
    """A part per row, or per rows that belong together wherever they stand in the file."""
    together = _TOGETHER.get(kind)
    if together is None:
        yield from (_part(kind, [row]) for row in rows)
        return
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in together), []).append(row)
    yield from (_part(kind, group) for group in groups.values())


def _stock(rows: Iterator[Row]) -> Iterator[Part]:
    """The whole stock in one part where it fits; a larger one does not say what is missing. The last row counts the rows."""
    first = True
    count, ended = 0, False
    for chunk in _chunks(rows):
        if last := [row for row in chunk if row["sku"] == END]:
            ended = last[0]["on_hand"] == str(count + len(chunk) - 1)
            chunk = [row for row in chunk if row["sku"] != END]  # noqa: PLW2901 - the mark is no row
            if not ended:
                break
        if chunk:
            yield _part("stock", chunk, is_complete=first and ended)
        count, first = count + len(chunk), False
    if not ended:
        raise errors.Invalid(f"The file is cut off: it has no last row {END} with the number of its rows.")


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(itertools.islice(rows, STOCK_ROWS + 1)):
        yield chunk


def _part(kind: str, rows: list[Row], *, is_complete: bool = False) -> Part:
    body = msgspec.json.encode(Rows(rows=rows, is_complete=is_complete))
    return Part(kind, body, len(rows))
