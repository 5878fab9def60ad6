"""The warehouse: stock, orders and their states, receipts and adjustments. It changes one JSON state and writes no file."""

from __future__ import annotations

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.parcel3pl import outbound

NEXT = {"received": {"picking", "canceled"}, "picking": {"packed", "canceled"}, "packed": {"shipped"}}
CONDITIONS = ("good", "damaged", "hold")
REASONS = ("count", "damaged", "lost", "found", "expired")
CARTON_GRAMS = 500


class Warehouse:
    """The verbs; each raises ValueError for what cannot be done."""

    def __init__(self, state: Json) -> None:
        self.state = state

    @property
    def stock(self) -> dict[str, Json]:
        found: dict[str, Json] = self.state["stock"]
        return found

    def order(self, order_ref: str) -> Json:
        found: Json = self.state["orders"][order_ref]
        return found

    def put(self, sku: str, condition: str, on_hand: int) -> None:
        """Set what is there."""
        position = self.stock.setdefault(sku, dict.fromkeys(CONDITIONS, 0) | {"reserved": 0})
        position[condition] = on_hand

    def accept(self, order: Json) -> None:
        lines = [{**line, "quantity": int(line["quantity"])} for line in order["lines"]]
        self.state["orders"][order["order_ref"]] = {
            **order,
            "lines": lines,
            "state": "received",
            "history": [["received", clock.zulu(clock.now())]],
        }
        for line in lines:
            self.stock[line["sku"]]["reserved"] += line["quantity"]

    def move(self, order_ref: str, state: str) -> Json:
        order = self.order(order_ref)
        if state not in NEXT.get(order["state"], set()):
            raise ValueError(f"{order_ref} is {order['state']} and cannot be {state}")
        order["state"] = state
        order["history"].append([state, clock.zulu(clock.now())])
        if state in {"canceled", "shipped"}:
            for line in order["lines"]:
                self.stock[line["sku"]]["reserved"] -= line["quantity"]
        return order

    def cancel(self, order_ref: str) -> tuple[str, str]:
        """The answer to a cancel file: result and reason."""
        order = self.state["orders"].get(order_ref)
        if order is None:
            return "unknown", "no such order"
        if order["state"] in {"packed", "shipped"}:
            return "too_late", f"the order is {order['state']}"
        if order["state"] != "canceled":
            self.move(order_ref, "canceled")
        return "canceled", ""

    def pack(self, order_ref: str, cartons: list[Json] | None, first_serial: int) -> Json:
        """Into the given cartons [{`lines`: [{`line_ref`, `quantity`, `lot`?, `serials`?}], `weight_grams`?}], or all into one."""
        order = self.order(order_ref)
        wanted = cartons if cartons is not None else [{"lines": self._all_there(order)}]
        packed = [_carton(number, carton, first_serial + number) for number, carton in enumerate(wanted)]
        for line in order["lines"]:
            units = sum(
                content["quantity"]
                for carton in packed
                for content in carton["lines"]
                if content["line_ref"] == line["line_ref"]
            )
            line["short"] = line["quantity"] - units
            if line["short"] < 0 or units > self.stock[line["sku"]]["good"]:
                raise ValueError(f"line {line['line_ref']}: {units} units cannot be packed")
        self.move(order_ref, "packed")
        order["cartons"] = [carton for carton in packed if carton["lines"]]
        return order

    def ship(self, order_ref: str, shipment_ref: str, more: Json) -> Json:
        """The shipment; the goods leave the stock."""
        order = self.move(order_ref, "shipped")
        tracking = list(more.get("tracking_numbers", []))
        for carton in order["cartons"]:
            given = tracking.pop(0) if tracking else f"P3{carton['sscc'][-10:]}"
            carton["tracking_number"] = given
            for content in carton["lines"]:
                line = next(one for one in order["lines"] if one["line_ref"] == content["line_ref"])
                self.stock[line["sku"]]["good"] -= content["quantity"]
        order["shipment"] = {
            "shipment_ref": shipment_ref,
            "order_ref": order_ref,
            "carrier": more.get("carrier") or order["carrier"] or "UPS",
            "service": more.get("service") or order["service"] or "standard",
            "shipped_at": more.get("shipped_at") or clock.zulu(clock.now()),
            "short_reason": more.get("short_reason", "out_of_stock"),
            "lines": order["lines"],
            "cartons": order["cartons"],
        }
        shipment: Json = order["shipment"]
        return shipment

    def receive(self, receipt_ref: str, body: Json) -> list[Json]:
        """Goods come in, with or without an advice; the rows of the receipt."""
        advice = self.state["advices"].get(body.get("advice_ref", ""), {"lines": []})
        advised = {line["line_ref"]: int(line["quantity"]) for line in advice["lines"]}
        rows = []
        for line in body["lines"]:
            received, damaged = int(line["quantity"]), int(line.get("damaged", 0))
            self.put(line["sku"], "good", self._at(line["sku"], "good") + received - damaged)
            self.put(line["sku"], "damaged", self._at(line["sku"], "damaged") + damaged)
            rows.append(
                {
                    "receipt_ref": receipt_ref,
                    "advice_ref": body.get("advice_ref", ""),
                    "line_ref": line.get("line_ref", ""),
                    "sku": line["sku"],
                    "quantity_advised": advised.get(line.get("line_ref", ""), 0),
                    "quantity_received": received,
                    "quantity_damaged": damaged,
                    "lot": line.get("lot", ""),
                    "expires_on": line.get("expires_on", ""),
                    "received_at": clock.zulu(clock.now()),
                    "closed": "yes" if body.get("closed", True) else "no",
                }
            )
        return rows

    def adjust(self, adjustment_ref: str, body: Json) -> Json:
        condition, quantity = body.get("condition", "good"), int(body["quantity"])
        if body["reason"] not in REASONS or condition not in CONDITIONS:
            raise ValueError(f"reason is one of {', '.join(REASONS)}, condition of {', '.join(CONDITIONS)}")
        left = self._at(body["sku"], condition) + quantity
        if left < 0:
            raise ValueError(f"there are only {left - quantity} units")
        self.put(body["sku"], condition, left)
        at = clock.zulu(clock.now())
        entry = {"adjustment_ref": adjustment_ref, "sku": body["sku"], "condition": condition}
        return entry | {
            "quantity": quantity,
            "reason": body["reason"],
            "at": at,
            "note": body.get("note", ""),
        }

    def snapshot(self) -> list[Json]:
        """The whole stock, closed by the row `#END`."""
        at = clock.zulu(clock.now())
        rows: list[Json] = [
            {
                "sku": sku,
                "condition": condition,
                "on_hand": position[condition],
                "reserved": position["reserved"] if condition == "good" else 0,
                "as_of": at,
            }
            for sku, position in sorted(self.stock.items())
            for condition in CONDITIONS
            if position[condition] or condition == "good"
        ]
        return [*rows, {"sku": "#END", "condition": "", "on_hand": len(rows), "reserved": "", "as_of": at}]

    def _at(self, sku: str, condition: str) -> int:
        return int(self.stock.get(sku, {}).get(condition, 0))

    def _all_there(self, order: Json) -> list[Json]:
        left = {sku: position["good"] for sku, position in self.stock.items()}
        found = []
        for line in order["lines"]:
            units = min(line["quantity"], left[line["sku"]])
            left[line["sku"]] -= units
            if units:
                found.append({"line_ref": line["line_ref"], "quantity": units})
        return found


def _carton(number: int, carton: Json, serial: int) -> Json:
    contents = [
        {
            "line_ref": content["line_ref"],
            "quantity": int(content["quantity"]),
            "lot": content.get("lot", ""),
            "serials": list(content.get("serials", [])),
        }
        for content in carton["lines"]
    ]
    grams = int(carton.get("weight_grams", CARTON_GRAMS))
    return {"number": number + 1, "sscc": outbound.sscc(serial), "weight_grams": grams, "lines": contents}
