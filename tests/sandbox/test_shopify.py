"""Orders in the Shopify sandbox: webhooks, queries and mutations."""

from __future__ import annotations

import json
from decimal import Decimal

import jsonschema
import pytest
import shopify as sdk
from tests.partners import running
from tests.sandbox.conftest import ORDER, sample

ORDER_QUERY = """query($id: ID!) { order(id: $id) { name displayFulfillmentStatus displayFinancialStatus email
  currentTotalPriceSet { shopMoney { amount currencyCode } }
  transactions { kind authorizationCode amountSet { shopMoney { amount } } }
  fulfillmentOrders(first: 5) { nodes { id status lineItems(first: 5) { nodes { id remainingQuantity sku } } } }
  fulfillments { status displayStatus deliveredAt trackingInfo { company number url } } } }"""
FULFILL = """mutation($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) {
  fulfillment { id status fulfillmentLineItems(first: 5) { nodes { id quantity } } } userErrors { field message } } }"""


def fulfill(shop, order, quantities=None):
    """Fulfills all that remains, or the given quantities by SKU."""
    (record,) = shop.run(ORDER_QUERY, id=order["admin_graphql_api_id"])["order"]["fulfillmentOrders"]["nodes"]
    group = {"fulfillmentOrderId": record["id"]}
    if quantities:
        lines = record["lineItems"]["nodes"]
        group["fulfillmentOrderLineItems"] = [
            {"id": line["id"], "quantity": quantities[line["sku"]]}
            for line in lines
            if line["sku"] in quantities
        ]
    tracking = {"company": "ShipHawk", "number": "SHK1245XYZ", "url": "https://example.com/t/SHK1245XYZ"}
    wanted = {"lineItemsByFulfillmentOrder": [group], "trackingInfo": tracking, "notifyCustomer": True}
    return shop.run(FULFILL, fulfillment=wanted)["fulfillmentCreate"]


def problems(topic, body):
    """Schema errors by place, without those that the vendor's own sample for the topic has as well."""
    file = topic.replace("/", "__")
    schema = sample(f"shopify/webhook_schemas_2026-07/{file}.json")
    validator = jsonschema.Draft202012Validator(schema)

    def places(document):
        return {
            "/".join("*" if isinstance(part, int) else part for part in error.absolute_path): error.message
            for error in validator.iter_errors(document)
        }

    theirs = places(sample(f"shopify/webhook_samples_2026-07/{file}.json")["response"])
    return {place: message for place, message in places(body).items() if place not in theirs}


# Known gaps of schemas that were inferred from samples: empty lists there, numbers seen only as integers.
INFERRED = {"name", "return_line_items", "refunds", "line_items/*/vendor", "user_id", "variant_id"}


def reported(shop, receiver):
    shop.partners.settle("shopify")
    return [(hook.headers["x-shopify-topic"], hook.json()) for hook in receiver.hooks]


@pytest.fixture
def listening(shop, receiver):
    shop.partners.act("shopify", "webhooks", url=receiver.url)
    return shop


def test_orders_create_is_valid_and_adds_up(listening, receiver):
    listening.place()
    bodies = dict(reported(listening, receiver))
    assert list(bodies) == ["orders/create", "order_transactions/create", "orders/paid"]
    for topic, body in bodies.items():
        assert problems(topic, body) == {}, topic
    order = bodies["orders/create"]
    lines = sum(Decimal(one["price"]) * one["quantity"] for one in order["line_items"])
    assert lines == Decimal(order["total_price"]) == Decimal("3697.00")
    assert order["financial_status"] == "paid"
    assert order["id"] > 2**53
    assert bodies["order_transactions/create"]["authorization"] == "pay_Example0000001"


def test_webhooks_carry_the_same_keys_as_the_vendors_sample(listening, receiver):
    listening.place()
    for topic, body in reported(listening, receiver):
        theirs = sample(f"shopify/webhook_samples_2026-07/{topic.replace('/', '__')}.json")["response"]
        assert set(body) == set(theirs), topic


def test_prices_that_include_gst_are_split(shop):
    away = shop.place()["order"]
    assert [(one["title"], one["rate"], one["price"]) for one in away["tax_lines"]] == [
        ("IGST", 0.12, "267.75"),
        ("IGST", 0.05, "57.05"),
    ]
    home = shop.place(address={**ORDER["address"], "province_code": "MH"})["order"]
    titles = [one["title"] for one in home["line_items"][0]["tax_lines"]]
    assert titles == ["CGST", "SGST"]
    assert home["line_items"][0]["tax_lines"][0]["price"] == "133.88"


