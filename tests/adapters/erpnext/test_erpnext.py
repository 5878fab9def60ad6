"""ERPNext: one submitted Sales Invoice per reference, exact to the last paisa."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.adapters import scripted

from doorstep.adapters.erp.erpnext import connector, wire
from doorstep.domain.invoicing import model as invoicing
from doorstep.kernel import errors, http, ids

SELLER = invoicing.Seller("NotNaked Retail", "07AAACN1234A1Z9", "DL", "22 Market Road", "IN")
BUYER = invoicing.Buyer(
    "Meera Iyer", "meera@example.in", "+919800000001", "7 Rajpath Lane", "", "New Delhi", "DL", "110003", "IN"
)
LINES = (
    invoicing.TaxableLine(1, "GT-WH-02", "Graphic T-shirt", "6109", 4, 100000, 1200),
    invoicing.TaxableLine(2, "GT-WH-02", "Graphic T-shirt", "6109", 1, 33600, 1200),
)
BOOKS = wire.Books("doorstep_ref", "CGST - N", "SGST - N", "IGST - N", "Individual", "India", item_codes=True)
TABLE = "/api/resource/Sales%20Invoice"


def document(*, buyer_state: str = "DL", **changes: Any) -> invoicing.Document:
    plain = invoicing.Document(
        invoice_id=ids.InvoiceId(1),
        kind=invoicing.Kind.INVOICE,
        reference="invoice-7",
        order_number="#2041",
        issued_date=date(2026, 5, 5),
        currency="INR",
        seller=SELLER,
        buyer=dataclasses.replace(BUYER, state_code=buyer_state),
        place_of_supply=invoicing.place_of_supply(buyer_state),
        lines=invoicing.tax_lines(LINES, seller_state="DL", buyer_state=buyer_state),
    )
    return dataclasses.replace(plain, **changes)


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


@pytest.fixture
def books(script: scripted.Script) -> Iterator[connector.Erpnext]:
    settings = scripted.settings(connector.Settings, base_url=script.url, api_key="key", api_secret="secret")
    with scripted.session(script) as session:
        yield connector.Erpnext(settings, session)


def invoice(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = wire.sales_invoice(document(**changes), BOOKS, customer="Meera", against="SINV-1")
    return body


def test_an_invoice_within_a_state() -> None:
    body = invoice()
    assert body["doorstep_ref"] == "invoice-7"
    assert (body["company"], body["customer"], body["currency"]) == ("NotNaked Retail", "Meera", "INR")
    assert (body["place_of_supply"], body["company_gstin"], body["gst_category"]) == (
        "07-Delhi",
        "07AAACN1234A1Z9",
        "Unregistered",
    )
    assert "is_return" not in body
    assert [(row["account_head"], row["tax_amount"]) for row in body["taxes"]] == [
        ("CGST - N", Decimal("71.57")),
        ("SGST - N", Decimal("71.57")),
    ]
    assert json.loads(body["taxes"][0]["item_wise_tax_detail"]) == {"GT-WH-02": [6, 71.57]}


def test_rows_multiply_out_exactly() -> None:
    assert [(row["qty"], row["rate"]) for row in invoice()["items"]] == [
        (2, Decimal("223.21")),
        (2, Decimal("223.22")),
        (1, Decimal("300.00")),
    ]


def test_an_invoice_across_states() -> None:
    body = invoice(buyer_state="MH")
    assert (body["place_of_supply"], len(body["taxes"])) == ("27-Maharashtra", 1)
    assert json.loads(body["taxes"][0]["item_wise_tax_detail"]) == {"GT-WH-02": [12, 143.14]}


def taxed(*taxes: invoicing.TaxLine) -> invoicing.Document:
    """A document of which only these taxes are known."""
    plain = document()
    return dataclasses.replace(plain, lines=(dataclasses.replace(plain.lines[0], taxes=taxes),))


def test_a_tax_without_an_account_is_refused() -> None:
    with pytest.raises(errors.Refused, match="No account is mapped for VAT"):
        wire.sales_invoice(taxed(invoicing.TaxLine("VAT", 200_000, 100)), BOOKS, customer="Meera", against="")


def test_a_tax_of_nothing_has_no_row() -> None:
    body: dict[str, Any] = wire.sales_invoice(
        taxed(invoicing.TaxLine("IGST", 0, 0)), BOOKS, customer="Meera", against=""
    )
    assert body["taxes"] == []


def test_a_credit_note_has_negative_quantities() -> None:
    body = invoice(kind=invoicing.Kind.CREDIT_NOTE)
    assert (body["is_return"], body["return_against"]) == (1, "SINV-1")
    assert all(row["qty"] < 0 < row["rate"] for row in body["items"])
    assert body["taxes"][0]["tax_amount"] == Decimal("-71.57")


@pytest.mark.parametrize("kind", invoicing.Kind)
@pytest.mark.parametrize("state", ["DL", "MH"])
def test_every_document_adds_up_to_ours(kind: invoicing.Kind, state: str) -> None:
    reported = document(kind=kind, buyer_state=state)
    body: dict[str, Any] = wire.sales_invoice(reported, BOOKS, customer="Meera", against="")
    total = sum(row["qty"] * row["rate"] for row in body["items"]) + sum(
        row["tax_amount"] for row in body["taxes"]
    )
    assert abs(total) == Decimal("1336.00")
    assert wire.is_total_equal(wire.Made(name="SINV-1", grand_total=total), reported)
    assert not wire.is_total_equal(wire.Made(name="SINV-1", grand_total=total + 1), reported)


def test_an_erp_without_items() -> None:
    body: dict[str, Any] = wire.sales_invoice(
        document(), dataclasses.replace(BOOKS, item_codes=False), customer="Meera", against=""
    )
    assert "item_code" not in body["items"][0]
    assert list(json.loads(body["taxes"][0]["item_wise_tax_detail"])) == ["Graphic T-shirt"]


def test_customers() -> None:
    assert wire.customer_label(BUYER) == "Meera Iyer (meera@example.in)"
    assert wire.customer_label(dataclasses.replace(BUYER, email="", phone="")) == "Meera Iyer"
    firm = dataclasses.replace(BUYER, tax_number="07AAACN1234A1Z9")
    reported = wire.customer(firm, BOOKS)
    assert (reported["customer_type"], reported["gst_category"]) == ("Company", "Registered Regular")
    assert wire.customer(BUYER, BOOKS)["customer_type"] == "Individual"


def made(name: str, **changes: object) -> dict[str, Any]:
    return {"data": {"name": name, "docstatus": 0, **changes}}


EMPTY: dict[str, Any] = {"data": []}


def test_posting_looks_creates_and_submits(books: connector.Erpnext, script: scripted.Script) -> None:
    script.will_say(
        EMPTY, EMPTY, made("Meera"), made("SINV-1", grand_total=1336.0), made("SINV-1", docstatus=1)
    )
    assert books.post(document()) == invoicing.PostedDocument("SINV-1")
    assert script.paths == [
        f"GET {TABLE}",
        "GET /api/resource/Customer",
        "POST /api/resource/Customer",
        f"POST {TABLE}",
        f"PUT {TABLE}/SINV-1",
    ]
    assert json.loads(script.asked[0].params["filters"]) == [
        ["doorstep_ref", "=", "invoice-7"],
        ["docstatus", "<", 2],
    ]
    assert script.asked[0].headers["authorization"] == "token key:secret"
    assert script.asked[4].body == {"docstatus": 1}


def test_what_was_posted_is_not_posted_again(books: connector.Erpnext, script: scripted.Script) -> None:
    row = {"data": [{"name": "SINV-1", "docstatus": 1}]}
    script.will_say(row, row, {"data": [{"name": "SINV-1", "docstatus": 0}]}, EMPTY)
    assert books.post(document()) == invoicing.PostedDocument("SINV-1")
    assert books.find(document()) == invoicing.PostedDocument("SINV-1")
    assert books.find(document()) is None
    assert books.find(document()) is None
    assert len(script.asked) == 4


def test_a_draft_is_submitted(books: connector.Erpnext, script: scripted.Script) -> None:
    script.will_say(
        {"data": [{"name": "SINV-1"}]}, made("SINV-1", grand_total="1336"), made("SINV-1", docstatus=1)
    )
    assert books.post(document()) == invoicing.PostedDocument("SINV-1")
    script.will_say({"data": [{"name": "SINV-1"}]}, made("SINV-1", docstatus=1))
    assert books.post(document()) == invoicing.PostedDocument("SINV-1")


def test_another_total_stays_a_draft(books: connector.Erpnext, script: scripted.Script) -> None:
    script.will_say(EMPTY, {"data": [{"name": "Meera"}]}, made("SINV-1", grand_total=1336.01))
    with pytest.raises(http.Rejected, match="another total") as caught:
        books.post(document())
    assert caught.value.data["number"] == "SINV-1"
    assert len(script.asked) == 3


_TRACEBACK = json.dumps(["Traceback (most recent call last):\n" + '  File "frappe/app.py", line 1\n' * 200])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            {
                "exception": "frappe.exceptions.LinkValidationError: Could not find Customer Group: Online",
                "exc": _TRACEBACK,
                "_server_messages": json.dumps(
                    [
                        json.dumps(
                            {
                                "message": "Could not find <strong>Customer Group</strong>: Online",
                                "title": "x",
                            }
                        )
                    ]
                ),
            },
            "partner rejected the request (HTTP 417): Could not find Customer Group: Online.",
        ),
        (
            {"exception": "frappe.exceptions.ValidationError: The date is closed", "exc": _TRACEBACK},
            "partner rejected the request (HTTP 417): The date is closed.",
        ),
        (
            {"exc_type": "ValidationError", "_server_messages": "["},
            "partner rejected the request (HTTP 417).",
        ),
        (["nothing"], "partner rejected the request (HTTP 417): nothing."),
        ("Expectation Failed", "partner rejected the request (HTTP 417): Expectation Failed."),
        (None, "partner rejected the request (HTTP 417)."),
    ],
)
def test_a_refusal_has_the_sentence_of_erpnext(
    books: connector.Erpnext, script: scripted.Script, answer: object, sentence: str
) -> None:
    script.will_say(EMPTY)
    script.will_say(answer, status=417)
    with pytest.raises(http.Rejected) as caught:
        books.post(document())
    assert caught.value.message == sentence


def test_the_faster_one_wins(books: connector.Erpnext, script: scripted.Script) -> None:
    customer = {"data": [{"name": "Meera"}]}
    script.will_say(EMPTY, customer)
    script.will_say({"exc_type": "DuplicateEntryError"}, status=409)
    script.will_say({"data": [{"name": "SINV-9"}]}, made("SINV-9", docstatus=1))
    assert books.post(document()) == invoicing.PostedDocument("SINV-9")
    script.will_say(EMPTY, customer)
    script.will_say({"exc_type": "DuplicateEntryError"}, status=409)
    script.will_say(EMPTY)
    with pytest.raises(errors.Conflict):
        books.post(document())


@pytest.mark.parametrize(
    ("found", "against"), [({"data": [{"name": "SINV-1", "docstatus": 1}]}, "SINV-1"), (EMPTY, "")]
)
def test_a_credit_note_finds_its_invoice(
    books: connector.Erpnext, script: scripted.Script, found: dict[str, Any], against: str
) -> None:
    note = document(kind=invoicing.Kind.CREDIT_NOTE, reference="credit-7", against_reference="invoice-7")
    script.will_say(EMPTY, {"data": [{"name": "Meera"}]}, found, made("SINV-2"), made("SINV-2", docstatus=1))
    assert books.post(note) == invoicing.PostedDocument("SINV-2")
    assert script.asked[3].body["return_against"] == against


def test_a_credit_note_with_its_invoice_number(books: connector.Erpnext, script: scripted.Script) -> None:
    note = document(kind=invoicing.Kind.CREDIT_NOTE, against_number="SINV-1")
    script.will_say(EMPTY, {"data": [{"name": "Meera"}]}, made("SINV-2"), made("SINV-2", docstatus=1))
    books.post(note)
    assert script.asked[2].body["return_against"] == "SINV-1"
