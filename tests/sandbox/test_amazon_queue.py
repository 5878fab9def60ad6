"""ORDER_CHANGE notifications on a queue: subscribed as the vendor documents it; on demand twice, late and shuffled."""

from __future__ import annotations

import json

import boto3
import jsonschema
import pytest
from moto.server import ThreadedMotoServer
from tests.sandbox.amazon import check, package, problem
from tests.sandbox.conftest import spec

NAME = "order-changes"
ARN = f"arn:aws:sqs:eu-west-1:123456789012:{NAME}"
DESTINATIONS = "/notifications/v1/destinations"
SUBSCRIPTIONS = "/notifications/v1/subscriptions/ORDER_CHANGE"


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def queue(endpoint, seller):
    """A fresh queue; `read` takes all that is on it."""
    client = boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    address = client.create_queue(QueueName=NAME)["QueueUrl"]
    seller.act("settings", sqs_endpoint=endpoint)

    def read():
        seller.partners.settle("amazon")
        bodies = []
        while batch := client.receive_message(QueueUrl=address, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                bodies.append(json.loads(message["Body"]))
                client.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    yield read
    client.delete_queue(QueueUrl=address)
    client.close()


def destination(seller):
    headers = {"x-amz-access-token": seller.notifications_token()}
    body = {"name": "orders", "resourceSpecification": {"sqs": {"arn": ARN}}}
    return seller.http.post(DESTINATIONS, json=body, headers=headers)


def subscribe(seller):
    identifier = destination(seller).json()["payload"]["destinationId"]
    return seller.http.post(SUBSCRIPTIONS, json={"payloadVersion": "1.0", "destinationId": identifier})


def changes(bodies):
    return [body["Payload"]["OrderChangeNotification"] for body in bodies]


def test_every_change_of_an_order_is_put_on_the_queue(seller, queue):
    assert subscribe(seller).status_code == 200
    order = seller.place(status="PENDING")
    seller.act("release", order_id=order["id"])
    seller.act("request_cancel", order_id=order["id"])
    seller.http.post(f"/orders/v0/orders/{order['id']}/shipmentConfirmation", json=package(order))
    found = changes(queue())
    statuses = [each["Summary"]["OrderStatus"] for each in found]
    assert sorted(statuses) == ["Pending", "Shipped", "Unshipped", "Unshipped"]
    assert {each["AmazonOrderId"] for each in found} == {order["id"]}
    assert sum(each["OrderChangeType"] == "BuyerRequestedChange" for each in found) == 1


def test_notifications_satisfy_the_official_schema(seller, queue):
    subscribe(seller)
    seller.place()
    seller.place(status="PENDING", fulfilled_by="AFN")
    schema = json.loads(spec("amazon/OrderChangeNotification.json").read_text(encoding="utf-8"))
    schema.pop("$id")
    for body in queue():
        jsonschema.Draft7Validator(schema).validate(body)


def test_notifications_come_twice_late_and_shuffled_on_demand(seller, queue):
    subscribe(seller)
    seller.partners.act("amazon", "webhooks", duplicates=1, hold=True, shuffle_seed=7)
    placed = [seller.place()["id"] for _ in range(4)]
    assert queue() == []
    seller.partners.act("amazon", "webhooks/flush")
    bodies = queue()
    assert sorted(each["AmazonOrderId"] for each in changes(bodies)) == sorted(placed * 2)
    assert len({body["NotificationMetadata"]["NotificationId"] for body in bodies}) == 4


def test_without_a_subscription_nothing_is_sent(seller, queue):
    seller.place()
    assert queue() == []


def test_destinations_are_grantless_and_subscriptions_are_the_sellers(seller, queue):
    assert problem(seller.http.post(DESTINATIONS, json={})) == (403, "Unauthorized")
    assert problem(seller.http.get(SUBSCRIPTIONS)) == (404, "NotFound")
    made = subscribe(seller).json()
    check("notifications", "CreateSubscriptionResponse", made)
    check("notifications", "GetSubscriptionResponse", seller.http.get(SUBSCRIPTIONS).json())
    assert problem(destination(seller)) == (409, "Conflict")
    headers = {"x-amz-access-token": seller.notifications_token()}
    listed = seller.http.get(DESTINATIONS, headers=headers).json()
    check("notifications", "GetDestinationsResponse", listed)
    body = {"payloadVersion": "1.0", "destinationId": listed["payload"][0]["destinationId"]}
    assert problem(seller.http.post(SUBSCRIPTIONS, json=body)) == (409, "Conflict")
    address = f"{SUBSCRIPTIONS}/{made['payload']['subscriptionId']}"
    assert seller.http.delete(address, headers=headers).status_code == 200
    assert problem(seller.http.get(SUBSCRIPTIONS)) == (404, "NotFound")


@pytest.mark.parametrize(
    "body", [{"payloadVersion": "1.0", "destinationId": "none"}, {"payloadVersion": "9.9"}, {}]
)
def test_wrong_subscriptions_are_refused(seller, body):
    assert problem(seller.http.post(SUBSCRIPTIONS, json=body)) == (400, "InvalidInput")
    assert problem(seller.http.get(SUBSCRIPTIONS.replace("ORDER_CHANGE", "PRICING"))) == (400, "InvalidInput")
