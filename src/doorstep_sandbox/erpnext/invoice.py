"""Compute and validate a sales invoice in the order in which ERPNext does it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from doorstep_sandbox.erpnext import gst
from doorstep_sandbox.erpnext.errors import refuse
from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json

CENT = Decimal("0.01")
Lookup = Callable[[str, str], Json | None]


def prepare(invoice: Json, lookup: Lookup, against: list[Json]) -> None:
    """Set defaults like ERPNext, then compute and validate. `against` are earlier returns of the same invoice."""
    today = clock.now().astimezone(clock.IST).date().isoformat()
    if not invoice.get("set_posting_time") or not invoice.get("posting_date"):
        invoice["posting_date"] = today
    invoice.setdefault("due_date", invoice["posting_date"])
    company = lookup("Company", invoice["company"]) or {}
    customer = lookup("Customer", invoice["customer"]) or {}
    invoice.setdefault("currency", company.get("default_currency", "INR"))
    invoice.setdefault("customer_name", customer.get("customer_name"))
    invoice["company_gstin"] = invoice.get("company_gstin") or company.get("gstin")
    for position, row in enumerate(invoice["items"], 1):
        _check_row(row, position, lookup)
    _apply_template(invoice, lookup)
    if invoice.get("is_return"):
        _check_return(invoice, lookup, against)
    elif any(Decimal(str(row["qty"])) <= 0 for row in invoice["items"]):
        raise refuse("ValidationError", "Quantity must be greater than zero")
    compute(invoice, lookup)
    if invoice["company_gstin"] or company.get("country") == "India":
        gst.validate(invoice, lambda code: lookup("Item", code) or {})


def _check_row(row: Json, position: int, lookup: Lookup) -> None:
    if not row.get("item_code"):
        raise refuse("MandatoryError", f"[Sales Invoice Item, Row #{position}]: item_code")
    if lookup("Item", row["item_code"]) is None:
        raise refuse("LinkValidationError", f"Could not find Row #{position}: Item: {row['item_code']}")
    if row.get("qty") in (None, 0) or row.get("rate") is None:
        raise refuse("MandatoryError", f"[Sales Invoice Item, Row #{position}]: qty, rate")
    row["idx"] = position


def _apply_template(invoice: Json, lookup: Lookup) -> None:
    invoice.setdefault("taxes", [])
    name = invoice.get("taxes_and_charges")
    if not name:
        return
    template = lookup("Sales Taxes and Charges Template", name)
    if template is None:
        raise refuse("LinkValidationError", f"Could not find Sales Taxes and Charges: {name}")
    if not invoice["taxes"]:
        invoice["taxes"] = [dict(row) for row in template.get("taxes", [])]


def _check_return(invoice: Json, lookup: Lookup, against: list[Json]) -> None:
    name = str(invoice.get("return_against") or "")
    original = lookup("Sales Invoice", name)
    if original is None:
        raise refuse("LinkValidationError", f"Could not find Return Against: {name}")
    if original["docstatus"] != 1:
        raise refuse("ValidationError", f"Return Against Sales Invoice {name} must be submitted")
    if original["customer"] != invoice["customer"] or original["company"] != invoice["company"]:
        raise refuse("ValidationError", f"Customer and company must be those of {name}")
    for row in invoice["items"]:
        sold = _quantity([original], row["item_code"])
        returned = -_quantity(against, row["item_code"])
        asked = -Decimal(str(row["qty"]))
        if asked <= 0:
            raise refuse(
                "ValidationError",
                "Atleast one item should be entered with negative quantity in return document",
            )
        if asked + returned > sold:
            message = (
                f"Row # {row['idx']}: Cannot return more than {sold - returned} for Item {row['item_code']}"
            )
            raise refuse("StockOverReturnError", message)


def _quantity(invoices: list[Json], item_code: str) -> Decimal:
    rows = [row for invoice in invoices for row in invoice["items"] if row["item_code"] == item_code]
    return sum((Decimal(str(row["qty"])) for row in rows), Decimal(0))


def compute(invoice: Json, lookup: Lookup) -> None:
    """Compute amounts, taxes and totals. Rates that include tax are split per item."""
    rows, taxes = invoice["items"], invoice["taxes"]
    for position, tax in enumerate(taxes, 1):
        tax["idx"] = position
    net_total = Decimal(0)
    for row in rows:
        amount = money(Decimal(str(row["qty"])) * Decimal(str(row["rate"])))
        included = sum(
            (_rate(tax, row, lookup) for tax in taxes if tax.get("included_in_print_rate")), Decimal(0)
        )
        net = money(amount * 100 / (100 + included))
        row.update(amount=float(amount), net_amount=float(net))
        net_total += net
    total = net_total
    for tax in taxes:
        value = _tax_amount(tax, rows, lookup)
        total += value
        tax.update(tax_amount=float(value), total=float(total))
    rounded = total.quantize(Decimal(1), ROUND_HALF_UP)
    invoice.update(
        total_qty=float(_total(rows, "qty")),
        total=float(_total(rows, "amount")),
        net_total=float(net_total),
        total_taxes_and_charges=float(total - net_total),
        grand_total=float(total),
        rounded_total=0.0 if invoice.get("disable_rounded_total") else float(rounded),
        rounding_adjustment=0.0 if invoice.get("disable_rounded_total") else float(rounded - total),
        outstanding_amount=float(total if invoice.get("disable_rounded_total") else rounded),
    )


def _tax_amount(tax: Json, rows: list[Json], lookup: Lookup) -> Decimal:
    if not tax.get("account_head"):
        raise refuse("MandatoryError", f"[Sales Taxes and Charges, Row #{tax['idx']}]: account_head")
    if tax.get("charge_type") == "Actual":
        return money(Decimal(str(tax.get("tax_amount", 0))))
    if tax.get("charge_type") != "On Net Total":
        raise refuse(
            "ValidationError", f"Row #{tax['idx']}: Charge Type cannot be {tax.get('charge_type')!r}"
        )
    parts = (Decimal(str(row["net_amount"])) * _rate(tax, row, lookup) / 100 for row in rows)
    return money(sum(parts, Decimal(0)))


def _rate(tax: Json, row: Json, lookup: Lookup) -> Decimal:
    """The tax rate of an item in percent: its own item_tax_rate, its template's, or the tax row's."""
    account = str(tax.get("account_head", ""))
    own = row.get("item_tax_rate") or "{}"
    rates: Json = json.loads(own) if isinstance(own, str) else own
    if account in rates:
        return Decimal(str(rates[account]))
    template = lookup("Item Tax Template", str(row.get("item_tax_template") or "")) or {}
    for line in template.get("taxes", []):
        if line["tax_type"] == account:
            return Decimal(str(line["tax_rate"]))
    return Decimal(str(tax.get("rate") or 0))


def money(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _total(rows: list[Json], field: str) -> Decimal:
    return sum((Decimal(str(row[field])) for row in rows), Decimal(0))
