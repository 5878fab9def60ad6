"""Map variants, items, stock levels and locations to GraphQL."""

from __future__ import annotations

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model
from doorstep_sandbox.shopify.paging import connection
from doorstep_sandbox.shopify.shop import Shop


class StockViews:
    """Views that do not need orders."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def location(self, place: Json) -> Json:
        kept = ("address1", "address2", "city", "province", "zip", "country", "phone")
        codes = {"provinceCode": place.get("province_code"), "countryCode": place.get("country_code", "IN")}
        return {
            "id": model.gid("Location", place["id"]),
            "legacyResourceId": str(place["id"]),
            "name": place["name"],
            "isActive": True,
            "isPrimary": place["id"] == self.shop.locations[0]["id"],
            "address": {**{key: place.get(key) for key in kept}, **codes},
        }

    def variant(self, record: Json) -> Json:
        return {
            "id": model.gid("ProductVariant", record["id"]),
            "legacyResourceId": str(record["id"]),
            "sku": record["sku"],
            "title": record["title"],
            "displayName": record["title"],
            "inventoryQuantity": sum(self._levels(record).values()),
            "inventoryItem": lambda _info: self.item(record),
        }

    def item(self, record: Json) -> Json:
        levels = self._levels(record)
        places = [place for place in self.shop.locations if place["id"] in levels]
        return {
            "id": model.gid("InventoryItem", record["inventory_item_id"]),
            "legacyResourceId": str(record["inventory_item_id"]),
            "sku": record["sku"],
            "tracked": True,
            "variant": lambda _info: self.variant(record),
            "inventoryLevels": connection(lambda: [self.level(record, place) for place in places]),
            "inventoryLevel": lambda _info, **given: next(
                (
                    self.level(record, place)
                    for place in places
                    if str(place["id"]) == model.bare(given["locationId"])
                ),
                None,
            ),
        }

    def level(self, record: Json, place: Json) -> Json:
        key = f"{record['inventory_item_id']}:{place['id']}"
        stock = self.shop.state["levels"][key]
        names = ("available", "on_hand")
        return {
            "id": model.gid("InventoryLevel", key),
            "isActive": True,
            "item": lambda _info: self.item(record),
            "location": self.location(place),
            "quantities": lambda _info, names=names: [
                {
                    "id": model.gid("InventoryQuantity", f"{key}:{name}"),
                    "name": name,
                    "quantity": stock.get(name, 0),
                }
                for name in names
            ],
        }

    def _levels(self, record: Json) -> dict[int, int]:
        prefix = f"{record['inventory_item_id']}:"
        levels: dict[str, Json] = self.shop.state["levels"]
        return {
            int(key.removeprefix(prefix)): int(stock["available"])
            for key, stock in levels.items()
            if key.startswith(prefix)
        }
