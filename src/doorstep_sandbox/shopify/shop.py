"""The shop: buyers order, pay, cancel and request returns; every event sends its webhook."""

from __future__ import annotations

from collections.abc import Callable

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model, payload_events, payloads

Announce = Callable[[str, Json], None]
TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "order_transactions/create",
    "refunds/create",
    "returns/request",
    "returns/approve",
    "returns/decline",
    "returns/close",
    "fulfillments/create",
    "fulfillments/update",
)
ON_ORDER = (
    "orders/create",
    "order_transactions/create",
    "orders/paid",
    "fulfillment_orders/order_routing_complete",
)
RETURN_REASONS = {
    "COLOR",
    "DEFECTIVE",
    "NOT_AS_DESCRIBED",
    "OTHER",
    "SIZE_TOO_LARGE",
    "SIZE_TOO_SMALL",
    "STYLE",
    "UNKNOWN",
    "UNWANTED",
    "WRONG_ITEM",
}


class Shop:
    """The records and their verbs, for the GraphQL API and the control routes."""

    def __init__(self, state: Callable[[], Json], settings: Json, announce: Announce) -> None:
        self._state = state
        self.settings = settings
        self.announce = announce

    @property
    def state(self) -> Json:
        return self._state()

    @property
    def domain(self) -> str:
        return str(self.settings["shop_domain"])

    @property
    def locations(self) -> list[Json]:
        """Numbered from a fixed base, so that ids survive a restart."""
        given = self.settings.get("locations") or [
            {"name": "Shop location", "city": "Mumbai", "zip": "400001"}
        ]
        return [{"id": 655441490 + position, **one} for position, one in enumerate(given)]

    # finding

    def orders(self) -> list[Json]:
        return list(self.state["orders"].values())

    def order(self, key: object) -> Json | None:
        """By number, global id or name."""
        wanted = model.bare(str(key))
        found: Json | None = self.state["orders"].get(wanted)
        return found or next((one for one in self.orders() if one["name"] == str(key)), None)

    def known_order(self, body: Json) -> Json:
        found = self.order(body.get("order_id") or body.get("name") or "")
        if found is None:
            message = f"no order {body.get('order_id') or body.get('name')}"
            raise ValueError(message)
        return found

    def fulfillment(self, key: str) -> tuple[Json, Json] | None:
        return next(
            (
                (order, each)
                for order in self.orders()
                for each in order["fulfillments"]
                if str(each["id"]) == model.bare(key)
            ),
            None,
        )

    def return_(self, key: str) -> tuple[Json, Json] | None:
        each: Json | None = self.state["returns"].get(model.bare(key))
        if each is None:
            return None
        return self.state["orders"][str(each["order_id"])], each

    def variant(self, sku: str, title: str = "") -> Json:
        """The variant with this SKU, created if it is new."""
        variants: dict[str, Json] = self.state["variants"]
        if sku not in variants:
            identifier = model.new_id()
            variants[sku] = {
                "id": identifier,
                "sku": sku,
                "title": title or sku,
                "product_id": identifier + 1,
            }
            variants[sku]["inventory_item_id"] = identifier + 2
        return variants[sku]

    # what buyers do

    def place_order(self, body: Json) -> Json:
        number = max((one["number"] for one in self.orders()), default=1000) + 1
        included = bool(body.get("taxes_included", True))
        home = body.get("seller_province_code", model.SELLER_PROVINCE)
        within = (body.get("address") or {}).get("province_code") == home
        lines = [
            model.line(
                one, self.variant(one["sku"], one.get("title", "")), included=included, within_state=within
            )
            for one in body["lines"]
        ]
        order = model.order(body, number, lines)
        self.state["orders"][str(order["id"])] = order
        if body.get("payment", "paid") == "paid":
            self._pay(order, body.get("razorpay_payment_id", ""))
        for topic in body.get("webhooks", ON_ORDER):
            if topic in {"orders/paid", "order_transactions/create"} and not order["transactions"]:
                continue
            self.send_webhook(topic, order)
        payload = payloads.order(order, self.domain)
        return {
            "order_id": order["id"],
            "admin_graphql_api_id": payload["admin_graphql_api_id"],
            "name": order["name"],
            "total_price": payload["total_price"],
            "order": payload,
        }

    def mark_paid(self, body: Json) -> Json:
        order = self.known_order(body)
        self._pay(order, body.get("razorpay_payment_id", ""))
        self.touch(order)
        for topic in ("order_transactions/create", "orders/paid", "orders/updated"):
            self.send_webhook(topic, order)
        return {"order_id": order["id"], "financial_status": order["financial_status"]}

    def edit_order(self, body: Json) -> Json:
        """Change the address, contact, note or quantities (by SKU; a new SKU is a new line)."""
        order = self.known_order(body)
        for field in ("address", "billing_address", "email", "phone", "note", "tags"):
            if field in body:
                order[field] = body[field]
        for change in body.get("lines", []):
            self._edit_line(order, change)
        self.touch(order)
        self.send_webhook("orders/updated", order)
        return {"order_id": order["id"], "order": payloads.order(order, self.domain)}

    def cancel_order(self, body: Json) -> Json:
        order = self.known_order(body)
        self.cancel(order, str(body.get("reason", "customer")).lower())
        return {"order_id": order["id"], "cancelled_at": order["cancelled_at"]}

    def request_return(self, body: Json) -> Json:
        """A buyer requests the return of a part of a fulfilled line."""
        order = self.known_order(body)
        quantity, reason = int(body.get("quantity", 1)), str(body.get("reason", "UNKNOWN")).upper()
        if reason not in RETURN_REASONS:
            message = f"reason must be one of {', '.join(sorted(RETURN_REASONS))}"
            raise ValueError(message)
        wanted = [
            one
            for one in order["lines"]
            if body.get("sku") == one["sku"] or str(body.get("line_item_id")) == str(one["id"])
        ]
        part = next((free for one in wanted if (free := self.returnable(order, one["id"], quantity))), None)
        if part is None:
            message = (
                f"order {order['name']} has no {quantity} fulfilled and unreturned units of {body.get('sku')}"
            )
            raise ValueError(message)
        line = {
            "fulfillment_line_id": part["id"],
            "line_id": part["line_id"],
            "quantity": quantity,
            "reason": reason,
        }
        line.update(note=str(body.get("note", "")), customer_note=body.get("customer_note"))
        request = self.add_return(order, [line], "REQUESTED")
        self.announce("returns/request", payload_events.return_(order, request))
        return {
            "return_id": request["id"],
            "name": request["name"],
            "return": payload_events.return_(order, request),
        }

    def catalog(self, body: Json) -> Json:
        """Create variants for SKUs, so that stock can be set before anyone orders."""
        made = [self.variant(one["sku"], one.get("title", "")) for one in body["items"]]
        return {"variants": {one["sku"]: model.gid("ProductVariant", one["id"]) for one in made}}

    # shared with the API

    def send_webhook(self, topic: str, order: Json) -> None:
        if topic == "order_transactions/create":
            self.announce(topic, payload_events.transaction(order, order["transactions"][-1]))
        elif topic == "fulfillment_orders/order_routing_complete":
            self.announce(topic, payload_events.routing_complete(order))
        else:
            self.announce(topic, payloads.order(order, self.domain))

    def touch(self, order: Json) -> None:
        order["updated_at"] = clock.now().isoformat()

    def cancel(self, order: Json, reason: str) -> None:
        order.update(cancelled_at=clock.now().isoformat(), cancel_reason=reason)
        if order["financial_status"] == "pending":
            order["financial_status"] = "voided"
        order["fulfillment_order"]["status"] = "CANCELLED"
        self.touch(order)
        for topic in ("orders/cancelled", "orders/updated"):
            self.send_webhook(topic, order)

    def add_return(self, order: Json, lines: list[Json], status: str) -> Json:
        each = {
            "id": model.new_id(),
            "order_id": order["id"],
            "name": f"{order['name']}-R{len(order['return_ids']) + 1}",
            "status": status,
            "created_at": clock.now().isoformat(),
            "approved_at": clock.now().isoformat() if status == "OPEN" else None,
            "closed_at": None,
            "decline": None,
            "lines": [{"id": model.new_id(), "processed": 0, "customer_note": None, **one} for one in lines],
        }
        self.state["returns"][str(each["id"])] = each
        order["return_ids"].append(each["id"])
        self.touch(order)
        return each

    def returnable(self, order: Json, line_id: int, quantity: int) -> Json | None:
        """A fulfillment line with that many units neither returned nor requested for return."""
        for fulfillment in order["fulfillments"]:
            for part in fulfillment["lines"]:
                free = part["quantity"] - self.returning(part["id"])
                if part["line_id"] == line_id and fulfillment["status"] == "SUCCESS" and free >= quantity:
                    found: Json = part
                    return found
        return None

    def returning(self, fulfillment_line_id: int) -> int:
        return sum(
            part["quantity"]
            for each in self.state["returns"].values()
            if each["status"] not in {"DECLINED", "CANCELED"}
            for part in each["lines"]
            if part["fulfillment_line_id"] == fulfillment_line_id
        )

    def _pay(self, order: Json, authorization: str) -> None:
        amount = model.totals(order)["total"]
        order["transactions"].append(model.transaction(order, "sale", amount, authorization))
        order["financial_status"] = "paid"

    def _edit_line(self, order: Json, change: Json) -> None:
        line = next((one for one in order["lines"] if one["sku"] == change["sku"]), None)
        open_lines: list[Json] = order["fulfillment_order"]["lines"]
        if line is None:
            variant = self.variant(change["sku"], change.get("title", ""))
            line = model.line(change, variant, included=order["taxes_included"], within_state=False)
            order["lines"].append(line)
            open_lines.append({"id": model.new_id(), "line_id": line["id"], "total": 0, "remaining": 0})
        quantity = int(change["quantity"])
        line["current_quantity"] = quantity
        place = next(one for one in open_lines if one["line_id"] == line["id"])
        place.update(total=quantity, remaining=max(0, quantity - model.fulfilled(order, line["id"])))
