"""Updates to Shopify: nothing is sent twice, and every kind of error is handled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.adapters import scripted

from doorstep.adapters.channels.shopify import connector
from doorstep.domain.orders import ports
from doorstep.kernel import errors, http

PATH = "POST /admin/api/2026-07/graphql.json"
SHIPPED = ports.ShipmentNotice(
    reference="shipment-1",
    order_external_id="5600000000000000001",
    lines=(ports.NoticeLine("11", 3),),
    carrier="Acme",
    tracking_number="TRK1",
    tracking_url="https://track.example/TRK1",
)
DELIVERED = ports.DeliveryNotice(
    reference="delivery-1",
    order_external_id="5600000000000000001",
    shipment_external_ref="gid://shopify/Fulfillment/9",
    delivered_at=datetime(2026, 5, 7, 12, tzinfo=UTC),
)
RETURNED = ports.ReturnNotice(
    reference="return-1",
    order_external_id="5600000000000000001",
    return_external_id="31",
    lines=(ports.NoticeLine("41", 2),),
    restocked_at_location="S22",
    refund_minor=79900,
    currency="INR",
)


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


@pytest.fixture
def shop(script: scripted.Script) -> Iterator[connector.Shopify]:
    settings = scripted.settings(
        connector.Settings, base_url=script.url, access_token="shpat_example", webhook_secret="hush"
    )
    with scripted.session(script) as session:
        yield connector.Shopify(settings, session)


def fulfillment_order(
    number: int, *, status: str = "OPEN", remaining: int = 2, item: int = 11, cursor: str | None = None
) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        "status": status,
        "lineItems": {
            "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor},
            "nodes": [
                {
                    "id": f"gid://shopify/FulfillmentOrderLineItem/{number}0",
                    "remainingQuantity": remaining,
                    "lineItem": {"id": f"gid://shopify/LineItem/{item}"},
                }
            ],
        },
    }


def page(
    *nodes: dict[str, Any], fulfillments: Sequence[dict[str, Any]] = (), cursor: str | None = None
) -> dict[str, Any]:
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    order = {
        "fulfillments": list(fulfillments),
        "fulfillmentOrders": {"pageInfo": info, "nodes": list(nodes)},
    }
    return {"data": {"order": order}}


def done(mutation: str, kind: str, identifier: str) -> dict[str, Any]:
    return {"data": {mutation: {kind: {"id": identifier}, "userErrors": []}}}


def test_a_shipment_is_booked_over_all_open_fulfillment_orders(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    script.will_say(
        page(fulfillment_order(1), fulfillment_order(2, status="CLOSED"), cursor="c1"),
        page(fulfillment_order(3, item=99), fulfillment_order(4, status="IN_PROGRESS")),
        done("fulfillmentCreate", "fulfillment", "gid://shopify/Fulfillment/9"),
    )
    assert shop.confirm_shipment(SHIPPED) == "gid://shopify/Fulfillment/9"
    assert script.paths == [PATH] * 3
    assert script.asked[0].headers["x-shopify-access-token"] == "shpat_example"
    assert script.asked[1].body["variables"] == {
        "order": "gid://shopify/Order/5600000000000000001",
        "after": "c1",
    }
    assert script.asked[2].body["variables"]["fulfillment"] == {
        "lineItemsByFulfillmentOrder": [
            {
                "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1",
                "fulfillmentOrderLineItems": [
                    {"id": "gid://shopify/FulfillmentOrderLineItem/10", "quantity": 2}
                ],
            },
            {
                "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/4",
                "fulfillmentOrderLineItems": [
                    {"id": "gid://shopify/FulfillmentOrderLineItem/40", "quantity": 1}
                ],
            },
        ],
        "trackingInfo": {"company": "Acme", "number": "TRK1", "url": "https://track.example/TRK1"},
        "notifyCustomer": True,
    }


def test_long_fulfillment_orders_are_read_to_the_end(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    more = fulfillment_order(2, remaining=3, cursor="l2")["lineItems"]
    last = fulfillment_order(3)["lineItems"]
    script.will_say(
        page(fulfillment_order(1, item=99, cursor="l1")),
        {"data": {"fulfillmentOrder": {"lineItems": more}}},
        {"data": {"fulfillmentOrder": {"lineItems": last}}},
        done("fulfillmentCreate", "fulfillment", "gid://shopify/Fulfillment/9"),
        page(fulfillment_order(1, cursor="l1")),
        {"data": {"fulfillmentOrder": None}},
    )
    shop.confirm_shipment(SHIPPED)
    assert script.asked[1].body["variables"] == {
        "fulfillmentOrder": "gid://shopify/FulfillmentOrder/1",
        "after": "l1",
    }
    (booked,) = script.asked[3].body["variables"]["fulfillment"]["lineItemsByFulfillmentOrder"]
    assert booked["fulfillmentOrderLineItems"] == [
        {"id": "gid://shopify/FulfillmentOrderLineItem/20", "quantity": 3}
    ]
    with pytest.raises(errors.Conflict):
        shop.confirm_shipment(SHIPPED)


def test_a_confirmed_shipment_is_found_by_its_tracking_number(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    void = {"id": "gid://shopify/Fulfillment/8", "status": "CANCELLED", "trackingInfo": [{"number": "TRK1"}]}
    other = {"id": "gid://shopify/Fulfillment/7", "status": "SUCCESS", "trackingInfo": [{"number": None}]}
    standing = {
        "id": "gid://shopify/Fulfillment/9",
        "status": "SUCCESS",
        "trackingInfo": [{"number": "TRK1"}],
    }
    script.will_say(page(fulfillment_order(1), fulfillments=[void, other, standing]))
    assert shop.confirm_shipment(SHIPPED) == "gid://shopify/Fulfillment/9"
    assert len(script.asked) == 1


def test_a_parcel_that_holds_more_than_is_left_is_a_conflict(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    script.will_say(page(fulfillment_order(1, remaining=1)))
    with pytest.raises(errors.Conflict) as caught:
        shop.confirm_shipment(SHIPPED)
    assert caught.value.data["missing"] == {"gid://shopify/LineItem/11": 2}


def test_a_delivery_is_reported_once(shop: connector.Shopify, script: scripted.Script) -> None:
    events: list[dict[str, str]] = [{"id": "gid://shopify/FulfillmentEvent/1", "status": "IN_TRANSIT"}]
    script.will_say(
        {"data": {"fulfillment": {"events": {"nodes": events}}}},
        done("fulfillmentEventCreate", "fulfillmentEvent", "gid://shopify/FulfillmentEvent/2"),
    )
    assert shop.report_delivery(DELIVERED) == "gid://shopify/FulfillmentEvent/2"
    assert script.asked[1].body["variables"]["event"] == {
        "fulfillmentId": "gid://shopify/Fulfillment/9",
        "status": "DELIVERED",
        "happenedAt": "2026-05-07T12:00:00+00:00",
    }
    reported = [*events, {"id": "gid://shopify/FulfillmentEvent/2", "status": "DELIVERED"}]
    script.will_say({"data": {"fulfillment": {"events": {"nodes": reported}}}})
    assert shop.report_delivery(DELIVERED) == "gid://shopify/FulfillmentEvent/2"
    assert len(script.asked) == 3


def state(status: str, *, processed: int = 0, processable: int = 2, line: int = 41) -> dict[str, Any]:
    lines = [
        {
            "id": f"gid://shopify/ReturnLineItem/{line}",
            "processedQuantity": processed,
            "processableQuantity": processable,
        }
    ]
    reported = {"id": "gid://shopify/Return/31", "status": status, "returnLineItems": {"nodes": lines}}
    return {"data": {"return": reported}}


def test_a_requested_return_is_approved(shop: connector.Shopify, script: scripted.Script) -> None:
    script.will_say(state("REQUESTED"), done("returnApproveRequest", "return", "gid://shopify/Return/31"))
    assert shop.approve_return(return_external_id="31") == "gid://shopify/Return/31"
    assert script.asked[1].body["variables"] == {"input": {"id": "gid://shopify/Return/31"}}


@pytest.mark.parametrize("status", ["OPEN", "CLOSED"])
def test_an_approved_return_is_unchanged(
    shop: connector.Shopify, script: scripted.Script, status: str
) -> None:
    script.will_say(state(status))
    assert shop.approve_return(return_external_id="31") == "gid://shopify/Return/31"
    assert len(script.asked) == 1


def test_a_declined_return_cannot_be_approved(shop: connector.Shopify, script: scripted.Script) -> None:
    script.will_say(state("DECLINED"))
    with pytest.raises(errors.Refused, match="declined"):
        shop.approve_return(return_external_id="31")


def test_a_return_is_processed_as_far_as_it_is_not_yet(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    script.will_say(
        state("OPEN", processed=1, processable=1), done("returnProcess", "return", "gid://shopify/Return/31")
    )
    assert shop.report_return(RETURNED) == "gid://shopify/Return/31"
    assert script.asked[1].body["variables"]["input"] == {
        "returnId": "gid://shopify/Return/31",
        "returnLineItems": [{"id": "gid://shopify/ReturnLineItem/41", "quantity": 1}],
        "notifyCustomer": False,
    }
    script.will_say(state("CLOSED", processed=2, processable=0))
    assert shop.report_return(RETURNED) == "gid://shopify/Return/31"
    assert len(script.asked) == 3


@pytest.mark.parametrize("reported", [state("OPEN", processable=1), state("OPEN", line=42)])
def test_a_return_of_more_units_than_in_shopify_is_a_conflict(
    shop: connector.Shopify, script: scripted.Script, reported: dict[str, Any]
) -> None:
    script.will_say(reported)
    with pytest.raises(errors.Conflict):
        shop.report_return(RETURNED)


def test_an_unknown_id_in_shopify(shop: connector.Shopify, script: scripted.Script) -> None:
    script.will_say({"data": {"order": None}}, {"data": {"fulfillment": None}}, {"data": {"return": None}})
    with pytest.raises(errors.NotFound):
        shop.confirm_shipment(SHIPPED)
    with pytest.raises(errors.NotFound):
        shop.report_delivery(DELIVERED)
    with pytest.raises(errors.NotFound):
        shop.report_return(RETURNED)


def failing(code: str, **extensions: object) -> dict[str, Any]:
    return {"errors": [{"message": "no", "extensions": {"code": code}}], "extensions": extensions}


@pytest.mark.parametrize(
    ("answer", "kind", "wait"),
    [
        (failing("THROTTLED"), http.Unanswered, 1.0),
        (failing("THROTTLED", cost={"requestedQueryCost": 500, "throttleStatus": {"currentlyAvailable": 100, "restoreRate": 100}}),
         http.Unanswered, 4.0),
        (failing("THROTTLED", cost={"requestedQueryCost": 5, "throttleStatus": {"currentlyAvailable": 100, "restoreRate": 0}}),
         http.Unanswered, 1.0),
        (failing("INTERNAL_SERVER_ERROR"), http.Unanswered, None),
        (failing("ACCESS_DENIED"), http.AuthFailed, None),
        ({"errors": [{"message": "Field 'x' does not exist"}]}, http.Rejected, None),
        ({}, http.Unanswered, None),
        ({"data": {"order": {"fulfillments": 1}}}, http.Unanswered, None),
        ([], http.Unanswered, None),
    ],
)  # fmt: skip
def test_errors_of_queries(
    shop: connector.Shopify,
    script: scripted.Script,
    answer: object,
    kind: type[Exception],
    wait: float | None,
) -> None:
    script.will_say(answer)
    with pytest.raises(kind) as caught:
        shop.confirm_shipment(SHIPPED)
    if isinstance(caught.value, http.Unanswered):
        assert (caught.value.maybe_done, caught.value.retry_after_seconds) == (False, wait)


@pytest.mark.parametrize(
    ("answer", "maybe_done"),
    [
        (failing("THROTTLED"), False),
        (failing("TIMEOUT"), True),
        ({"data": {"fulfillmentCreate": None}}, True),
        ({"data": {"fulfillmentCreate": {"fulfillment": None, "userErrors": []}}}, True),
        ({"data": None}, True),
    ],
)
def test_errors_of_mutations_say_what_may_have_happened(
    shop: connector.Shopify, script: scripted.Script, answer: object, *, maybe_done: bool
) -> None:
    script.will_say(page(fulfillment_order(1, remaining=3)), answer)
    with pytest.raises(http.Unanswered) as caught:
        shop.confirm_shipment(SHIPPED)
    assert caught.value.maybe_done is maybe_done


def test_user_errors_are_refusals_in_shopifys_words(shop: connector.Shopify, script: scripted.Script) -> None:
    problem = {"field": ["fulfillment", "trackingInfo"], "message": "Number is taken"}
    script.will_say(
        page(fulfillment_order(1, remaining=3)),
        {"data": {"fulfillmentCreate": {"fulfillment": None, "userErrors": [problem]}}},
    )
    with pytest.raises(http.Rejected, match="Number is taken") as caught:
        shop.confirm_shipment(SHIPPED)
    assert caught.value.data["body"] == [problem]
