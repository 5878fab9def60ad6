"""Run one order step by step through the public interfaces; each step checks its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from doorstep.delivery.cli.demo import read
from doorstep.delivery.cli.demo.doors import Doors, Json, Mismatch
from doorstep.kernel import time as clocks

JACKET, SHIRT = "DJ-BL-01", "GT-WH-02"
_DAY_SECONDS = 86_400
_PARCELS = 2
_STORY_DAYS = 5  # counted back from now: the order was placed five days ago, and the demo ends today
_STOCK = {("WH-A", JACKET): 8, ("ST-22", JACKET): 0, ("WH-B", JACKET): 5}
_STOCK |= {("WH-A", SHIRT): 1, ("ST-22", SHIRT): 3, ("WH-B", SHIRT): 0}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The tracking numbers that the carriers will assign."""

    jacket: str = "SHK1245XYZ"
    shirts: str = "SRK5678PQR"


@dataclass(slots=True)
class Story:
    """One run. `shop_order` is the channel's id, `order_id` ours."""

    doors: Doors
    numbers: Numbers = field(default_factory=Numbers)
    shop_order: int = 0
    shop_name: str = ""
    order_id: int = 0
    return_id: int = 0
    stock_before: int = 0

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Title and action of each step; an action returns a sentence about its result."""
        return [
            ("Placed", self.placed),
            ("Allocated", self.allocated),
            ("Shipped", self.shipped),
            ("Invoiced", self.invoiced),
            ("Delivered", self.delivered),
            ("Returned", self.returned),
        ]

    def day(self, number: float) -> None:
        """Move the clocks to a day of the demo."""
        clocks.shift(self.doors.stage.clock_file, (number - _STORY_DAYS) * _DAY_SECONDS)

    def order(self) -> Json:
        """Our order as it is now."""
        return self.doors.api("GET", f"/orders/{self.order_id}")

    # 1 ---------------------------------------------------------------------------------------------------------

    def placed(self) -> str:
        """A customer in Delhi buys a jacket and two T-shirts and pays by UPI; every webhook arrives several times."""
        self.day(0)
        self._set_stock()
        usual = self.doors.context("shopify", "webhooks")["settings"]
        self.doors.context("shopify", "webhooks", {"duplicates": 2})
        paid = self.doors.context(
            "razorpay", "pay", {"amount": 459_700, "method": "upi", "vpa": "customer@upi", "receipt": "cart"}
        )
        shop = self.doors.context("shopify", "place_order", _cart(str(paid["payment_id"])))
        self.shop_order, self.shop_name = int(str(shop["order_id"])), str(shop["name"])
        found = self.doors.until("the order has arrived", self._find)
        self.order_id = int(str(found["id"]))
        self.doors.until(
            "every webhook is processed", lambda: self.doors.context("shopify", "webhooks")["pending"] == 0
        )
        self.doors.context("shopify", "webhooks", {"duplicates": read.count(usual, "duplicates")})
        total = read.text(self.order(), "total", "amount")
        _expect("the order's total", total, "4597.00")
        return f"{self.shop_name}: 1 × {JACKET}, 2 × {SHIRT}, ₹{total} paid by UPI; order created"

    def _set_stock(self) -> None:
        """The stock before the order, so that the demo can run again."""
        for (location, sku), count in _STOCK.items():
            body: Json = {"sku": sku, "location": location, "set_to": count, "reason": "counted"}
            self.doors.api("POST", "/inventory/adjustments", body=body)

    def _find(self) -> Json | None:
        found = read.rows(self.doors.api("GET", f"/orders?q={self.shop_name.replace('#', '%23')}"), "items")
        if len(found) > 1:
            raise Mismatch(f"Doorstep has {self.shop_name} {len(found)} times.")
        return found[0] if found else None

    # 2 ---------------------------------------------------------------------------------------------------------

    def allocated(self) -> str:
        """Each line complete from one location: the single T-shirt in Warehouse A is not used."""
        work = self.doors.until("both locations have their work", lambda: self._work(_PARCELS))
        where = {read.text(each, "location"): read.rows(each, "lines") for each in work}
        plan = {
            location: [(str(line["sku"]), line["quantity"]) for line in lines]
            for location, lines in where.items()
        }
        _expect("the plan", plan, {"WH-A": [(JACKET, 1)], "ST-22": [(SHIRT, 2)]})
        why = [str(line["sentence"]) for each in work for line in read.rows(each, "why")]
        return "; ".join(dict.fromkeys(each.rstrip(".") for each in why))

    def _work(self, count: int) -> list[Json] | None:
        found = read.rows(self.order(), "fulfillment_orders")
        return found if len(found) == count else None

    # 3 ---------------------------------------------------------------------------------------------------------

    def shipped(self) -> str:
        """Both locations accept, scan, pack, get their labels, and hand over; the shop gets the tracking numbers."""
        self.doors.context("shiphawk", "script", {"next_tracking_numbers": [self.numbers.jacket]})
        self.doors.context("shiprocket", "script", {"next_awbs": [self.numbers.shirts]})
        for work in read.rows(self.order(), "fulfillment_orders"):
            self._pack(work)
        for work in read.rows(self.order(), "fulfillment_orders"):
            self._fetch_label(int(str(work["id"])), read.text(work, "location"))
        self.day(0.25)
        for work in read.rows(self.order(), "fulfillment_orders"):
            key = self.doors.keys.staff[read.text(work, "location")]
            self.doors.api("POST", f"/fulfillment-orders/{work['id']}/ship", key=key, body={})
        wanted = {self.numbers.jacket, self.numbers.shirts}
        self.doors.until("the shop has both tracking numbers", lambda: self._shop_tracking() == wanted)
        return f"Warehouse A by ShipHawk {self.numbers.jacket}, Store 22 by Shiprocket {self.numbers.shirts}; shop updated"

    def _pack(self, work: Json) -> None:
        number, key = work["id"], self.doors.keys.staff[read.text(work, "location")]
        self.doors.api("POST", f"/fulfillment-orders/{number}/accept", key=key, body={})
        for line in read.rows(work, "lines"):
            for _ in range(int(str(line["quantity"]))):
                self.doors.api(
                    "POST", f"/fulfillment-orders/{number}/pick", key=key, body={"code": line["sku"]}
                )
        self.doors.api("POST", f"/fulfillment-orders/{number}/pack", key=key, body={})

    def _fetch_label(self, number: int, location: str) -> None:
        key = self.doors.keys.staff[location]

        def labelled() -> Json | None:
            now = self.doors.api("GET", f"/fulfillment-orders/{number}", key=key)
            return now if "ship" in read.values(now, "actions") else None

        ready = self.doors.until(f"{location} has its label", labelled)
        for parcel in read.rows(ready, "parcels"):
            pdf = self.doors.label(int(str(parcel["shipment_id"])), key=key)
            _expect("the label is a PDF", pdf[:5], b"%PDF-")

    def _shop_tracking(self) -> set[str]:
        order = read.table(self.doors.context("shopify", "state"), "orders").get(str(self.shop_order), {})
        return read.tracking_numbers(order)

    # 4 ---------------------------------------------------------------------------------------------------------

    def invoiced(self) -> str:
        """An invoice per shipment: IGST from Maharashtra to Delhi, CGST and SGST within Delhi."""
        numbers = self.doors.until("both shipments have their invoice", self._invoices)
        books = {
            str(each["name"]): each
            for each in read.documents(self.doors.context("erpnext", "state"), "Sales Invoice")
        }
        taxes = {location: read.tax_kinds(books[number]) for location, number in numbers.items()}
        _expect("the taxes", taxes, {"WH-A": {"IGST"}, "ST-22": {"CGST", "SGST"}})
        return f"{numbers['WH-A']} with IGST, {numbers['ST-22']} with CGST + SGST"

    def _invoices(self) -> dict[str, str] | None:
        found = {
            read.text(work, "location"): read.text(parcel, "invoice")
            for work in read.rows(self.order(), "fulfillment_orders")
            for parcel in read.rows(work, "parcels")
        }
        return found if all(found.values()) else None

    # 5 ---------------------------------------------------------------------------------------------------------

    def delivered(self) -> str:
        """The jacket on day 2, the T-shirts on day 3; scans arrive late, twice and in the wrong order."""
        self.day(2)
        self._scan("shiphawk", self.numbers.jacket, "in_transit", "delivered", "in_transit")
        self.doors.until("the jacket is delivered", lambda: self._line_status(JACKET) == "Delivered")
        self.day(3)
        self._scan("shiprocket", self.numbers.shirts, "delivered", "out_for_delivery", "delivered")
        self.doors.until("the order is complete", lambda: self.order()["status"] == "completed")
        self.doors.until("the shop is updated", lambda: self._shop_events() == _PARCELS)
        return "jacket on day 2, T-shirts on day 3; order completed; shop and customer updated"

    def _scan(self, carrier: str, tracking_number: str, *statuses: str) -> None:
        for status in statuses:
            body: Json = {"tracking_number": tracking_number, "status": status}
            self.doors.context(carrier, "scan", body)

    def _line_status(self, sku: str) -> str:
        return next(str(line["status"]) for line in read.rows(self.order(), "lines") if line["sku"] == sku)

    def _shop_events(self) -> int:
        reported = [each for each in read.rows(self.order(), "timeline") if each["type"] == "channel.updated"]
        return sum("delivered" in str(each["words"]) for each in reported)

    # 6 ---------------------------------------------------------------------------------------------------------

    def returned(self) -> str:
        """One T-shirt does not fit: picked up, received, inspected, refunded once, credited in the ERP."""
        self.stock_before = self._on_hand(SHIRT, "ST-22")
        body: Json = {"order_id": self.shop_order, "sku": SHIRT, "quantity": 1}
        self.doors.context(
            "shopify", "request_return", {**body, "reason": "SIZE_TOO_SMALL", "note": "Size issue"}
        )
        found = self.doors.until("the return pickup is booked", self._return_with_pickup)
        self.return_id = int(str(found["id"]))
        self.day(4)
        self._scan("shiprocket", str(found["tracking_number"]), "picked_up", "delivered")
        self.doors.until("the return has arrived", lambda: self._return()["custody"] == "arrived")
        self.day(_STORY_DAYS)
        key = self.doors.keys.staff["ST-22"]
        self.doors.api("POST", f"/returns/{self.return_id}/receive", key=key, body={})
        line = read.rows(found, "lines")[0]
        finding = {
            "return_line_no": line["return_line_no"], "quantity": 1, "grade": "new", "disposition": "restock",
        }  # fmt: skip
        self.doors.api("POST", f"/returns/{self.return_id}/inspect", key=key, body={"inspections": [finding]})
        self.doors.until("the refund is paid", lambda: self._return()["status"] == "refunded")
        self.doors.until("the ERP has the credit note", self._credited)
        self.doors.until("the shop has the return", lambda: "return done" in self._reported())
        _expect("the refund", read.text(self.order(), "refunded", "amount"), "799.00")
        _expect("stock at Store 22", self._on_hand(SHIRT, "ST-22"), self.stock_before + 1)
        return "₹799.00 refunded, one more unit at Store 22, credit note posted"

    def _return(self) -> Json:
        return self.doors.api("GET", f"/returns/{self.return_id}")

    def _return_with_pickup(self) -> Json | None:
        found = read.rows(self.order(), "returns")
        return found[0] if found and found[0]["tracking_number"] else None

    def _credited(self) -> bool:
        issued = [each for each in read.rows(self.order(), "timeline") if each["type"] == "invoice.issued"]
        return sum("Credit note" in str(each["words"]) for each in issued) == 1

    def _reported(self) -> str:
        return " ".join(str(each["words"]) for each in read.rows(self.order(), "timeline"))

    def _on_hand(self, sku: str, location: str) -> int:
        positions = read.rows(self.doors.api("GET", f"/inventory?q={sku}&location={location}"), "items")
        return sum(
            int(str(each["on_hand"]))
            for each in positions
            if each["sku"] == sku and each["condition"] == "new"
        )


def _cart(payment_id: str) -> Json:
    """The customer's order. The last webhook that is sent is the first that happened."""
    return {
        "lines": [
            {
                "sku": JACKET,
                "title": "Blue Denim Jacket",
                "quantity": 1,
                "price": "2999.00",
                "tax_rate": 0.18,
            },
            {
                "sku": SHIRT,
                "title": "White Graphic T-shirt",
                "quantity": 2,
                "price": "799.00",
                "tax_rate": 0.05,
            },
        ],
        "buyer": {"first_name": "Delhi", "last_name": "Customer"},
        "email": "customer@example.com",
        "phone": "+911100000000",
        "address": {
            "address1": "12 Garden Road",
            "address2": "Lajpat Nagar",
            "city": "New Delhi",
            "province": "Delhi",
            "province_code": "DL",
            "zip": "110024",
        },
        "payment": "paid",
        "razorpay_payment_id": payment_id,
        "webhooks": ["orders/updated", "orders/create", "orders/paid", "order_transactions/create"],
    }


def _expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Mismatch(f"{what}: {found!r} instead of {wanted!r}.")
