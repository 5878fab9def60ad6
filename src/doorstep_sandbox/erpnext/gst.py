"""Check Indian GST like ERPNext with India Compliance: GSTIN, place of supply, CGST and SGST or IGST, HSN."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from doorstep_sandbox.erpnext.errors import refuse
from doorstep_sandbox.frame.wire import Json

GSTIN = re.compile(r"[0-3][0-9][A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]")
HSN = re.compile(r"[0-9]{4}([0-9]{2}){0,2}")
PLACE = re.compile(r"([0-9]{2})-.+")
SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TOLERANCE = Decimal("0.01")


def check_digit(first_fourteen: str) -> str:
    """Multiply by 1, 2, 1, 2 … in base 36, sum the digits, take the complement to 36."""
    total = 0
    for position, symbol in enumerate(first_fourteen):
        product = SYMBOLS.index(symbol) * (1 + position % 2)
        total += product // 36 + product % 36
    return SYMBOLS[-total % 36]


def valid_gstin(gstin: str) -> bool:
    return GSTIN.fullmatch(gstin) is not None and check_digit(gstin[:14]) == gstin[14]


def kind(row: Json) -> str:
    """The kind of a tax row by its account: cgst, sgst, igst or nothing."""
    words = str(row.get("account_head", "")).upper()
    return next((tax for tax in ("cgst", "sgst", "igst") if tax.upper() in words), "")


def validate(invoice: Json, item_of: Callable[[str], Json]) -> None:
    """Raises Frappe's ValidationError for the first error."""
    for field in ("company_gstin", "billing_address_gstin", "customer_gstin"):
        gstin = invoice.get(field)
        if gstin and not valid_gstin(str(gstin)):
            raise refuse(
                "ValidationError", f"Invalid {field}: {gstin}. The check digit or the format is wrong."
            )
    if not invoice.get("company_gstin"):
        raise refuse("MandatoryError", f"[Sales Invoice, {invoice['name']}]: company_gstin")
    place = PLACE.fullmatch(str(invoice.get("place_of_supply", "")))
    if place is None:
        raise refuse(
            "ValidationError", "Place of Supply is required, as state code and state: 27-Maharashtra"
        )
    for row in invoice["items"]:
        hsn = str(row.get("gst_hsn_code") or item_of(str(row["item_code"])).get("gst_hsn_code") or "")
        if not HSN.fullmatch(hsn):
            raise refuse(
                "ValidationError", f"Row #{row['idx']}: please enter a valid HSN/SAC for {row['item_code']}"
            )
        row["gst_hsn_code"] = hsn
    _check_taxes(invoice, within_state=place.group(1) == str(invoice["company_gstin"])[:2])


def _check_taxes(invoice: Json, *, within_state: bool) -> None:
    amounts = {tax: Decimal(0) for tax in ("cgst", "sgst", "igst")}
    for row in invoice["taxes"]:
        if kind(row):
            amounts[kind(row)] += Decimal(str(row["tax_amount"]))
    if within_state and amounts["igst"]:
        raise refuse("ValidationError", "Cannot charge IGST for intra-state transactions")
    if not within_state and (amounts["cgst"] or amounts["sgst"]):
        raise refuse("ValidationError", "Cannot charge CGST/SGST for inter-state transactions")
    if abs(amounts["cgst"] - amounts["sgst"]) > TOLERANCE:
        raise refuse("ValidationError", f"CGST {amounts['cgst']} and SGST {amounts['sgst']} must be the same")
