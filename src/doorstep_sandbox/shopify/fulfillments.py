"""Fulfillment mutations: create, tracking, events, cancel."""

from __future__ import annotations

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model, payload_events
from doorstep_sandbox.shopify.shop import Shop
from doorstep_sandbox.shopify.views import Views

UNFULFILLABLE = {"CLOSED", "CANCELLED", "ON_HOLD"}


def error(message: str, *field: str, code: str | None = None) -> Json:
    found: Json = {"field": list(field) or None, "message": message}
    return found if code is None else {**found, "code": code}


class Refusal(Exception):  # noqa: N818 - a mutation's user error is an answer, not a failure
    """A user error, returned with HTTP 200 and a null payload."""

    def __init__(self, message: str, *field: str, code: str | None = None) -> None:
        super().__init__(message)
        self.error = error(message, *field, code=code)


class Fulfilling:
    """Each method implements one mutation."""

    def __init__(self, shop: Shop, views: Views) -> None:
        self.shop = shop
        self.views = views

    def create(self, given: Json) -> Json:
        fulfillment = given["fulfillment"]
        groups = fulfillment["lineItemsByFulfillmentOrder"]
        order = self._order_of(groups[0]["fulfillmentOrderId"]) if groups else None
        if order is None or any(self._order_of(one["fulfillmentOrderId"]) is not order for one in groups):
            raise Refusal("Fulfillment order does not exist.", "fulfillment")
        record = order["fulfillment_order"]
        if record["status"] in UNFULFILLABLE:
            status = record["status"].lower()
            raise Refusal(
                f"Fulfillment order {record['id']} has an unfulfillable status= {status}.", "fulfillment"
            )
        taken = [part for group in groups for part in self._taken(record, group)]
        for line, quantity in taken:
            line["remaining"] -= quantity
        left = sum(line["remaining"] for line in record["lines"])
        record["status"] = "IN_PROGRESS" if left else "CLOSED"
        each = self._record(order, taken, fulfillment)
        each["message"] = given.get("message")
        self._reported(order, each, "fulfillments/create")
        return {"fulfillment": self.views.fulfillment(order, each)}

    def update_tracking(self, given: Json) -> Json:
        order, each = self._known(given["fulfillmentId"])
        each["tracking"] = tracking(given["trackingInfoInput"])
        each["notified"] = each["notified"] or bool(given.get("notifyCustomer"))
        self._reported(order, each, "fulfillments/update")
        return {"fulfillment": self.views.fulfillment(order, each)}

    def add_event(self, given: Json) -> Json:
        wanted = given["fulfillmentEvent"]
        order, each = self._known(wanted["fulfillmentId"])
        moment = clock.now().isoformat()
        event = {
            "id": model.new_id(),
            "status": wanted["status"],
            "happened_at": str(wanted.get("happenedAt") or moment),
            "created_at": moment,
            "message": wanted.get("message"),
            "city": wanted.get("city"),
        }
        each["events"].append(event)
        latest = max(each["events"], key=lambda one: clock.parse(one["happened_at"]))
        each["shipment_status"] = latest["status"].lower()
        self._reported(order, each, "fulfillments/update")
        return {"fulfillmentEvent": self.views.event(event)}

    def cancel(self, given: Json) -> Json:
        order, each = self._known(given["id"])
        if each["status"] == "CANCELLED":
            raise Refusal("Fulfillment is already cancelled.", "id")
        each["status"] = "CANCELLED"
        for part in each["lines"]:
            for line in order["fulfillment_order"]["lines"]:
                if line["line_id"] == part["line_id"]:
                    line["remaining"] += part["quantity"]
        order["fulfillment_order"]["status"] = "OPEN"
        self._reported(order, each, "fulfillments/update")
        return {"fulfillment": self.views.fulfillment(order, each)}

    def _order_of(self, fulfillment_order_id: str) -> Json | None:
        wanted = model.bare(fulfillment_order_id)
        return next(
            (one for one in self.shop.orders() if str(one["fulfillment_order"]["id"]) == wanted), None
        )

    def _known(self, identifier: str) -> tuple[Json, Json]:
        found = self.shop.fulfillment(identifier)
        if found is None:
            raise Refusal("Fulfillment does not exist.", "fulfillmentId")
        return found

    def _taken(self, record: Json, group: Json) -> list[tuple[Json, int]]:
        """Fulfillment-order lines and quantities; everything that remains if no lines are given."""
        wanted = group.get("fulfillmentOrderLineItems")
        if not wanted:
            return [(line, line["remaining"]) for line in record["lines"] if line["remaining"]]
        taken = []
        for part in wanted:
            line = next((one for one in record["lines"] if str(one["id"]) == model.bare(part["id"])), None)
            if line is None:
                raise Refusal("Fulfillment order line item does not exist.", "fulfillment")
            if not 0 < part["quantity"] <= line["remaining"]:
                raise Refusal("Invalid fulfillment order line item quantity requested.", "fulfillment")
            taken.append((line, part["quantity"]))
        return taken

    def _record(self, order: Json, taken: list[tuple[Json, int]], request: Json) -> Json:
        moment = clock.now().isoformat()
        each = {
            "id": model.new_id(),
            "name": f"{order['name']}-F{len(order['fulfillments']) + 1}",
            "status": "SUCCESS",
            "shipment_status": None,
            "tracking": tracking(request.get("trackingInfo") or {}),
            "notified": bool(request.get("notifyCustomer")),
            "location_id": self.shop.locations[0]["id"],
            "lines": [
                {"id": model.new_id(), "line_id": line["line_id"], "quantity": quantity}
                for line, quantity in taken
            ],
            "events": [],
            "created_at": moment,
            "updated_at": moment,
        }
        order["fulfillments"].append(each)
        return each

    def _reported(self, order: Json, each: Json, topic: str) -> None:
        each["updated_at"] = clock.now().isoformat()
        self.shop.touch(order)
        self.shop.announce(topic, payload_events.fulfillment(order, each))
        status = model.fulfillment_status(order)
        if topic == "fulfillments/create":
            self.shop.send_webhook(
                "orders/fulfilled" if status == "fulfilled" else "orders/partially_fulfilled", order
            )
        self.shop.send_webhook("orders/updated", order)


def tracking(given: Json) -> Json:
    """Normalize number/numbers and url/urls."""
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    return {
        "company": given.get("company"),
        "numbers": [str(one) for one in numbers],
        "urls": [str(one) for one in urls],
    }
