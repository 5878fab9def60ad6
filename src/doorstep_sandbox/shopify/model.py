"""The shop's records: orders with lines, taxes and fulfillment orders, and their arithmetic (money in paise)."""

from __future__ import annotations

import datetime as dt
import random
from decimal import ROUND_HALF_UP, Decimal

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json

SMALLEST_ID, LARGEST_ID = 2 * 10**17, 9 * 10**17
SELLER_PROVINCE = "MH"


def new_id() -> int:
    """Ids beyond 2**53, as real ones may be: a float cannot hold them."""
    return random.randrange(SMALLEST_ID, LARGEST_ID)


def gid(kind: str, identifier: object) -> str:
    return f"gid://shopify/{kind}/{identifier}"


def bare(global_id: str) -> str:
    """The number at the end of a global id."""
    return global_id.rsplit("/", 1)[-1]


def minor(amount: object) -> int:
    return int((Decimal(str(amount)) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def major(value: int) -> str:
    return f"{Decimal(value) / 100:.2f}"


def local(moment: dt.datetime) -> str:
    """2026-11-22T11:47:56+05:30, the shop's local time as in webhooks."""
    return moment.astimezone(clock.IST).isoformat(timespec="seconds")


def tax_lines(request: Json, amount: int, *, included: bool, within_state: bool) -> list[Json]:
    """GST of a line: as given, or CGST and SGST within the seller's state and IGST across states."""
    given = request.get("tax_lines")
    if given is None:
        rate = Decimal(str(request.get("tax_rate", "0.05")))
        halves = [("CGST", rate / 2), ("SGST", rate / 2)] if within_state else [("IGST", rate)]
        given = [{"title": title, "rate": float(part)} for title, part in halves]
    total_rate = sum((Decimal(str(one["rate"])) for one in given), Decimal(0))
    base = Decimal(amount) / (1 + total_rate) if included else Decimal(amount)
    return [
        {
            "title": one["title"],
            "rate": float(one["rate"]),
            "price": int((base * Decimal(str(one["rate"]))).quantize(Decimal(1), ROUND_HALF_UP)),
        }
        for one in given
    ]


def line(request: Json, variant: Json, *, included: bool, within_state: bool) -> Json:
    quantity = int(request["quantity"])
    price = minor(request["price"])
    discount = minor(request.get("discount", 0))
    amount = price * quantity - discount
    return {
        "id": new_id(),
        "sku": request["sku"],
        "title": request.get("title") or variant["title"],
        "variant_title": request.get("variant_title"),
        "variant_id": variant["id"],
        "product_id": variant["product_id"],
        "quantity": quantity,
        "current_quantity": quantity,
        "price": price,
        "discount": discount,
        "grams": int(request.get("grams", 0)),
        "tax_lines": tax_lines(request, amount, included=included, within_state=within_state),
    }


def order(body: Json, number: int, lines: list[Json]) -> Json:
    """A new order with one open fulfillment order for all lines."""
    created = clock.parse(body["created_at"]) if body.get("created_at") else clock.now()
    fields = ("email", "phone", "note", "address", "billing_address")
    return {
        "id": new_id(),
        "number": number,
        "name": body.get("name") or f"#{number}",
        "customer_id": new_id(),
        "buyer": body.get("buyer") or {},
        **{field: body.get(field) for field in fields},
        "tags": body.get("tags", ""),
        "currency": body.get("currency", "INR"),
        "taxes_included": bool(body.get("taxes_included", True)),
        "gateway": body.get("gateway", "razorpay"),
        "financial_status": "pending",
        "shipping": minor(body.get("shipping_price", 0)),
        "shipping_line_id": new_id(),
        "shipping_title": body.get("shipping_title", "Standard"),
        "lines": lines,
        "transactions": [],
        "fulfillment_order": {
            "id": new_id(),
            "status": "OPEN",
            "lines": [
                {"id": new_id(), "line_id": one["id"], "total": one["quantity"], "remaining": one["quantity"]}
                for one in lines
            ],
        },
        "fulfillments": [],
        "refunds": [],
        "return_ids": [],
        "cancelled_at": None,
        "cancel_reason": None,
        "created_at": created.isoformat(),
        "updated_at": created.isoformat(),
        "overrides": body.get("overrides", {}),
    }


def transaction(
    of_order: Json, kind: str, amount: int, authorization: str = "", parent: int | None = None
) -> Json:
    return {
        "id": new_id(),
        "kind": kind,
        "status": "success",
        "gateway": of_order["gateway"],
        "authorization": authorization,
        "amount": amount,
        "parent_id": parent,
        "payment_id": f"{of_order['name']}.{len(of_order['transactions']) + 1}",
        "created_at": clock.now().isoformat(),
    }


def line_amount(one: Json, quantity: int | None = None) -> int:
    """Price times quantity less the discount's share; without a quantity, for the complete current line."""
    count = one["current_quantity"] if quantity is None else quantity
    share = one["discount"] * count // max(1, one["quantity"])
    return int(one["price"] * count - share)


def totals(of_order: Json) -> dict[str, int]:
    """Every total that a payload or a query may contain."""
    lines = of_order["lines"]
    subtotal = sum(line_amount(one) for one in lines)
    tax = sum(part["price"] for one in lines if one["current_quantity"] for part in one["tax_lines"])
    total = subtotal + of_order["shipping"] + (0 if of_order["taxes_included"] else tax)
    received = sum(one["amount"] for one in of_order["transactions"] if one["kind"] == "sale")
    refunded = sum(one["amount"] for one in of_order["transactions"] if one["kind"] == "refund")
    return {
        "items": sum(one["price"] * one["current_quantity"] for one in lines),
        "discounts": sum(one["discount"] for one in lines),
        "subtotal": subtotal,
        "tax": tax,
        "shipping": of_order["shipping"],
        "total": total,
        "received": received,
        "refunded": refunded,
        "outstanding": max(0, total - received) if of_order["financial_status"] != "voided" else 0,
    }


def fulfilled(of_order: Json, line_id: int) -> int:
    return sum(
        part["quantity"]
        for fulfillment in of_order["fulfillments"]
        if fulfillment["status"] == "SUCCESS"
        for part in fulfillment["lines"]
        if part["line_id"] == line_id
    )


def fulfillment_status(of_order: Json) -> str | None:
    """None, partial or fulfilled, as in webhooks."""
    wanted = sum(one["current_quantity"] for one in of_order["lines"])
    done = sum(fulfilled(of_order, one["id"]) for one in of_order["lines"])
    if done == 0:
        return None
    return "fulfilled" if done >= wanted else "partial"


def find_line(of_order: Json, line_id: object) -> Json | None:
    return next((one for one in of_order["lines"] if str(one["id"]) == str(line_id)), None)
