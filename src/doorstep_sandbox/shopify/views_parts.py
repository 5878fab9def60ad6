"""Map lines, addresses and taxes of an order to GraphQL."""

from __future__ import annotations

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model
from doorstep_sandbox.shopify.paging import bag, limited, utc
from doorstep_sandbox.shopify.views_stock import StockViews


class PartViews(StockViews):
    """Views of parts of an order that do not lead back to it."""

    def address(self, one: Json, parts: Json | None) -> Json | None:
        if not parts:
            return None
        first = parts.get("first_name", one["buyer"].get("first_name"))
        last = parts.get("last_name", one["buyer"].get("last_name"))
        kept = (
            "company",
            "address1",
            "address2",
            "city",
            "province",
            "zip",
            "country",
            "latitude",
            "longitude",
        )
        return {
            "id": model.gid("MailingAddress", one["customer_id"] + 1),
            "firstName": first,
            "lastName": last,
            "name": f"{first or ''} {last or ''}".strip(),
            **{key: parts.get(key) for key in kept},
            "provinceCode": parts.get("province_code"),
            "countryCodeV2": parts.get("country_code", "IN"),
            "phone": parts.get("phone", one["phone"]),
        }

    def customer(self, one: Json) -> Json:
        first, last = one["buyer"].get("first_name"), one["buyer"].get("last_name")
        return {
            "id": model.gid("Customer", one["customer_id"]),
            "legacyResourceId": str(one["customer_id"]),
            "firstName": first,
            "lastName": last,
            "displayName": f"{first or ''} {last or ''}".strip(),
            "email": one["email"],
            "phone": one["phone"],
        }

    def tax(self, one: Json, part: Json) -> Json:
        return {
            "title": part["title"],
            "rate": part["rate"],
            "ratePercentage": part["rate"] * 100,
            "priceSet": bag(part["price"], one["currency"]),
        }

    def shipping_line(self, one: Json) -> Json:
        price = bag(one["shipping"], one["currency"])
        names = {"title": one["shipping_title"], "code": one["shipping_title"]}
        prices = {"originalPriceSet": price, "discountedPriceSet": price}
        return {"id": model.gid("ShippingLine", one["shipping_line_id"]), **names, **prices, "taxLines": []}

    def line(self, one: Json, each: Json) -> Json:
        currency, quantity = one["currency"], each["quantity"]
        left = max(0, each["current_quantity"] - model.fulfilled(one, each["id"]))
        whole = each["price"] * quantity
        unit = (whole - each["discount"]) // max(1, quantity)
        refunded = sum(
            part["quantity"]
            for ref in one["refunds"]
            for part in ref["lines"]
            if part["line_id"] == each["id"]
        )
        return {
            "id": model.gid("LineItem", each["id"]),
            "sku": each["sku"],
            "name": f"{each['title']} - {each['variant_title']}" if each["variant_title"] else each["title"],
            "title": each["title"],
            "variantTitle": each["variant_title"],
            "vendor": None,
            "quantity": quantity,
            "currentQuantity": each["current_quantity"],
            "unfulfilledQuantity": left,
            "fulfillableQuantity": left,
            "refundableQuantity": max(0, each["current_quantity"] - refunded),
            "nonFulfillableQuantity": 0,
            "isGiftCard": False,
            "requiresShipping": True,
            "taxable": True,
            "originalUnitPriceSet": bag(each["price"], currency),
            "discountedUnitPriceSet": bag(unit, currency),
            "originalTotalSet": bag(whole, currency),
            "discountedTotalSet": bag(whole - each["discount"], currency),
            "totalDiscountSet": bag(each["discount"], currency),
            "discountAllocations": [],
            "taxLines": limited(lambda: [self.tax(one, part) for part in each["tax_lines"]]),
            "variant": lambda _info: self.variant(self.shop.variant(each["sku"])),
        }

    def fulfillment_order_line(self, one: Json, part: Json) -> Json:
        line = model.find_line(one, part["line_id"]) or {}
        return {
            "id": model.gid("FulfillmentOrderLineItem", part["id"]),
            "remainingQuantity": part["remaining"],
            "totalQuantity": part["total"],
            "sku": line.get("sku"),
            "productTitle": line.get("title"),
            "lineItem": lambda _info: self.line(one, line),
        }

    def fulfillment_line(self, one: Json, part: Json) -> Json:
        line = model.find_line(one, part["line_id"]) or {}
        return {
            "id": model.gid("FulfillmentLineItem", part["id"]),
            "quantity": part["quantity"],
            "lineItem": lambda _info: self.line(one, line),
            "originalTotalSet": bag(line["price"] * part["quantity"], one["currency"]),
            "discountedTotalSet": bag(model.line_amount(line, part["quantity"]), one["currency"]),
        }

    def event(self, event: Json) -> Json:
        return {
            "id": model.gid("FulfillmentEvent", event["id"]),
            "status": event["status"],
            "happenedAt": utc(event["happened_at"]),
            "createdAt": utc(event["created_at"]),
            "message": event.get("message"),
            "city": event.get("city"),
        }

    def refund_line(self, one: Json, part: Json) -> Json:
        line = model.find_line(one, part["line_id"]) or {}
        return {
            "id": model.gid("RefundLineItem", part["id"]),
            "quantity": part["quantity"],
            "restockType": part["restock_type"],
            "restocked": part["restock_type"] != "NO_RESTOCK",
            "lineItem": lambda _info: self.line(one, line),
            "priceSet": bag(line["price"], one["currency"]),
            "subtotalSet": bag(part["amount"], one["currency"]),
            "totalTaxSet": bag(0, one["currency"]),
        }

    def return_line(self, one: Json, part: Json) -> Json:
        source = next(
            line
            for each in one["fulfillments"]
            for line in each["lines"]
            if line["id"] == part["fulfillment_line_id"]
        )
        left = part["quantity"] - part["processed"]
        handle = part["reason"].lower().replace("_", "-")
        return {
            "__typename": "ReturnLineItem",
            "id": model.gid("ReturnLineItem", part["id"]),
            "quantity": part["quantity"],
            "processableQuantity": left,
            "processedQuantity": part["processed"],
            "refundableQuantity": left,
            "refundedQuantity": part["processed"],
            "unprocessedQuantity": left,
            "returnReason": part["reason"],
            "returnReasonNote": part["note"],
            "returnReasonDefinition": {
                "id": model.gid("ReturnReasonDefinition", handle),
                "handle": handle,
                "name": handle.replace("-", " ").capitalize(),
            },
            "customerNote": part["customer_note"],
            "fulfillmentLineItem": lambda _info: self.fulfillment_line(one, source),
        }
