"""A seller on Amazon's partner server, whose notifications come over a real queue, connected to the sample retailer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
from tests import partners
from tests.builders import NOON, SHIRT, Retailer
from tests.contracts.partners import amazon as stage

from doorstep.delivery.worker.feeds import FeedReader
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.orders import views as order_views
from doorstep.flows.capture import feeds
from doorstep.kernel.ids import OrderId

NAME = "order-changes"
ARN = f"arn:aws:sqs:eu-west-1:123456789012:{NAME}"
ADDRESS = {
    "name": "Meera Nair",
    "addressLine1": "12 Lodhi Road",
    "city": "New Delhi",
    "stateOrRegion": "DL",
    "postalCode": "110003",
    "countryCode": "IN",
    "phone": "+919812345678",
}


class Market:
    """A seller on Amazon, connected to the retailer's queue."""

    def __init__(
        self, retailer: Retailer, running: partners.Partners, endpoint: str, queue: str, **settings: object
    ) -> None:
        self.retailer = retailer
        self.running = running
        self.aws = aws(endpoint)
        self.queue = queue
        app = retailer.app
        given = {
            **stage.settings(running.ready["amazon"]),
            "orders_from": (NOON - timedelta(days=1)).isoformat(),
            "queue_url": queue,
            "queue_arn": ARN,
            "queue_region": "eu-west-1",
            "queue_access_key": "test",
            "queue_secret_key": "test",
            "queue_endpoint": endpoint,
            **settings,
        }
        connector = app.registry.connector(Kind.CHANNELS, "amazon")
        retailer.write(
            lambda tx: app.registry.configure(
                tx, key="amazon", connector=connector, name="Amazon", settings=given, mode=Mode.LIVE
            )
        )
        app.registry.look_again()
        self.id = app.registry.by_key("amazon").id
        retailer.connection_ids["amazon"] = self.id
        app.registry.subscriptions(self.id).ensure_subscriptions("")
        feeds.declare(app.context)

    def act(self, verb: str, **body: object) -> Any:
        return self.running.act("amazon", verb, **body)

    def place(self, **more: object) -> str:
        lines = [{"sku": SHIRT, "quantity": 2, "price": "799.00"}]
        placed = {"lines": lines, "status": "UNSHIPPED", "minutes_ago": 5, "address": ADDRESS, **more}
        return str(self.act("place_order", **placed)["order_id"])

    def read(self) -> None:
        """The partner sends what it has to send; workers read feeds and fetches until nothing is due."""
        self.running.settle("amazon")
        for _round in range(4):
            self.retailer.write(
                lambda tx: tx.execute("UPDATE feed_readings SET due_at = now(), leased_until = NULL")
            )
            reader = FeedReader(self.retailer.app)
            while reader.take():
                reader.wait()
            reader.close()
            self.retailer.settle()

    def order(self, external_id: str) -> OrderId:
        (found,) = self.retailer.read(lambda tx: order_views.with_external_id(tx, external_id=external_id))
        return found

    def at_amazon(self, external_id: str) -> Any:
        return self.running.state("amazon")["orders"][external_id]

    def waiting(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def hidden(self) -> int:
        """Messages that somebody has read and nobody else gets now."""
        name = "ApproximateNumberOfMessagesNotVisible"
        answer = self.aws.get_queue_attributes(QueueUrl=self.queue, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def fetched(self, external_id: str) -> int:
        calls = self.running.calls("amazon")
        return sum(call["path"].endswith(f"/{external_id}") for call in calls)


def aws(endpoint: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("sqs", endpoint_url=endpoint, region_name="eu-west-1", **keys)
