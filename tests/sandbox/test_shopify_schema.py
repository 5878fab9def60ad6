"""Our part of the Admin schema is a part of the vendor's: same types, fields, arguments; its documents run here."""

from __future__ import annotations

import functools
import gzip
import json

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_client_schema,
    parse,
    validate,
)
from tests.sandbox.conftest import spec

from doorstep_sandbox.shopify.execute import SCHEMA

NOT_SERVED = {
    "bulkOperationRunQuery",
    "fulfillmentOrderHold",
    "fulfillmentOrderMove",
    "fulfillmentOrderReleaseHold",
}


@functools.cache
def vendor():
    path = spec("shopify/admin_graphql_2026-07.introspection.json.gz")
    document = json.loads(gzip.decompress(path.read_bytes()))
    return build_client_schema(document["data"])


def differences(ours, theirs):
    """Every name and type of one type of ours that the vendor's type does not have."""
    if theirs is None or type(ours) is not type(theirs):
        return [f"{ours.name} is not a type of the vendor's"]
    if isinstance(ours, GraphQLEnumType):
        return [f"{ours.name}.{value}" for value in ours.values if value not in theirs.values]
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        return [
            problem
            for name, field in ours.fields.items()
            for problem in field_differences(ours, name, field, theirs)
        ]
    return []


def field_differences(ours, name, field, theirs):
    other = theirs.fields.get(name)
    if other is None or str(other.type) != str(field.type):
        return [f"{ours.name}.{name}: {field.type} is not the vendor's {other and other.type}"]
    arguments = getattr(field, "args", {})
    return [
        f"{ours.name}.{name}({argument})"
        for argument, value in arguments.items()
        if argument not in other.args or str(other.args[argument].type) != str(value.type)
    ]


def test_every_type_field_and_argument_is_the_vendors():
    theirs = vendor()
    own = [one for name, one in SCHEMA.type_map.items() if not name.startswith("__")]
    assert [problem for one in own for problem in differences(one, theirs.type_map.get(one.name))] == []


def test_no_argument_or_input_that_the_vendor_demands_is_missing():
    theirs, missing = vendor(), []
    for name, one in SCHEMA.type_map.items():
        if isinstance(one, GraphQLInputObjectType):
            demanded = {
                field
                for field, value in theirs.type_map[name].fields.items()
                if str(value.type).endswith("!")
            }
            missing += [f"{name}.{field}" for field in demanded - set(one.fields)]
    assert missing == []


def test_the_idempotent_directive_is_the_vendors():
    ours, theirs = SCHEMA.get_directive("idempotent"), vendor().get_directive("idempotent")
    assert {name: str(one.type) for name, one in ours.args.items()} == {
        name: str(one.type) for name, one in theirs.args.items()
    }
    assert ours.locations == theirs.locations


def documents():
    folder = spec("shopify/graphql_docs")
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql"))}


def test_the_reference_documents_are_valid_here():
    wrong = {
        name: [error.message for error in validate(SCHEMA, parse(text))]
        for name, text in documents().items()
        if name not in NOT_SERVED
    }
    assert {name: errors for name, errors in wrong.items() if errors} == {}


VARIABLES = {
    "fulfillmentCreate": lambda ids: {
        "fulfillment": {
            "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": ids["fulfillment_order"]}],
            "trackingInfo": {"company": "ShipHawk", "number": "SHK1245XYZ", "url": "https://example.com/t"},
            "notifyCustomer": True,
        }
    },
    "fulfillmentEventCreate": lambda ids: {"e": {"fulfillmentId": ids["fulfillment"], "status": "DELIVERED"}},
    "fulfillmentTrackingInfoUpdate": lambda ids: {
        "id": ids["fulfillment"],
        "info": {"number": "X1"},
        "notify": False,
    },
    "inventoryAdjustQuantities": lambda ids: {
        "key": "adjust-1",
        "input": {
            "name": "available",
            "reason": "correction",
            "changes": [{"inventoryItemId": ids["item"], "locationId": ids["location"], "delta": 2}],
        },
    },
    "inventorySetQuantities": lambda ids: {
        "key": "set-1",
        "input": {
            "name": "available",
            "reason": "correction",
            "quantities": [
                {
                    "inventoryItemId": ids["item"],
                    "locationId": ids["location"],
                    "quantity": 5,
                    "changeFromQuantity": None,
                }
            ],
        },
    },
    "orderCancel": lambda ids: {"id": ids["other_order"], "reason": "CUSTOMER", "restock": True},
    "orders_poll": lambda _ids: {"first": 5},
    "refundCreate": lambda ids: {
        "key": "refund-1",
        "input": {
            "orderId": ids["order"],
            "transactions": [
                {"orderId": ids["order"], "kind": "REFUND", "gateway": "razorpay", "amount": "100.00"}
            ],
        },
    },
    "returnCreate": lambda ids: {
        "in": {
            "orderId": ids["order"],
            "returnLineItems": [{"fulfillmentLineItemId": ids["fulfillment_line"], "quantity": 1}],
        }
    },
    "returnApproveRequest": lambda ids: {"in": {"id": ids["return"]}},
    "returnProcess": lambda ids: {"in": {"returnId": ids["return"], "returnLineItems": []}},
    "webhookSubscriptionCreate": lambda _ids: {
        "topic": "ORDERS_CREATE",
        "sub": {"uri": "http://127.0.0.1:9/hook"},
    },
}


@pytest.fixture
def ids(shop):
    """A shop with something for every document to work on."""
    order, other = shop.place(), shop.place()
    facts = shop.run(
        """query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 1) { nodes { id } }
           lineItems(first: 1) { nodes { variant { inventoryItem { id } } } } }
           locations(first: 1) { nodes { id } } }""",
        id=order["admin_graphql_api_id"],
    )
    made = {
        "order": order["admin_graphql_api_id"],
        "other_order": other["admin_graphql_api_id"],
        "fulfillment_order": facts["order"]["fulfillmentOrders"]["nodes"][0]["id"],
        "item": facts["order"]["lineItems"]["nodes"][0]["variant"]["inventoryItem"]["id"],
        "location": facts["locations"]["nodes"][0]["id"],
    }
    answer = shop.run(documents()["fulfillmentCreate"], **VARIABLES["fulfillmentCreate"](made))
    fulfillment = answer["fulfillmentCreate"]["fulfillment"]
    lines = fulfillment["fulfillmentLineItems"]["nodes"]
    made.update(fulfillment=fulfillment["id"], fulfillment_line=lines[0]["id"])
    asked = shop.partners.act(
        "shopify", "request_return", order_id=order["order_id"], sku="GT-WH-02", quantity=1
    )
    made["return"] = f"gid://shopify/Return/{asked['return_id']}"
    fresh = shop.place()
    found = shop.run(
        "query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 1) { nodes { id } } } }",
        id=fresh["admin_graphql_api_id"],
    )
    return {**made, "fulfillment_order": found["order"]["fulfillmentOrders"]["nodes"][0]["id"]}


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_reference_document_runs(shop, ids, name):
    document = documents()[name]
    if name == "returnProcess":
        shop.run(documents()["returnApproveRequest"], **VARIABLES["returnApproveRequest"](ids))
    answer = shop.run(document, **VARIABLES[name](ids))
    ((field, result),) = answer.items()
    assert result is not None
    assert result.get("userErrors", result.get("orderCancelUserErrors", [])) == []
    assert field[:5].lower() == name[:5].lower()
