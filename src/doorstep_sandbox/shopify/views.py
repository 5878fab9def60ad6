"""Map the shop's records to GraphQL: values may be functions, called only when requested."""

from __future__ import annotations

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model
from doorstep_sandbox.shopify.paging import bag, connection, limited, utc
from doorstep_sandbox.shopify.views_parts import PartViews

FINANCIAL = {"pending": "PENDING", "paid": "PAID", "refunded": "REFUNDED", "voided": "VOIDED"}
FINANCIAL["partially_refunded"] = "PARTIALLY_REFUNDED"


class Views(PartViews):
    """One method per type; each takes records and returns a mapping in the schema's names."""

    def order(self, one: Json) -> Json:
        sums, currency = model.totals(one), one["currency"]
        sets = {
            "currentTotalPriceSet": "total",
            "currentSubtotalPriceSet": "subtotal",
            "currentTotalTaxSet": "tax",
            "totalPriceSet": "total",
            "subtotalPriceSet": "subtotal",
            "totalDiscountsSet": "discounts",
            "totalShippingPriceSet": "shipping",
            "totalTaxSet": "tax",
            "totalRefundedSet": "refunded",
            "totalReceivedSet": "received",
            "totalOutstandingSet": "outstanding",
        }
        return {
            "id": model.gid("Order", one["id"]),
            "legacyResourceId": str(one["id"]),
            **{name: bag(sums[key], currency) for name, key in sets.items()},
            **self._facts(one),
            "netPaymentSet": bag(sums["received"] - sums["refunded"], currency),
            "fullyPaid": sums["outstanding"] == 0,
            "unpaid": sums["received"] == 0,
            "shippingAddress": self.address(one, one["address"]),
            "billingAddress": self.address(one, one["billing_address"] or one["address"]),
            "customer": self.customer(one),
            "lineItems": connection(lambda: [self.line(one, each) for each in one["lines"]]),
            "shippingLines": connection(lambda: [self.shipping_line(one)]),
            "taxLines": [self.tax(one, part) for each in one["lines"] for part in each["tax_lines"]],
            "transactions": limited(lambda: [self.transaction(one, each) for each in one["transactions"]]),
            "fulfillmentOrders": connection(lambda: [self.fulfillment_order(one)]),
            "fulfillments": limited(lambda: [self.fulfillment(one, each) for each in one["fulfillments"]]),
            "refunds": limited(lambda: [self.refund(one, each) for each in one["refunds"]]),
            "returns": connection(lambda: [self.return_(one, each) for each in self.returns_of(one)]),
        }

    def _facts(self, one: Json) -> Json:
        status = model.fulfillment_status(one)
        returns = {each["status"] for each in self.returns_of(one)}
        returning = "IN_PROGRESS" if "OPEN" in returns else "RETURNED" if "CLOSED" in returns else "NO_RETURN"
        return {
            "name": one["name"],
            "number": one["number"],
            "createdAt": utc(one["created_at"]),
            "updatedAt": utc(one["updated_at"]),
            "processedAt": utc(one["created_at"]),
            "cancelledAt": utc(one["cancelled_at"]),
            "cancelReason": one["cancel_reason"] and one["cancel_reason"].upper(),
            "closedAt": None,
            "closed": False,
            "confirmed": True,
            "test": False,
            "sourceName": "web",
            "currencyCode": one["currency"],
            "presentmentCurrencyCode": one["currency"],
            "taxesIncluded": one["taxes_included"],
            "displayFinancialStatus": FINANCIAL[one["financial_status"]],
            "displayFulfillmentStatus": {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED"}.get(
                status, "FULFILLED"
            ),
            "email": one["email"],
            "phone": one["phone"],
            "tags": [tag.strip() for tag in one["tags"].split(",") if tag.strip()],
            "note": one["note"],
            "poNumber": None,
            "paymentGatewayNames": [one["gateway"]],
            "returnStatus": "RETURN_REQUESTED" if "REQUESTED" in returns else returning,
        }

    def returns_of(self, one: Json) -> list[Json]:
        return [self.shop.state["returns"][str(each)] for each in one["return_ids"]]

    def transaction(self, one: Json, each: Json) -> Json:
        parent = next((other for other in one["transactions"] if other["id"] == each["parent_id"]), None)
        return {
            "id": model.gid("OrderTransaction", each["id"]),
            "kind": each["kind"].upper(),
            "status": each["status"].upper(),
            "gateway": each["gateway"],
            "formattedGateway": each["gateway"].title(),
            "authorizationCode": each["authorization"] or None,
            "paymentId": each["payment_id"],
            "amountSet": bag(each["amount"], one["currency"]),
            "totalUnsettledSet": bag(0, one["currency"]),
            "createdAt": utc(each["created_at"]),
            "processedAt": utc(each["created_at"]),
            "test": False,
            "parentTransaction": lambda _info: self.transaction(one, parent) if parent else None,
            "order": lambda _info: self.order(one),
        }

    def fulfillment_order(self, one: Json) -> Json:
        record = one["fulfillment_order"]
        place = self.shop.locations[0]
        open_ = record["status"] in {"OPEN", "IN_PROGRESS"}
        return {
            "id": model.gid("FulfillmentOrder", record["id"]),
            "status": record["status"],
            "requestStatus": "UNSUBMITTED",
            "orderId": model.gid("Order", one["id"]),
            "orderName": one["name"],
            "createdAt": utc(one["created_at"]),
            "updatedAt": utc(one["updated_at"]),
            "assignedLocation": {
                "name": place["name"],
                "city": place.get("city"),
                "zip": place.get("zip"),
                "countryCode": place.get("country_code", "IN"),
                "location": lambda _info: self.location(place),
            },
            "lineItems": connection(
                lambda: [self.fulfillment_order_line(one, part) for part in record["lines"]]
            ),
            "supportedActions": [{"action": "CREATE_FULFILLMENT", "externalUrl": None}] if open_ else [],
            "fulfillmentHolds": [],
            "order": lambda _info: self.order(one),
            "fulfillments": connection(lambda: [self.fulfillment(one, each) for each in one["fulfillments"]]),
        }

    def fulfillment(self, one: Json, each: Json) -> Json:
        tracking = each["tracking"]
        urls = [*tracking["urls"], *[None] * len(tracking["numbers"])]
        status = (each["shipment_status"] or "").upper()
        shown = {"": "FULFILLED", "CARRIER_PICKED_UP": "CARRIER_PICKED_UP", "FAILURE": "FAILURE"}.get(
            status, status
        )
        moments = {event["status"]: event["happened_at"] for event in each["events"]}
        return {
            "id": model.gid("Fulfillment", each["id"]),
            "legacyResourceId": str(each["id"]),
            "name": each["name"],
            "status": each["status"],
            "displayStatus": "CANCELED" if each["status"] == "CANCELLED" else shown,
            "createdAt": utc(each["created_at"]),
            "updatedAt": utc(each["updated_at"]),
            "deliveredAt": utc(moments.get("DELIVERED")),
            "inTransitAt": utc(moments.get("IN_TRANSIT")),
            "totalQuantity": sum(part["quantity"] for part in each["lines"]),
            "trackingInfo": limited(
                lambda: [
                    {"company": tracking["company"], "number": number, "url": url}
                    for number, url in zip(tracking["numbers"], urls, strict=False)
                ]
            ),
            "fulfillmentLineItems": connection(
                lambda: [self.fulfillment_line(one, part) for part in each["lines"]]
            ),
            "fulfillmentOrders": connection(lambda: [self.fulfillment_order(one)]),
            "events": connection(lambda: [self.event(event) for event in each["events"]]),
            "order": lambda _info: self.order(one),
            "location": lambda _info: self.location(self.shop.locations[0]),
        }

    def refund(self, one: Json, each: Json) -> Json:
        moved = [other for other in one["transactions"] if other["id"] in each["transaction_ids"]]
        return {
            "id": model.gid("Refund", each["id"]),
            "legacyResourceId": str(each["id"]),
            "createdAt": utc(each["created_at"]),
            "updatedAt": utc(each["created_at"]),
            "note": each["note"],
            "totalRefundedSet": bag(sum(other["amount"] for other in moved), one["currency"]),
            "refundLineItems": connection(lambda: [self.refund_line(one, part) for part in each["lines"]]),
            "transactions": connection(lambda: [self.transaction(one, other) for other in moved]),
            "order": lambda _info: self.order(one),
        }

    def return_(self, one: Json, each: Json) -> Json:
        reverse = {"id": model.gid("ReverseFulfillmentOrder", each["id"] + 1), "status": "OPEN"}
        if each["status"] == "CLOSED":
            reverse["status"] = "CLOSED"
        opened = each["status"] in {"OPEN", "CLOSED"}
        return {
            "id": model.gid("Return", each["id"]),
            "name": each["name"],
            "status": each["status"],
            "createdAt": utc(each["created_at"]),
            "closedAt": utc(each["closed_at"]),
            "requestApprovedAt": utc(each["approved_at"]),
            "decline": each["decline"],
            "order": lambda _info: self.order(one),
            "totalQuantity": sum(part["quantity"] for part in each["lines"]),
            "returnLineItems": connection(lambda: [self.return_line(one, part) for part in each["lines"]]),
            "refunds": connection(
                lambda: [
                    self.refund(one, ref) for ref in one["refunds"] if ref.get("return_id") == each["id"]
                ]
            ),
            "reverseFulfillmentOrders": connection(lambda: [reverse] if opened else []),
        }
