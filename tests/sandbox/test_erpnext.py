"""ERPNext through Frappe's REST API: names, filters, submission, custom fields, and invoices with valid GST."""

from __future__ import annotations

import json

import httpx
import pytest

from doorstep_sandbox.erpnext import gst

IGST = {"charge_type": "On Net Total", "account_head": "Output Tax IGST - ER", "rate": 5}
HALVES = [
    {"charge_type": "On Net Total", "account_head": f"Output Tax {tax} - ER", "rate": 2.5}
    for tax in ("CGST", "SGST")
]
INVOICE = {
    "customer": "Meera Nair",
    "company": "Example Retail",
    "place_of_supply": "07-Delhi",
    "doorstep_ref": "shipment-1",
    "items": [{"item_code": "GT-WH-02", "qty": 2, "rate": 500}],
    "taxes": [IGST],
}


def create(erpnext, doctype, **body):
    return erpnext.post(f"/api/resource/{doctype}", json=body)


@pytest.fixture
def books(erpnext):
    assert create(erpnext, "Customer", customer_name="Meera Nair").status_code == 200
    item = {"item_code": "GT-WH-02", "item_group": "Products", "gst_hsn_code": "610910"}
    assert create(erpnext, "Item", **item).status_code == 200
    return erpnext


def refused(answer, kind, words):
    document = answer.json()
    assert document["exc_type"] == kind
    (message,) = json.loads(document["_server_messages"])
    assert words in json.loads(message)["message"]
    return answer.status_code


def test_a_draft_is_named_computed_and_submitted(books):
    made = create(books, "Sales Invoice", **INVOICE).json()["data"]
    assert (made["name"][:5], made["name"][-6:], made["docstatus"]) == ("SINV-", "-00001", 0)
    assert (made["net_total"], made["total_taxes_and_charges"], made["grand_total"]) == (1000.0, 50.0, 1050.0)
    assert made["items"][0]["gst_hsn_code"] == "610910"
    path = f"/api/resource/Sales Invoice/{made['name']}"
    done = books.put(path, json={"docstatus": 1}).json()["data"]
    assert (done["docstatus"], done["status"]) == (1, "Unpaid")
    assert books.get(path).json()["data"] == done
    changed = books.put(path, json={"remarks": "late"})
    assert refused(changed, "UpdateAfterSubmitError", "after submission") == 417
    assert books.put(path, json={"docstatus": 2}).json()["data"]["status"] == "Cancelled"


def test_the_submit_method_takes_a_complete_document(books):
    answer = books.post(
        "/api/method/frappe.client.submit", json={"doc": {"doctype": "Sales Invoice", **INVOICE}}
    )
    assert answer.json()["message"]["docstatus"] == 1
    assert books.get("/api/method/frappe.auth.get_logged_user").json() == {"message": "api@example.com"}


def test_a_reference_is_unique_and_found_by_filter(books):
    made = create(books, "Sales Invoice", **INVOICE).json()["data"]
    again = create(books, "Sales Invoice", **INVOICE)
    assert refused(again, "UniqueValidationError", "doorstep_ref") == 417
    filters = json.dumps([["doorstep_ref", "=", "shipment-1"]])
    query = {"filters": filters, "fields": json.dumps(["name", "grand_total"])}
    found = books.get("/api/resource/Sales Invoice", params=query).json()["data"]
    assert found == [{"name": made["name"], "grand_total": 1050.0}]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ([["item_code", "like", "GT%"]], 1),
        ([["item_code", "in", ["A", "GT-WH-02"]]], 1),
        ([["Item", "item_code", "!=", "GT-WH-02"]], 0),
        ([["gst_hsn_code", "is", "set"]], 1),
        ([["creation", ">=", "2020-01-01"]], 1),
        ({"item_code": "GT-WH-02"}, 1),
    ],
)
def test_filters_are_frappes(books, filters, count):
    found = books.get("/api/resource/Item", params={"filters": json.dumps(filters)}).json()["data"]
    assert len(found) == count


def test_undeclared_custom_fields_vanish(books):
    loose = create(books, "Customer", customer_name="A", custom_grade="gold").json()["data"]
    assert "custom_grade" not in loose
    field = {"dt": "Customer", "fieldname": "custom_grade", "fieldtype": "Data", "unique": 1}
    create(books, "Custom Field", **field)
    kept = create(books, "Customer", customer_name="B", custom_grade="gold").json()["data"]
    assert kept["custom_grade"] == "gold"
    again = create(books, "Customer", customer_name="C", custom_grade="gold")
    assert refused(again, "UniqueValidationError", "custom_grade") == 417


def test_a_taken_name_is_a_conflict_for_items_and_a_number_for_customers(books):
    again = create(books, "Item", item_code="GT-WH-02", item_group="Products")
    assert refused(again, "DuplicateEntryError", "GT-WH-02") == 409
    assert create(books, "Customer", customer_name="Meera Nair").json()["data"]["name"] == "Meera Nair - 1"
    address = {
        "address_title": "Meera Nair",
        "address_line1": "12 Lodhi Road",
        "city": "New Delhi",
        "country": "India",
    }
    assert create(books, "Address", **address).json()["data"]["name"] == "Meera Nair-Billing"


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"customer": ""}, "MandatoryError", "customer"),
        ({"customer": "Nobody"}, "LinkValidationError", "Nobody"),
        ({"items": [{"item_code": "NONE", "qty": 1, "rate": 1}]}, "LinkValidationError", "NONE"),
        (
            {"items": [{"item_code": "GT-WH-02", "qty": -1, "rate": 1}]},
            "ValidationError",
            "greater than zero",
        ),
        ({"place_of_supply": "Delhi"}, "ValidationError", "Place of Supply"),
        ({"place_of_supply": "27-Maharashtra"}, "ValidationError", "Cannot charge IGST"),
        ({"taxes": HALVES}, "ValidationError", "Cannot charge CGST/SGST"),
        ({"billing_address_gstin": "07AAPFU0939F1ZV"}, "ValidationError", "Invalid billing_address_gstin"),
        ({"naming_series": "ACC-SINV-.YYYY.-"}, "ValidationError", "16 characters"),
        ({"taxes": [{**IGST, "charge_type": "Magic"}]}, "ValidationError", "Charge Type"),
    ],
)
def test_a_wrong_invoice_is_refused_with_a_message(partners, books, changes, kind, words):
    assert refused(create(books, "Sales Invoice", **{**INVOICE, **changes}), kind, words) == 417
    assert partners.state("erpnext")["documents"].get("Sales Invoice", {}) == {}