def test_a_pending_order_is_paid_later(listening, receiver):
    order = listening.place(payment="pending")
    listening.partners.act(
        "shopify", "mark_paid", order_id=order["name"], razorpay_payment_id="pay_Later000000001"
    )
    topics = [(topic, body.get("financial_status")) for topic, body in reported(listening, receiver)]
    assert topics == [
        ("orders/create", "pending"),
        ("order_transactions/create", None),
        ("orders/paid", "paid"),
        ("orders/updated", "paid"),
    ]


def test_topics_can_be_sent_in_any_order(listening, receiver):
    listening.place(webhooks=["orders/updated", "orders/create", "orders/create"])
    assert [topic for topic, _ in reported(listening, receiver)] == [
        "orders/updated",
        "orders/create",
        "orders/create",
    ]


def test_overrides_make_a_wrong_order(listening, receiver):
    listening.place(overrides={"currency": "XXX", "total_price": "1.00"}, webhooks=["orders/create"])
    ((_, body),) = reported(listening, receiver)
    assert (body["currency"], body["total_price"]) == ("XXX", "1.00")


def test_an_order_is_read_back_with_its_payment(shop):
    order = shop.place()
    found = shop.run(ORDER_QUERY, id=order["admin_graphql_api_id"])["order"]
    assert (found["name"], found["displayFinancialStatus"]) == ("#1001", "PAID")
    assert found["currentTotalPriceSet"]["shopMoney"] == {"amount": "3697.00", "currencyCode": "INR"}
    (payment,) = found["transactions"]
    assert (payment["kind"], payment["authorizationCode"]) == ("SALE", "pay_Example0000001")
    assert shop.run(ORDER_QUERY, id="gid://shopify/Order/1")["order"] is None


