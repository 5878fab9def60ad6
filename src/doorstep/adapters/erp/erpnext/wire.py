"""Map invoices and credit notes to ERPNext Sales Invoices: exact rates and taxes, negative units for credit notes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from doorstep.domain.invoicing import model as invoicing
from doorstep.kernel import money

_TAG = re.compile(r"<[^>]+>")
_numbers = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Books:
    """The company's accounts and defaults."""

    reference_field: str
    cgst_account: str
    sgst_account: str
    igst_account: str
    customer_group: str
    territory: str
    item_codes: bool


class Row(msgspec.Struct, kw_only=True):
    """A document in a list."""

    name: str
    docstatus: int = 0


class Rows(msgspec.Struct, kw_only=True):
    data: list[Row]


class Made(msgspec.Struct, kw_only=True):
    """A document in ERPNext; invoices have a total."""

    name: str
    docstatus: int = 0
    grand_total: Decimal | None = None


class One(msgspec.Struct, kw_only=True):
    data: Made


def reason(body: object) -> str:
    """The sentence of an error answer: Frappe's messages are JSON in JSON, and may have HTML in them."""
    if not isinstance(body, dict):
        return ""
    try:
        shown = [str(_from_json(each)["message"]) for each in _from_json(body["_server_messages"])]
    except (KeyError, TypeError, ValueError):
        shown = []
    exception = str(body.get("exception", "")).strip()
    if exception and not shown:
        shown = [exception.splitlines()[-1].partition(": ")[2]]
    return " ".join(_TAG.sub("", " ".join(shown)).split())


def _from_json(text: str) -> Any:
    return json.loads(text)


def customer_label(buyer: invoicing.Buyer) -> str:
    """A customer's name in ERPNext: two people of one name are two customers, a returning one is the same."""
    contact = buyer.tax_number or buyer.email or buyer.phone
    return f"{buyer.name} ({contact})" if contact else buyer.name


def customer(buyer: invoicing.Buyer, books: Books) -> dict[str, object]:
    """A Customer document."""
    return {
        "customer_name": customer_label(buyer),
        "customer_type": "Company" if buyer.tax_number else "Individual",
        "customer_group": books.customer_group,
        "territory": books.territory,
        "gst_category": gst_category(buyer),
        "gstin": buyer.tax_number,
        "email_id": buyer.email,
        "mobile_no": buyer.phone,
    }


def gst_category(buyer: invoicing.Buyer) -> str:
    """India Compliance's category: a consumer is unregistered."""
    return "Registered Regular" if buyer.tax_number else "Unregistered"


def sales_invoice(
    document: invoicing.Document, books: Books, *, customer: str, against: str
) -> dict[str, object]:
    """A draft Sales Invoice; for a credit note `against` is the number of the invoice it corrects."""
    is_return = document.kind is invoicing.Kind.CREDIT_NOTE
    sign = -1 if is_return else 1
    body: dict[str, object] = {
        books.reference_field: document.reference,
        "company": document.seller.company,
        "customer": customer,
        "set_posting_time": 1,
        "posting_date": document.issued_date.isoformat(),
        "due_date": document.issued_date.isoformat(),
        "currency": document.currency,
        "po_no": document.order_number,
        "update_stock": 0,
        "disable_rounded_total": 1,
        "company_gstin": document.seller.tax_number,
        "billing_address_gstin": document.buyer.tax_number,
        "gst_category": gst_category(document.buyer),
        "place_of_supply": document.place_of_supply,
        "items": [item for line in document.lines for item in _items(line, document.currency, sign, books)],
        "taxes": _taxes(document, sign, books),
    }
    if is_return:
        body |= {"is_return": 1, "return_against": against}
    return body


def _items(line: invoicing.DocumentLine, currency: str, sign: int, books: Books) -> list[dict[str, object]]:
    """ERPNext multiplies rate and units: an amount that does not divide evenly becomes two rows that add up exactly."""
    low, dearer = divmod(line.taxable_minor, line.quantity)
    rows = [(line.quantity - dearer, low), (dearer, low + 1)]
    return [_item(line, sign * units, _amount(rate, currency), books) for units, rate in rows if units]


def _item(line: invoicing.DocumentLine, units: int, rate: Decimal, books: Books) -> dict[str, object]:
    item: dict[str, object] = {
        "item_name": line.title,
        "description": f"{line.sku} {line.title}",
        "qty": units,
        "uom": "Nos",
        "rate": rate,
        "gst_hsn_code": line.hsn,
    }
    return {"item_code": line.sku, **item} if books.item_codes else item


def _taxes(document: invoicing.Document, sign: int, books: Books) -> list[dict[str, object]]:
    """One row per kind of tax on the document, with its account."""
    known = {"CGST": books.cgst_account, "SGST": books.sgst_account, "IGST": books.igst_account}
    accounts = {**known, **document.tax_accounts}
    kinds = dict.fromkeys(tax.kind for line in document.lines for tax in line.taxes)
    if missing := kinds.keys() - accounts:
        raise invoicing.NoTaxAccount(sorted(missing))
    rows = []
    for kind in kinds:
        taxes = [next((tax for tax in line.taxes if tax.kind == kind), _NO_TAX) for line in document.lines]
        if any(tax.amount_minor for tax in taxes):
            rows.append(_tax_row(document, kind, accounts[kind], taxes, sign, books))
    return rows


_NO_TAX = invoicing.TaxLine("", 0, 0)


def _tax_row(
    document: invoicing.Document,
    kind: str,
    account: str,
    taxes: Sequence[invoicing.TaxLine],
    sign: int,
    books: Books,
) -> dict[str, object]:
    return {
        # Actual, with the share of each item: India Compliance needs the shares, and a rate alone would
        # be rounded again.
        "charge_type": "Actual",
        "account_head": account,
        "description": kind,
        "tax_amount": _amount(sign * sum(tax.amount_minor for tax in taxes), document.currency),
        "item_wise_tax_detail": _by_item(document, taxes, sign, books),
        "dont_recompute_tax": 1,
    }


def _by_item(
    document: invoicing.Document, taxes: Sequence[invoicing.TaxLine], sign: int, books: Books
) -> str:
    detail: dict[str, tuple[Decimal, Decimal]] = {}
    for line, tax in zip(document.lines, taxes, strict=True):
        key = line.sku if books.item_codes else line.title
        earlier = detail[key][1] if key in detail else Decimal(0)
        amount = _amount(sign * tax.amount_minor, document.currency)
        detail[key] = (Decimal(tax.rate_ppm) / 10_000, earlier + amount)
    return _numbers.encode(detail).decode()


def _amount(minor: int, currency: str) -> Decimal:
    return money.Money(minor, currency).decimal()


def is_total_equal(made: Made, document: invoicing.Document) -> bool:
    """Whether ERPNext has our total (returns are negative there); true if it sends none."""
    if made.grand_total is None:
        return True
    return abs(made.grand_total) == _amount(document.total_minor, document.currency)


def filters(**wanted: str) -> str:
    """Frappe's filter list: all of these equal, without canceled documents."""
    rules = [[name, "=", value] for name, value in wanted.items()]
    return _numbers.encode([*rules, ["docstatus", "<", 2]]).decode()
