"""The root fields of queries."""

from __future__ import annotations

from collections.abc import Callable

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model, search
from doorstep_sandbox.shopify.paging import Info, connection, paged
from doorstep_sandbox.shopify.shop import Shop
from doorstep_sandbox.shopify.subscriptions import Subscriptions
from doorstep_sandbox.shopify.views import Views


class Queries:
    """`root` is the root value: a function for every field of QueryRoot."""

    def __init__(self, shop: Shop, views: Views, subscriptions: Subscriptions) -> None:
        self.shop = shop
        self.views = views
        self.root: Json = {
            "shop": self._shop,
            "order": self._order,
            "orders": self._orders,
            "fulfillment": self._fulfillment,
            "fulfillmentOrder": self._fulfillment_order,
            "fulfillmentOrders": self._fulfillment_orders,
            "return": self._return,
            "location": self._location,
            "locations": connection(lambda: [views.location(one) for one in shop.locations]),
            "productVariant": self._finder("id", views.variant),
            "productVariants": self._by_sku(views.variant),
            "inventoryItem": self._finder("inventory_item_id", views.item),
            "inventoryItems": self._by_sku(views.item),
            "webhookSubscriptions": connection(subscriptions.all),
            "job": lambda _info, **given: {"id": given["id"], "done": True},
        }

    def _shop(self, _info: Info) -> Json:
        domain = self.shop.domain
        names = {"name": domain.split(".")[0], "email": "shop@example.com", "myshopifyDomain": domain}
        return {"id": model.gid("Shop", 548380009), **names, "currencyCode": "INR"}

    def _order(self, _info: Info, **given: str) -> Json | None:
        found = self.shop.order(given["id"])
        return found and self.views.order(found)

    def _orders(self, info: Info, **page: object) -> Json:
        found = search.orders(self.shop.orders(), str(page.get("query") or ""), str(page.get("sortKey")))
        return paged([self.views.order(one) for one in found], page, info.field_name)

    def _fulfillment(self, _info: Info, **given: str) -> Json | None:
        found = self.shop.fulfillment(given["id"])
        return self.views.fulfillment(*found) if found else None

    def _fulfillment_order(self, _info: Info, **given: str) -> Json | None:
        wanted = model.bare(given["id"])
        found = [one for one in self.shop.orders() if str(one["fulfillment_order"]["id"]) == wanted]
        return self.views.fulfillment_order(found[0]) if found else None

    def _fulfillment_orders(self, info: Info, **page: object) -> Json:
        shown = [self.views.fulfillment_order(one) for one in self.shop.orders()]
        if not page.get("includeClosed"):
            shown = [one for one in shown if one["status"] not in {"CLOSED", "CANCELLED"}]
        return paged(shown, page, info.field_name)

    def _return(self, _info: Info, **given: str) -> Json | None:
        found = self.shop.return_(given["id"])
        return self.views.return_(*found) if found else None

    def _location(self, _info: Info, **given: str) -> Json | None:
        places = self.shop.locations
        wanted = model.bare(given["id"]) if given.get("id") else str(places[0]["id"])
        return next((self.views.location(one) for one in places if str(one["id"]) == wanted), None)

    def _variants(self) -> list[Json]:
        return list(self.shop.state["variants"].values())

    def _finder(self, field: str, show: Callable[[Json], Json]) -> Callable[..., Json | None]:
        def find(_info: Info, **given: str) -> Json | None:
            wanted = model.bare(given["id"])
            return next((show(one) for one in self._variants() if str(one[field]) == wanted), None)

        return find

    def _by_sku(self, show: Callable[[Json], Json]) -> Callable[..., Json]:
        def find(info: Info, **page: object) -> Json:
            query = str(page.get("query") or "")
            found = [show(one) for one in self._variants() if search.by_sku(query, one["sku"])]
            return paged(found, page, info.field_name)

        return find