def test_orders_are_polled_by_time_and_paged(shop):
    for day in (1, 2, 3):
        shop.place(created_at=f"2026-01-0{day}T10:00:00+05:30")
    document = """query($q: String, $after: String) { orders(first: 1, after: $after, query: $q, sortKey: UPDATED_AT) {
      nodes { name } pageInfo { hasNextPage endCursor } } }"""
    query, after, names = "updated_at:>='2026-01-02T00:00:00Z'", None, []
    while True:
        page = shop.run(document, q=query, after=after)["orders"]
        names += [one["name"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == ["#1002", "#1003"]


def test_a_list_without_first_is_refused(shop):
    body = {"query": "{ orders { nodes { id } } }"}
    errors = shop.http.post(shop.url, json=body).json()["errors"]
    assert errors[0]["extensions"]["code"] == "BAD_REQUEST"


def test_an_order_is_fulfilled_in_parts_until_it_is_closed(listening, receiver):
    order = listening.place(webhooks=[])
    first = fulfill(listening, order, {"DJ-BL-01": 1})
    assert first["userErrors"] == []
    found = listening.run(ORDER_QUERY, id=order["admin_graphql_api_id"])["order"]
    assert found["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    assert found["fulfillments"][0]["trackingInfo"][0]["number"] == "SHK1245XYZ"
    fulfill(listening, order)
    third = fulfill(listening, order)
    assert third["fulfillment"] is None
    assert "unfulfillable status= closed" in third["userErrors"][0]["message"]
    hooks = reported(listening, receiver)
    assert [topic for topic, _ in hooks] == ["fulfillments/create", "orders/updated"] * 2
    assert set(problems("fulfillments/create", hooks[0][1])) <= INFERRED
    record = next(iter(listening.partners.state("shopify")["orders"].values()))
    assert [one["notified"] for one in record["fulfillments"]] == [True, True]


def test_more_than_remains_is_refused(shop):
    order = shop.place()
    answer = fulfill(shop, order, {"GT-WH-02": 3})
    assert answer["fulfillment"] is None
    assert answer["userErrors"] == [
        {"field": ["fulfillment"], "message": "Invalid fulfillment order line item quantity requested."}
    ]


def test_events_report_the_parcels_location(shop):
    order = shop.place()
    fulfillment = fulfill(shop, order)["fulfillment"]["id"]
    document = """mutation($e: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $e) {
      fulfillmentEvent { status } userErrors { message } } }"""
    for status, at in [("DELIVERED", "2026-01-05T10:00:00Z"), ("IN_TRANSIT", "2026-01-04T10:00:00Z")]:
        shop.run(document, e={"fulfillmentId": fulfillment, "status": status, "happenedAt": at})
    (found,) = shop.run(ORDER_QUERY, id=order["admin_graphql_api_id"])["order"]["fulfillments"]
    assert (found["displayStatus"], found["deliveredAt"]) == ("DELIVERED", "2026-01-05T10:00:00Z")


SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { field code message } } }"""


def stock(shop):
    shop.partners.act("shopify", "catalog", items=[{"sku": "SNK-BK-04", "title": "Black Sneakers"}])
    found = shop.run(
        """{ inventoryItems(first: 5, query: "sku:SNK-BK-04") { nodes { id sku } } locations(first: 1) { nodes { id } } }"""
    )
    return found["inventoryItems"]["nodes"][0]["id"], found["locations"]["nodes"][0]["id"]


def set_stock(shop, key, quantity, before):
    item, place = stock(shop)
    level = {"inventoryItemId": item, "locationId": place, "quantity": quantity, "changeFromQuantity": before}
    given = {"name": "available", "reason": "correction", "quantities": [level]}
    return shop.run(SET, input=given, key=key)["inventorySetQuantities"]


def test_stock_is_compared_before_it_is_set(shop):
    assert set_stock(shop, "a", 7, 0)["userErrors"] == []
    (error,) = set_stock(shop, "b", 9, 3)["userErrors"]
    assert error["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert set_stock(shop, "c", 9, 7)["userErrors"] == []
    (level,) = shop.partners.state("shopify")["levels"].values()
    assert level["available"] == 9


def test_a_key_is_good_for_one_change(shop):
    first, second = (set_stock(shop, "a", 7, None) for _ in range(2))
    assert first == second
    item, place = stock(shop)
    level = {"inventoryItemId": item, "locationId": place, "quantity": 8}
    given = {"name": "available", "reason": "correction", "quantities": [level]}
    body = {"query": SET, "variables": {"input": given, "key": "a"}}
    errors = shop.http.post(shop.url, json=body).json()["errors"]
    assert errors[0]["extensions"]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


def test_adjusting_without_a_key_is_refused(shop):
    item, place = stock(shop)
    document = """mutation($input: InventoryAdjustQuantitiesInput!) { inventoryAdjustQuantities(input: $input) {
      userErrors { message } } }"""
    change = {"inventoryItemId": item, "locationId": place, "delta": 1}
    given = {"name": "available", "reason": "correction", "changes": [change]}
    answer = shop.http.post(shop.url, json={"query": document, "variables": {"input": given}}).json()
    assert "@idempotent directive is required" in answer["errors"][0]["message"]
    assert shop.partners.state("shopify")["levels"] == {}


def test_a_wrong_token_is_401(shop):
    answer = shop.http.post(shop.url, json={}, headers={"X-Shopify-Access-Token": "guess"})
    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key")


def test_an_empty_bucket_throttles_with_http_200():
    with running({"shopify": {"bucket": {"maximum": 3, "restore_rate": 0.01}}}, ["shopify"]) as partners:
        ready = partners.ready["shopify"]
        headers = {"X-Shopify-Access-Token": ready["access_token"]}
        url = ready["url"] + "/admin/api/2026-07/graphql.json"
        body = {"query": "{ shop { name } }"}
        answers = [partners.http.post(url, json=body, headers=headers) for _ in range(4)]
    assert [one.status_code for one in answers] == [200] * 4
    throttled = answers[3].json()
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert throttled["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 3.0
    assert answers[0].json()["extensions"]["cost"]["requestedQueryCost"] == 1


def test_a_throttling_fault_names_its_operation(partners, shop):
    partners.fail("shopify", {"kind": "status_429", "operation": "orders"})
    body = {"query": "query Poll { orders(first: 1) { nodes { id } } }"}
    answers = [shop.http.post(shop.url, json=body).json() for _ in range(2)]
    assert answers[0]["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answers[1]["data"] == {"orders": {"nodes": []}}
    assert [one["operation"] for one in partners.calls("shopify")] == ["orders", "orders"]


def test_the_log_shows_the_key_of_an_idempotent_call(shop):
    set_stock(shop, "stock-key-1", 7, None)
    assert shop.partners.calls("shopify")[-1]["idempotency_key"] == "stock-key-1"


def test_the_official_client_works_with_it(partners, shop):
    shop.place()
    sdk.ShopifyResource.site = partners.url("shopify") + "/admin/api/2026-07"
    sdk.ShopifyResource.headers["X-Shopify-Access-Token"] = partners.ready["shopify"]["access_token"]
    try:
        answer = json.loads(sdk.GraphQL().execute("{ orders(first: 1) { nodes { name } } }"))
    finally:
        sdk.ShopifyResource.clear_session()
    assert answer["data"] == {"orders": {"nodes": [{"name": "#1001"}]}}


def test_a_subscription_of_the_api_gets_its_topic(shop, receiver):
    document = """mutation($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) { userErrors { message } } }"""
    for expected in ([], [{"message": "Address for this topic has already been taken"}]):
        answer = shop.run(document, topic="ORDERS_PAID", sub={"uri": receiver.url})
        assert answer["webhookSubscriptionCreate"]["userErrors"] == expected
    shop.place()
    assert [topic for topic, _ in reported(shop, receiver)] == ["orders/paid"]