def test_within_the_state_the_halves_must_be_equal(books):
    home = {**INVOICE, "place_of_supply": "27-Maharashtra"}
    made = create(books, "Sales Invoice", **{**home, "taxes": HALVES}).json()["data"]
    assert [row["tax_amount"] for row in made["taxes"]] == [25.0, 25.0]
    uneven = [HALVES[0], {**HALVES[1], "rate": 3}]
    answer = create(books, "Sales Invoice", **{**home, "taxes": uneven, "doorstep_ref": "other"})
    assert refused(answer, "ValidationError", "must be the same") == 417


def test_an_item_without_hsn_is_refused(books):
    create(books, "Item", item_code="BARE", item_group="Products")
    answer = create(
        books, "Sales Invoice", **{**INVOICE, "items": [{"item_code": "BARE", "qty": 1, "rate": 1}]}
    )
    assert refused(answer, "ValidationError", "HSN") == 417


def test_rates_may_differ_by_item_and_include_the_tax(books):
    create(books, "Item", item_code="DJ-BL-01", item_group="Products", gst_hsn_code="620342")
    items = [
        {
            "item_code": "GT-WH-02",
            "qty": 1,
            "rate": 105,
            "item_tax_rate": json.dumps({IGST["account_head"]: 5}),
        },
        {
            "item_code": "DJ-BL-01",
            "qty": 1,
            "rate": 112,
            "item_tax_rate": json.dumps({IGST["account_head"]: 12}),
        },
    ]
    taxes = [{**IGST, "rate": 0, "included_in_print_rate": 1}]
    made = create(books, "Sales Invoice", **{**INVOICE, "items": items, "taxes": taxes}).json()["data"]
    assert (made["net_total"], made["total_taxes_and_charges"], made["grand_total"]) == (200.0, 17.0, 217.0)


def test_templates_set_taxes_and_item_rates(books):
    account = IGST["account_head"]
    create(
        books,
        "Item Tax Template",
        title="GST 12",
        company="Example Retail",
        taxes=[{"tax_type": account, "tax_rate": 12}],
    )
    template = {"title": "Out of state", "company": "Example Retail", "taxes": [IGST]}
    create(books, "Sales Taxes and Charges Template", **template)
    items = [{**INVOICE["items"][0], "item_tax_template": "GST 12"}]
    body = {**INVOICE, "items": items, "taxes": [], "taxes_and_charges": "Out of state"}
    assert create(books, "Sales Invoice", **body).json()["data"]["total_taxes_and_charges"] == 120.0


def credit(books, name, quantity, ref):
    items = [{"item_code": "GT-WH-02", "qty": quantity, "rate": 500}]
    body = {
        **INVOICE,
        "is_return": 1,
        "return_against": name,
        "items": items,
        "doorstep_ref": ref,
        "docstatus": 1,
    }
    return create(books, "Sales Invoice", **body)


def test_a_credit_note_needs_a_submitted_invoice_and_does_not_exceed_it(books):
    draft = create(books, "Sales Invoice", **INVOICE).json()["data"]["name"]
    assert refused(credit(books, draft, -1, "r0"), "ValidationError", "must be submitted") == 417
    books.put(f"/api/resource/Sales Invoice/{draft}", json={"docstatus": 1})
    note = credit(books, draft, -1, "r1").json()["data"]
    assert (note["grand_total"], note["status"], note["docstatus"]) == (-525.0, "Return", 1)
    assert refused(credit(books, draft, -2, "r2"), "StockOverReturnError", "Cannot return more than 1") == 417
    assert refused(credit(books, "SINV-NONE", -1, "r3"), "LinkValidationError", "SINV-NONE") == 417


def test_a_stale_change_is_refused(books):
    path = "/api/resource/Customer/Meera Nair"
    answer = books.put(path, json={"modified": "2020-01-01 00:00:00.000000", "territory": "North"})
    assert refused(answer, "TimestampMismatchError", "modified") == 417


def test_strangers_and_strange_things(partners, erpnext):
    url = partners.url("erpnext") + "/api/resource/Item"
    assert httpx.get(url, headers={"Authorization": "token a:b"}, trust_env=False).status_code == 401
    assert refused(erpnext.get("/api/resource/Item/NONE"), "DoesNotExistError", "NONE") == 404
    assert refused(erpnext.get("/api/resource/Spaceship"), "DoesNotExistError", "Spaceship") == 404


@pytest.mark.parametrize(
    ("gstin", "valid"),
    [
        ("27AAPFU0939F1ZV", True),
        ("27AAPFU0939F1ZW", False),
        ("29AAGCB7383J1Z4", True),
        ("27aapfu0939f1zv", False),
    ],
)
def test_gstins_have_a_check_digit(gstin, valid):
    assert gst.valid_gstin(gstin) is valid
