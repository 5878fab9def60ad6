"""Features of invoicing.ports.AccountingSystem."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tests.contracts import stage

from doorstep.domain.connections import model as connections
from doorstep.domain.invoicing import model as invoicing
from doorstep.kernel import ids

KIND = connections.Kind.ERP
SELLER = invoicing.Seller("NotNaked Retail", "07AAACN1234A1Z9", "DL", "22 Market Road, New Delhi", "IN")
BUYER = invoicing.Buyer(
    "Meera Iyer", "meera@example.in", "+919800000001", "7 Rajpath Lane", "", "Mumbai", "MH", "400001", "IN"
)
LINE = invoicing.TaxableLine(1, "GT-WH-02", "Graphic T-shirt", "6109", 3, 239900, 1200)


def document(kind: invoicing.Kind, *, reference: str, against: str = "") -> invoicing.Document:
    return invoicing.Document(
        invoice_id=ids.InvoiceId(7),
        kind=kind,
        reference=reference,
        order_number="#2041",
        issued_date=date(2026, 5, 5),
        currency="INR",
        seller=SELLER,
        buyer=BUYER,
        place_of_supply=invoicing.place_of_supply("MH"),
        lines=invoicing.tax_lines([LINE], seller_state="DL", buyer_state="MH"),
        against_number=against,
    )


INVOICE = document(invoicing.Kind.INVOICE, reference="invoice-7")


def credit_note(context: Mapping[str, str]) -> invoicing.Document:
    return document(invoicing.Kind.CREDIT_NOTE, reference="credit-7", against=context["invoice"])


FEATURES = {
    "invoice": stage.Feature(
        act=lambda erp, _: erp.post(INVOICE),
        find=lambda erp, _: erp.find(INVOICE),
        good=lambda posted: bool(posted.number),
    ),
    "credit_note": stage.Feature(
        act=lambda erp, context: erp.post(credit_note(context)),
        find=lambda erp, context: erp.find(credit_note(context)),
        good=lambda posted: bool(posted.number),
    ),
}
