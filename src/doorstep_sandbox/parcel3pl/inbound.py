"""Files of the depositor as orders, cancels and advices, whatever their format; what is wrong with a line is said there."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.parcel3pl import x12

REQUIRED = {
    "orders": "order_ref line_ref sku quantity name address1 city postal_code country",
    "cancel": "order_ref",
    "advice": "advice_ref line_ref sku quantity",
}
ADDRESS = "name company address1 address2 city region postal_code country phone email"
ORDER_FIELDS = f"ship_by service carrier gift_message note {ADDRESS}".split()
NEEDED = ("name", "address1", "city", "postal_code", "country")


class UnreadableError(ValueError):
    """A file that goes to /errors; its text is the reason."""


def rows(kind: str, raw: bytes) -> list[Json]:
    """The rows of a CSV file by column name."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("the file is not UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = set(REQUIRED[kind].split()) - set(reader.fieldnames or [])
    if missing:
        raise UnreadableError(f"columns are missing: {', '.join(sorted(missing))}")
    try:
        return [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
    except csv.Error as error:
        raise UnreadableError(f"line {reader.line_num}: {error}") from None


def grouped(found: Sequence[Json], key: str, fields: Sequence[str]) -> list[Json]:
    """Rows to documents: the fields of the first row, and a line of each."""
    documents: dict[str, Json] = {}
    for row in found:
        document = documents.setdefault(
            row[key], {key: row[key], **{name: row.get(name, "") for name in fields}, "lines": []}
        )
        document["lines"].append({name: row.get(name, "") for name in ("line_ref", "sku", "quantity")})
    return list(documents.values())


def orders(raw: bytes) -> list[Json]:
    return grouped(rows("orders", raw), "order_ref", ORDER_FIELDS)


def advices(raw: bytes) -> list[Json]:
    fields = ("expected_on", "carrier", "tracking_number", "supplier")
    return grouped(rows("advice", raw), "advice_ref", fields)


def order_of_940(found: x12.TransactionSet) -> Json:
    """An order, or, with `canceled`, what cancels one; a segment that is missing is the set's error."""
    order: Json = dict.fromkeys(ORDER_FIELDS, "") | {"order_ref": "", "canceled": False, "lines": []}
    for segment in found.segments:
        _read_940(order, [*segment, *[""] * 11])
    if not order["order_ref"] or not (order["canceled"] or order["lines"]):
        found.error = found.error or x12.SEGMENT_MISSING
    return order


def _read_940(order: Json, at: x12.Segment) -> None:
    match at[0]:
        case "W05":
            order |= {"canceled": at[1] == "F", "order_ref": at[2]}
        case "N1" if at[1] == "ST":
            order["name"] = at[2]
        case "N2":
            order["company"] = at[1]
        case "N3":
            order |= {"address1": at[1], "address2": at[2]}
        case "N4":
            order |= {"city": at[1], "region": at[2], "postal_code": at[3], "country": at[4]}
        case "PER":
            order |= {"phone": at[4], "email": at[6]}
        case "NTE":
            order["gift_message" if at[1] == "GFT" else "note"] = at[2]
        case "G62" if at[1] == "10":
            order["ship_by"] = _day(at[2])
        case "W66":
            order |= {"service": at[5], "carrier": at[10]}
        case "W01":
            order["lines"].append({"line_ref": "", "sku": at[5], "quantity": at[1]})
        case "N9" if at[1] == "LI" and order["lines"]:
            order["lines"][-1]["line_ref"] = at[2]


def advice_of_943(found: x12.TransactionSet) -> Json:
    advice: Json = {
        "advice_ref": "",
        "expected_on": "",
        "carrier": "",
        "tracking_number": "",
        "supplier": "",
        "lines": [],
    }
    for segment in found.segments:
        at = [*segment, *[""] * 6]
        match at[0]:
            case "W06":
                advice["advice_ref"] = at[2]
            case "G62" if at[1] == "17":
                advice["expected_on"] = _day(at[2])
            case "W04":
                advice["lines"].append({"line_ref": "", "sku": at[5], "quantity": at[1]})
            case "N9" if at[1] == "LI" and advice["lines"]:
                advice["lines"][-1]["line_ref"] = at[2]
    if not advice["advice_ref"] or not advice["lines"]:
        found.error = found.error or x12.SEGMENT_MISSING
    return advice


def faults(order: Json, known_skus: set[str]) -> dict[int, str]:
    """What is wrong, by the position of the line; a wrong address is wrong in each."""
    missing = next((f"{name} is missing" for name in NEEDED if not order[name]), "")
    if not missing and len(order["country"]) != len("IN"):
        missing = "country must be two letters"
    found = {position: missing for position in range(len(order["lines"])) if missing}
    seen: set[str] = set()
    for position, line in enumerate(order["lines"]):
        wrong = _line_fault(line, known_skus, seen)
        if wrong:
            found.setdefault(position, wrong)
        seen.add(line["line_ref"])
    return found


def _line_fault(line: Json, known_skus: set[str], seen: set[str]) -> str:
    if not line["line_ref"] or line["line_ref"] in seen:
        return "line_ref must be unique within the order"
    if line["sku"] not in known_skus:
        return "unknown sku"
    return "" if line["quantity"].isdigit() and int(line["quantity"]) else "quantity must be 1 or more"


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"
