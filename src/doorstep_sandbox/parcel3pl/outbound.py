"""What the warehouse writes: the columns of its CSV files, and the segments of its X12 sets."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.parcel3pl.x12 import Segment

COLUMNS = {
    "ack": "file order_ref line_ref result reason",
    "status": "order_ref status at note",
    "cancels": "order_ref result reason at",
    "shipments": "shipment_ref order_ref line_ref sku quantity_ordered quantity_shipped carton sscc carrier service "
    "tracking_number tracking_url weight_grams lot serial shipped_at short_reason",
    "stock": "sku condition on_hand reserved as_of",
    "adjustments": "adjustment_ref sku condition quantity reason at note",
    "receipts": "receipt_ref advice_ref line_ref sku quantity_advised quantity_received quantity_damaged lot expires_on "
    "received_at closed",
}
TRACKING = "https://tracking.example.com/"
SSCC_PREFIX = "00400001"


def table(kind: str, rows: Iterable[Mapping[str, object]]) -> bytes:
    columns = COLUMNS[kind].split()
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", extrasaction="raise")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def shipment_rows(shipment: Json) -> list[Json]:
    """A row per carton, line, lot and serial number; then the units that ship short."""
    common = {key: shipment[key] for key in ("shipment_ref", "order_ref", "carrier", "service", "shipped_at")}
    ordered = {line["line_ref"]: line for line in shipment["lines"]}
    rows = []
    for carton in shipment["cartons"]:
        for content in carton["lines"]:
            line = ordered[content["line_ref"]]
            serials = content["serials"] or [""]
            for serial in serials:
                row = common | {key: line[key] for key in ("line_ref", "sku")}
                row |= {key: carton[key] for key in ("sscc", "tracking_number", "weight_grams")}
                quantity = 1 if serial else content["quantity"]
                row |= {"carton": carton["number"], "lot": content["lot"], "serial": serial}
                row |= {"quantity_ordered": line["quantity"], "quantity_shipped": quantity}
                rows.append(row | {"tracking_url": TRACKING + carton["tracking_number"]})
    for line in shipment["lines"]:
        if line["short"]:
            row = common | {"line_ref": line["line_ref"], "sku": line["sku"], "quantity_shipped": 0}
            rows.append(
                row | {"quantity_ordered": line["quantity"], "short_reason": shipment["short_reason"]}
            )
    return rows


def shipment_945(shipment: Json, warehouse: str) -> list[Segment]:
    at = dt.datetime.fromisoformat(shipment["shipped_at"])
    lines: list[Segment] = [
        ["W06", "F", shipment["order_ref"], f"{at:%Y%m%d}", shipment["shipment_ref"]],
        ["N1", "SF", warehouse, "91", "WH1"],
        ["G62", "11", f"{at:%Y%m%d}", "W", f"{at:%H%M%S}"],
        ["W27", "M", shipment["carrier"], shipment["service"]],
    ]
    ordered = {line["line_ref"]: line for line in shipment["lines"]}
    stated: set[str] = set()
    for carton in shipment["cartons"]:
        lines += [["LX", str(carton["number"])]]
        lines += [["MAN", "GM", carton["sscc"], "CP", carton["tracking_number"]]]
        for content in carton["lines"]:
            line = ordered[content["line_ref"]]
            lines += _w12(line, content["quantity"], is_first=line["line_ref"] not in stated)
            lines += [["N9", "LT", content["lot"]]] if content["lot"] else []
            lines += [["N9", "SE", serial] for serial in content["serials"]]
            stated.add(line["line_ref"])
    missing = [line for line in shipment["lines"] if line["short"] and line["line_ref"] not in stated]
    if missing:
        lines += [["LX", str(len(shipment["cartons"]) + 1)]]
    for line in missing:
        lines += _w12(line, 0, is_first=True)
    units = sum(content["quantity"] for carton in shipment["cartons"] for content in carton["lines"])
    grams = sum(carton["weight_grams"] for carton in shipment["cartons"])
    return [*lines, ["W03", str(units), f"{grams // 1000}.{grams % 1000:03d}", "KG"]]


def _w12(line: Json, shipped: int, *, is_first: bool) -> list[Segment]:
    difference = str(line["short"]) if is_first else ""
    code = "CP" if line["short"] else "CC"
    w12 = ["W12", code, str(line["quantity"]), str(shipped), difference, "EA", "", "VN", line["sku"]]
    return [w12, ["N9", "LI", line["line_ref"]]]


def receipt_944(rows: list[Json]) -> list[Segment]:
    first = rows[0]
    at = dt.datetime.fromisoformat(first["received_at"])
    lines: list[Segment] = [["W17", "F", f"{at:%Y%m%d}", first["receipt_ref"], first["advice_ref"]]]
    for row in rows:
        lines += [["W07", str(row["quantity_received"]), "EA", "", "VN", row["sku"]]]
        lines += [["N9", "LI", row["line_ref"]]] if row["line_ref"] else []
        lines += [["N9", "LT", row["lot"]]] if row["lot"] else []
        lines += [["W13", str(row["quantity_damaged"]), "EA", "01"]] if row["quantity_damaged"] else []
    return [*lines, ["W14", str(sum(row["quantity_received"] for row in rows))]]


def sscc(serial: int) -> str:
    """18 digits with GS1's check digit."""
    body = f"{SSCC_PREFIX}{serial:09d}"
    total = sum(int(digit) * (3 if position % 2 == 0 else 1) for position, digit in enumerate(body))
    return body + str(-total % 10)
