"""Read order files as a stream of order documents: CSV with a row per line, or NDJSON."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby
from pathlib import Path
from typing import IO

import msgspec

from doorstep.kernel import errors, parsing

REQUIRED = ("order", "placed_at", "currency", "sku", "quantity", "unit_price")
_ADDRESS = (
    "name", "phone", "company", "line1", "line2", "city", "state", "state_code", "postal_code", "country",
)  # fmt: skip
_TEXTS = {
    "number": "number", "updated_at": "updated_at", "email": "email", "phone": "phone", "cart": "cart_reference",
    "customer": "customer_id", "shipping_method": "shipping_method", "source": "source", "note": "note",
}  # fmt: skip
_AMOUNTS = {
    "total": "total_minor",
    "shipping": "shipping_minor",
    "order_tax": "tax_minor",
    "tip": "tip_minor",
}
OPTIONAL = (
    "line", "title", "discount", "tax", "tags", "paid", "on_delivery", "gateway", "method",
    *_ADDRESS, *(name for name in _TEXTS if name not in _ADDRESS), *_AMOUNTS,
)  # fmt: skip
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}
Row = tuple[int, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """A document of the file and its first line; `problem` says why it is not an order document."""

    line: int
    document: bytes = b""
    problem: str = ""


def documents(path: Path, *, read_to: Callable[[int], object]) -> Iterator[OrderDocument]:
    """Every order of a file; `read_to` gets the number of bytes read. Raises Invalid for an unreadable file."""
    kind = path.suffix.lower()
    if kind not in {".csv", ".ndjson", ".jsonl"}:
        raise errors.Invalid(f"{path.name}: the name must end in .csv, .ndjson or .jsonl.", field="file")
    with path.open("rb") as file:
        lines = _counted(file, read_to)
        try:
            yield from _csv(each.decode("utf-8-sig") for each in lines) if kind == ".csv" else _ndjson(lines)
        except (csv.Error, UnicodeDecodeError) as problem:
            raise errors.Invalid(
                f"{path.name} is not CSV in UTF-8: {problem}. The rows before it are imported; correct the file and run it again."
            ) from problem


def _counted(file: IO[bytes], read_to: Callable[[int], object]) -> Iterator[bytes]:
    position = 0
    for line in file:
        position += len(line)
        read_to(position)
        yield line


def _ndjson(lines: Iterable[bytes]) -> Iterator[OrderDocument]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield OrderDocument(number, line.strip())


def _csv(lines: Iterable[str]) -> Iterator[OrderDocument]:
    """Rows of one order are adjacent; the first one has the order's own columns."""
    reader = csv.DictReader(lines, strict=True)
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in REQUIRED if name not in columns]
    unknown = sorted(set(columns) - {*REQUIRED, *OPTIONAL})
    if missing or unknown:
        wrong = [f"lacks {', '.join(missing)}"] if missing else []
        wrong += [f"has unknown columns {', '.join(unknown)}"] if unknown else []
        raise errors.Invalid(
            f"The first line {' and '.join(wrong)}. Columns: {', '.join((*REQUIRED, *OPTIONAL))}."
        )
    reader.fieldnames = columns
    for _order, rows in groupby(_rows(reader), key=lambda row: row[1]["order"]):
        yield _document(list(rows))


def _rows(reader: csv.DictReader[str]) -> Iterator[Row]:
    for row in reader:
        if any(row.values()):
            yield reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}


def _document(rows: list[Row]) -> OrderDocument:
    line, first = rows[0]
    try:
        reported: dict[str, object] = {
            "external_id": first["order"],
            "placed_at": first["placed_at"],
            "currency": first["currency"].upper(),
            "lines": [_line(number, row) for number, row in rows],
            "payment": {
                "gateway": first.get("gateway", ""),
                "method": first.get("method", ""),
                "is_paid": _yes(line, first, "paid"),
                "on_delivery": _yes(line, first, "on_delivery"),
            },
            "shipping_address": {name: first[name] for name in _ADDRESS if first.get(name)},
            "tags": [tag.strip() for tag in first.get("tags", "").split(";") if tag.strip()],
        }
        reported |= {field: first[name] for name, field in _TEXTS.items() if first.get(name)}
        reported |= {field: _amount(line, first, name) for name, field in _AMOUNTS.items() if first.get(name)}
    except errors.Invalid as problem:
        return OrderDocument(line, problem=problem.message)
    return OrderDocument(line, msgspec.json.encode(reported))


def _line(number: int, row: Mapping[str, str]) -> dict[str, object]:
    reported: dict[str, object] = {
        "sku": row["sku"],
        "quantity": _whole(number, row, "quantity"),
        "unit_price_minor": _amount(number, row, "unit_price"),
    }
    reported |= {"id": row["line"]} if row.get("line") else {}
    reported |= {"title": row["title"]} if row.get("title") else {}
    return reported | {
        f"{name}_minor": _amount(number, row, name) for name in ("discount", "tax") if row.get(name)
    }


def _whole(number: int, row: Mapping[str, str], name: str) -> int:
    try:
        return int(row[name])
    except ValueError as problem:
        raise errors.Invalid(f"Line {number}: {name} {row[name]!r} is not a whole number.") from problem


def _amount(number: int, row: Mapping[str, str], name: str) -> int:
    """Parse an amount in major units, as 799.50, into minor units."""
    try:
        amount = Decimal(row[name])
    except InvalidOperation as problem:
        raise errors.Invalid(
            f"Line {number}: {name} {row[name]!r} is not an amount like 799.50."
        ) from problem
    return parsing.minor_units(amount, row["currency"].upper(), at=f"Line {number}, {name}")


def _yes(number: int, row: Mapping[str, str], name: str) -> bool:
    said = row.get(name, "").lower()
    if said not in _YES:
        raise errors.Invalid(f"Line {number}: {name} must be yes or no, not {said!r}.")
    return _YES[said]
