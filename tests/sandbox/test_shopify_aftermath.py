"""After the sale in the Shopify sandbox: edits, cancellations, refunds, returns and their webhooks."""

from __future__ import annotations

import pytest
from tests.sandbox.conftest import ORDER, sample
from tests.sandbox.test_shopify import INFERRED, fulfill, problems, reported

CANCEL = """mutation($id: ID!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: true,
  refundMethod: {originalPaymentMethodsRefund: true}) { job { id done } orderCancelUserErrors { code message } } }"""
REFUND = """mutation($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) {
  refund { id totalRefundedSet { shopMoney { amount } } } order { displayFinancialStatus } userErrors { message } } }"""
APPROVE = """mutation($id: ID!) { returnApproveRequest(input: {id: $id}) { return { status } userErrors { code } } }"""
DECLINE = """mutation($id: ID!) { returnDeclineRequest(input: {id: $id, declineReason: FINAL_SALE, declineNote: "Final"}) {
  return { status decline { reason note } } userErrors { code } } }"""
PROCESS = """mutation($in: ReturnProcessInput!) { returnProcess(input: $in) { return { status } userErrors { code } } }"""
LINES = """query($id: ID!) { return(id: $id) { status name totalQuantity returnLineItems(first: 5) { nodes { id quantity
  returnReason ... on ReturnLineItem { fulfillmentLineItem { lineItem { sku } } } } } } }"""


@pytest.fixture
def listening(shop, receiver):
    shop.partners.act("shopify", "webhooks", url=receiver.url)
    return shop


def refund(shop, order, key, amount, **more):
    identifier = order["admin_graphql_api_id"]
    transaction = {"orderId": identifier, "kind": "REFUND", "gateway": "razorpay", "amount": amount}
    return shop.run(REFUND, key=key, input={"orderId": identifier, "transactions": [transaction], **more})[
        "refundCreate"
    ]


def test_an_edited_order_lists_its_changes(listening, receiver):
    order = listening.place(webhooks=[])
    address = {**ORDER["address"], "address1": "7 Mathura Road"}
    lines = [{"sku": "GT-WH-02", "quantity": 1}]
    listening.partners.act("shopify", "edit_order", order_id=order["order_id"], address=address, lines=lines)
    ((topic, body),) = reported(listening, receiver)
    assert topic == "orders/updated"
    assert problems(topic, body) == {}
    assert body["shipping_address"]["address1"] == "7 Mathura Road"
    assert [(one["quantity"], one["current_quantity"]) for one in body["line_items"]] == [(1, 1), (2, 1)]
    assert body["total_price"] == "3098.00"


def test_the_shop_cancels(listening, receiver):
    order = listening.place(webhooks=[], payment="pending")
    listening.partners.act("shopify", "cancel_order", order_id=order["order_id"], reason="inventory")
    (topic, body), _ = reported(listening, receiver)
    assert (topic, body["cancel_reason"], body["financial_status"]) == (
        "orders/cancelled",
        "inventory",
        "voided",
    )
    assert problems(topic, body) == {}


def test_canceling_by_api_refunds_and_happens_once(shop):
    order = shop.place()
    first, second = (shop.run(CANCEL, id=order["admin_graphql_api_id"])["orderCancel"] for _ in range(2))
    assert first["orderCancelUserErrors"] == []
    assert second["job"] is None
    assert second["orderCancelUserErrors"][0]["message"] == "Order has already been cancelled"
    (record,) = shop.partners.state("shopify")["orders"].values()
    assert record["financial_status"] == "refunded"


def test_a_fulfilled_order_is_not_cancelled(shop):
    order = shop.place()
    fulfill(shop, order)
    answer = shop.run(CANCEL, id=order["admin_graphql_api_id"])["orderCancel"]
    assert answer["orderCancelUserErrors"][0]["code"] == "INVALID"


