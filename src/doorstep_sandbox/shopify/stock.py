"""Stock mutations: set with compare-and-set, adjust by a delta."""

from __future__ import annotations

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model
from doorstep_sandbox.shopify.fulfillments import Refusal
from doorstep_sandbox.shopify.shop import Shop
from doorstep_sandbox.shopify.views import Views

NAMES = {"available", "on_hand"}


class Stock:
    """Each method implements one mutation; all of its changes are applied or none."""

    def __init__(self, shop: Shop, views: Views) -> None:
        self.shop = shop
        self.views = views

    def set(self, given: Json) -> Json:
        wanted = given["input"]
        self._check_name(wanted, ("input", "name"), "INVALID_NAME")
        changes = []
        for place, one in enumerate(wanted["quantities"]):
            record, location, level = self._level(one, ("input", "quantities", str(place)))
            self._compare(one, level.get(wanted["name"], 0), ("input", "quantities", str(place)))
            if one["quantity"] < 0:
                field = ("input", "quantities", str(place), "quantity")
                raise Refusal("The quantity can't be negative.", *field, code="INVALID_QUANTITY_NEGATIVE")
            changes.append((record, location, level, one["quantity"] - level.get(wanted["name"], 0)))
        return self._apply(wanted, changes)

    def adjust(self, given: Json) -> Json:
        wanted = given["input"]
        self._check_name(wanted, ("input", "name"), "INVALID_QUANTITY_NAME")
        changes = []
        for place, one in enumerate(wanted["changes"]):
            record, location, level = self._level(one, ("input", "changes", str(place)))
            if "changeFromQuantity" in one:
                self._compare(one, level.get(wanted["name"], 0), ("input", "changes", str(place)))
            changes.append((record, location, level, one["delta"]))
        return self._apply(wanted, changes)

    def _check_name(self, given: Json, field: tuple[str, ...], code: str) -> None:
        if given["name"] not in NAMES:
            raise Refusal("The quantity name must be available or on_hand.", *field, code=code)

    def _compare(self, wanted: Json, current: int, field: tuple[str, ...]) -> None:
        expected = wanted.get("changeFromQuantity")
        if expected is not None and expected != current:
            message = "The changeFromQuantity argument no longer matches the persisted quantity."
            raise Refusal(message, *field, "changeFromQuantity", code="CHANGE_FROM_QUANTITY_STALE")

    def _level(self, wanted: Json, field: tuple[str, ...]) -> tuple[Json, Json, Json]:
        item, place = model.bare(wanted["inventoryItemId"]), model.bare(wanted["locationId"])
        variants = self.shop.state["variants"].values()
        record = next((one for one in variants if str(one["inventory_item_id"]) == item), None)
        if record is None:
            message = "The specified inventory item could not be found."
            raise Refusal(message, *field, "inventoryItemId", code="INVALID_INVENTORY_ITEM")
        location = next((one for one in self.shop.locations if str(one["id"]) == place), None)
        if location is None:
            message = "The specified location could not be found."
            raise Refusal(message, *field, "locationId", code="INVALID_LOCATION")
        level = self.shop.state["levels"].setdefault(f"{item}:{place}", {"available": 0, "on_hand": 0})
        return record, location, level

    def _apply(self, request: Json, changes: list[tuple[Json, Json, Json, int]]) -> Json:
        shown = []
        for record, location, level, delta in changes:
            for name in NAMES:
                level[name] = level.get(name, 0) + delta
            shown.append(
                {
                    "name": request["name"],
                    "delta": delta,
                    "quantityAfterChange": level[request["name"]],
                    "item": self.views.item(record),
                    "location": self.views.location(location),
                    "ledgerDocumentUri": None,
                }
            )
        group = {
            "id": model.gid("InventoryAdjustmentGroup", model.new_id()),
            "createdAt": clock.zulu(clock.now()),
            "reason": request["reason"],
            "referenceDocumentUri": request.get("referenceDocumentUri"),
            "changes": shown,
        }
        return {"inventoryAdjustmentGroup": group}
