"""Mutations after the sale: cancel, refund, returns."""

from __future__ import annotations

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model, payload_events
from doorstep_sandbox.shopify.fulfillments import Refusal
from doorstep_sandbox.shopify.shop import Shop
from doorstep_sandbox.shopify.views import Views


class Aftermath:
    """Each method implements one mutation."""

    def __init__(self, shop: Shop, views: Views) -> None:
        self.shop = shop
        self.views = views

    def cancel_order(self, given: Json) -> Json:
        order = self.shop.order(given["orderId"])
        if order is None:
            raise Refusal("Order does not exist", "orderId", code="NOT_FOUND")
        if order["cancelled_at"]:
            raise Refusal("Order has already been cancelled", "orderId", code="INVALID")
        if model.fulfillment_status(order):
            raise Refusal("Cannot cancel an order that has been fulfilled", "orderId", code="INVALID")
        method = given.get("refundMethod")
        if method and method.get("originalPaymentMethodsRefund"):
            self._refund(order, model.totals(order)["received"] - model.totals(order)["refunded"], None)
        self.shop.cancel(order, given["reason"].lower())
        order["staff_note"] = given.get("staffNote")
        return {"job": {"id": model.gid("Job", model.new_id()), "done": True}}

    def refund(self, given: Json) -> Json:
        wanted = given["input"]
        order = self.shop.order(wanted["orderId"])
        if order is None:
            raise Refusal("Order does not exist", "orderId")
        sums = model.totals(order)
        asked = [one for one in wanted.get("transactions") or [] if one["kind"] == "REFUND"]
        amount = sum(model.minor(one["amount"]) for one in asked)
        if amount > sums["received"] - sums["refunded"] and not wanted.get("allowOverRefunding"):
            raise Refusal("Refund amount is greater than the amount available to refund", "transactions")
        lines = [self._refund_line(order, one) for one in wanted.get("refundLineItems") or []]
        parent = int(model.bare(asked[0]["parentId"])) if asked and asked[0].get("parentId") else None
        each = self._refund(order, amount, parent, lines, wanted.get("note"))
        return {"refund": self.views.refund(order, each), "order": self.views.order(order)}

    def create_return(self, given: Json) -> Json:
        wanted = given["returnInput"]
        order = self.shop.order(wanted["orderId"])
        if order is None:
            raise Refusal("Order does not exist.", "returnInput", "orderId", code="NOT_FOUND")
        lines = []
        for place, one in enumerate(wanted["returnLineItems"]):
            field = ("returnInput", "returnLineItems", str(place))
            part = self._fulfillment_line(order, one["fulfillmentLineItemId"])
            if part is None:
                raise Refusal("Fulfillment line item does not exist.", *field, code="NOT_FOUND")
            free = part["quantity"] - self.shop.returning(part["id"])
            if not 0 < one["quantity"] <= free:
                raise Refusal("Return line item has an invalid quantity.", *field, code="INVALID")
            line = {
                "fulfillment_line_id": part["id"],
                "line_id": part["line_id"],
                "quantity": one["quantity"],
            }
            line["reason"] = one.get("returnReason") or "UNKNOWN"
            lines.append({**line, "note": one.get("returnReasonNote") or ""})
        each = self.shop.add_return(order, lines, "OPEN")
        self.shop.announce("returns/approve", payload_events.return_(order, each))
        return {"return": self.views.return_(order, each)}

    def approve(self, given: Json) -> Json:
        wanted = given["input"]
        order, each = self._requested(wanted["id"])
        each.update(status="OPEN", approved_at=clock.now().isoformat())
        self.shop.touch(order)
        self.shop.announce("returns/approve", payload_events.return_(order, each))
        return {"return": self.views.return_(order, each)}

    def decline(self, given: Json) -> Json:
        wanted = given["input"]
        order, each = self._requested(wanted["id"])
        each.update(status="DECLINED", closed_at=clock.now().isoformat())
        each["decline"] = {"reason": wanted["declineReason"], "note": wanted.get("declineNote")}
        self.shop.touch(order)
        self.shop.announce("returns/decline", payload_events.return_declined(order, each))
        return {"return": self.views.return_(order, each)}

    def process(self, given: Json) -> Json:
        """Mark units processed, refund if requested, and close the return when nothing is left."""
        wanted = given["input"]
        order, each = self._return(wanted["returnId"])
        if each["status"] != "OPEN":
            raise Refusal("Return is not open.", "input", "returnId", code="INVALID_STATE")
        taken = self._processed(each, wanted.get("returnLineItems") or [])
        self._transfer(order, each, wanted)
        for part, quantity in taken:
            part["processed"] += quantity
        if all(part["processed"] == part["quantity"] for part in each["lines"]):
            each.update(status="CLOSED", closed_at=clock.now().isoformat())
            self.shop.announce("returns/close", payload_events.return_closed(order, each))
        self.shop.touch(order)
        return {"return": self.views.return_(order, each)}

    def _processed(self, each: Json, wanted: list[Json]) -> list[tuple[Json, int]]:
        """The affected lines and their quantities, checked before anything changes."""
        taken = []
        for place, one in enumerate(wanted):
            part = next((line for line in each["lines"] if str(line["id"]) == model.bare(one["id"])), None)
            if part is None or not 0 < one["quantity"] <= part["quantity"] - part["processed"]:
                field = ("input", "returnLineItems", str(place), "quantity")
                raise Refusal("Return line item has an invalid quantity.", *field, code="INVALID")
            taken.append((part, one["quantity"]))
        return taken

    def _transfer(self, order: Json, each: Json, request: Json) -> None:
        transfer = (request.get("financialTransfer") or {}).get("issueRefund")
        if not transfer:
            return
        sums = model.totals(order)
        wanted = transfer["orderTransactions"]
        amount = sum(model.minor(one["transactionAmount"]["amount"]) for one in wanted)
        if amount > sums["received"] - sums["refunded"]:
            raise Refusal(
                "Refund amount is greater than the amount available to refund", "input", code="INVALID"
            )
        refund = self._refund(order, amount, int(model.bare(wanted[0]["parentId"])), [], request.get("note"))
        refund["return_id"] = each["id"]

    def _refund(
        self,
        order: Json,
        amount: int,
        parent: int | None,
        lines: list[Json] | None = None,
        note: str | None = None,
    ) -> Json:
        each: Json = {
            "id": model.new_id(),
            "note": note,
            "created_at": clock.now().isoformat(),
            "lines": lines or [],
            "transaction_ids": [],
        }
        if amount:
            moved = model.transaction(order, "refund", amount, "", parent)
            order["transactions"].append(moved)
            each["transaction_ids"].append(moved["id"])
            sums = model.totals(order)
            order["financial_status"] = (
                "refunded" if sums["refunded"] >= sums["received"] else "partially_refunded"
            )
        order["refunds"].append(each)
        self.shop.touch(order)
        self.shop.announce("refunds/create", payload_events.refund(order, each))
        self.shop.send_webhook("orders/updated", order)
        return each

    def _refund_line(self, order: Json, one: Json) -> Json:
        line = model.find_line(order, model.bare(one["lineItemId"]))
        if line is None:
            raise Refusal("Line item does not exist", "refundLineItems")
        before = sum(
            part["quantity"]
            for each in order["refunds"]
            for part in each["lines"]
            if part["line_id"] == line["id"]
        )
        if not 0 < one["quantity"] <= line["quantity"] - before:
            raise Refusal("Quantity cannot refund more items than were purchased", "refundLineItems")
        return {
            "id": model.new_id(),
            "line_id": line["id"],
            "quantity": one["quantity"],
            "restock_type": one.get("restockType") or "NO_RESTOCK",
            "location_id": int(model.bare(one["locationId"])) if one.get("locationId") else None,
            "amount": model.line_amount(line, one["quantity"]),
        }

    def _fulfillment_line(self, order: Json, identifier: str) -> Json | None:
        parts = [
            part for each in order["fulfillments"] if each["status"] == "SUCCESS" for part in each["lines"]
        ]
        return next((part for part in parts if str(part["id"]) == model.bare(identifier)), None)

    def _return(self, identifier: str) -> tuple[Json, Json]:
        found = self.shop.return_(identifier)
        if found is None:
            raise Refusal("Return does not exist.", "input", "id", code="NOT_FOUND")
        return found

    def _requested(self, identifier: str) -> tuple[Json, Json]:
        order, each = self._return(identifier)
        if each["status"] != "REQUESTED":
            raise Refusal("Return is not in the requested state.", "input", "id", code="INVALID_STATE")
        return order, each