def test_a_refund_happens_once_per_key_and_never_exceeds_the_payment(listening, receiver):
    order = listening.place(webhooks=[])
    line = order["order"]["line_items"][1]["admin_graphql_api_id"]
    items = [{"lineItemId": line, "quantity": 1, "restockType": "RETURN"}]
    first, second = (refund(listening, order, "r-1", "599.00", refundLineItems=items) for _ in range(2))
    assert first == second
    assert first["order"]["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    too_much = refund(listening, order, "r-2", "3698.00")
    assert too_much["refund"] is None
    assert "greater than" in too_much["userErrors"][0]["message"]
    topics = reported(listening, receiver)
    assert [topic for topic, _ in topics] == ["refunds/create", "orders/updated"]
    assert set(topics[0][1]) == set(
        sample("shopify/webhook_samples_2026-07/refunds__create.json")["response"]
    )


def asked(shop, **more):
    order = shop.place(webhooks=[])
    fulfill(shop, order)
    body = {"sku": "GT-WH-02", "quantity": 1, "reason": "SIZE_TOO_SMALL", "note": "Size issue", **more}
    return order, shop.partners.act("shopify", "request_return", order_id=order["order_id"], **body)


def test_a_return_is_requested_with_its_lines(listening, receiver):
    order, request = asked(listening, customer_note="Too tight")
    body = dict(reported(listening, receiver))["returns/request"]
    assert set(problems("returns/request", body)) <= INFERRED
    assert (body["status"], body["name"], body["order"]["id"]) == ("requested", "#1001-R1", order["order_id"])
    (line,) = body["return_line_items"]
    assert (line["quantity"], line["return_reason"], line["return_reason_note"]) == (
        1,
        "size_too_small",
        "Size issue",
    )
    assert line["fulfillment_line_item"]["line_item"]["id"] == order["order"]["line_items"][1]["id"]
    found = listening.run(LINES, id=f"gid://shopify/Return/{request['return_id']}")["return"]
    (node,) = found["returnLineItems"]["nodes"]
    assert node["fulfillmentLineItem"]["lineItem"]["sku"] == "GT-WH-02"


def test_only_fulfilled_unreturned_units_can_be_returned(shop):
    order, _ = asked(shop, quantity=2)
    for sku in ("GT-WH-02", "NONE"):
        with pytest.raises(AssertionError, match=r"422.*fulfilled and unreturned"):
            shop.partners.act("shopify", "request_return", order_id=order["order_id"], sku=sku)


def test_an_approved_return_is_processed_and_closed(listening, receiver):
    _, request = asked(listening)
    identifier = f"gid://shopify/Return/{request['return_id']}"
    assert listening.run(APPROVE, id=identifier)["returnApproveRequest"]["return"] == {"status": "OPEN"}
    again = listening.run(APPROVE, id=identifier)["returnApproveRequest"]
    assert again["userErrors"] == [{"code": "INVALID_STATE"}]
    (line,) = listening.run(LINES, id=identifier)["return"]["returnLineItems"]["nodes"]
    wanted = {"returnId": identifier, "returnLineItems": [{"id": line["id"], "quantity": 1}]}
    assert listening.run(PROCESS, **{"in": wanted})["returnProcess"]["return"] == {"status": "CLOSED"}
    hooks = dict(reported(listening, receiver))
    assert hooks["returns/approve"]["status"] == "open"
    assert problems("returns/close", hooks["returns/close"]) == {}
    assert set(problems("returns/approve", hooks["returns/approve"])) <= INFERRED


def test_a_declined_return_has_a_reason_and_frees_the_line(listening, receiver):
    order, request = asked(listening, quantity=2)
    identifier = f"gid://shopify/Return/{request['return_id']}"
    answer = listening.run(DECLINE, id=identifier)["returnDeclineRequest"]["return"]
    assert answer == {"status": "DECLINED", "decline": {"reason": "FINAL_SALE", "note": "Final"}}
    hook = dict(reported(listening, receiver))["returns/decline"]
    assert problems("returns/decline", hook) == {}
    assert hook["decline"] == {"reason": "final_sale", "note": "Final"}
    again = {"order_id": order["order_id"], "sku": "GT-WH-02", "quantity": 2}
    assert listening.partners.act("shopify", "request_return", **again)["name"] == "#1001-R2"
