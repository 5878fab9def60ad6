"""Stock levels at one Shopify location: find the inventory items of SKUs, set their quantities, read what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from doorstep.adapters.channels.shopify.wire.graphql import Camel, Outcome, PageInfo
from doorstep.domain.inventory.ports import StockLevel

INVENTORY_ITEMS = """
query InventoryItems($skus: String!, $after: String) {
  inventoryItems(first: 100, query: $skus, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id sku tracked }
  }
}
"""

SET_QUANTITIES = """
mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { field message }
  }
}
"""

LOCATION = """
query Location($location: ID!) { location(id: $location) { name } }
"""

# Of a user error's field: input, quantities, and the place in the list.
_PLACE = 2


class InventoryItem(Camel):
    id: str
    tracked: bool
    sku: str | None = None


class InventoryItems(Camel):
    page_info: PageInfo
    nodes: list[InventoryItem]


class InventoryItemsAnswer(Camel):
    inventory_items: InventoryItems


class Location(Camel):
    name: str


class LocationAnswer(Camel):
    location: Location | None


@dataclass(frozen=True, slots=True)
class Quantity:
    """How many units of an inventory item are to be available."""

    sku: str
    item: str
    available: int


def search(levels: Iterable[StockLevel]) -> str:
    """The search for the listings of these levels."""
    quoted = (each.listing.replace("\\", "\\\\").replace('"', '\\"') for each in levels)
    return " OR ".join(f'sku:"{sku}"' for sku in quoted)


def quantities(
    levels: Sequence[StockLevel], items: Iterable[InventoryItem]
) -> tuple[list[Quantity], dict[str, str]]:
    """What can be set, and our SKUs that cannot, with the reason.

    A SKU of several variants is not set: each of them would offer all units.
    """
    found: dict[str, list[InventoryItem]] = {}
    for item in items:
        found.setdefault(item.sku or "", []).append(item)
    ready, refused = [], {}
    for level in levels:
        with_it = found.get(level.listing, [])
        if why := _why_not(level.listing, with_it):
            refused[level.sku] = why
        else:
            ready.append(Quantity(level.sku, with_it[0].id, level.available))
    return ready, refused


def _why_not(listing: str, items: Sequence[InventoryItem]) -> str:
    if not items:
        return f"Shopify has no variant with the SKU {listing}."
    if len(items) > 1:
        return f"Shopify has {len(items)} variants with the SKU {listing}: each would offer all units."
    return "" if items[0].tracked else "Shopify does not track the quantity of this variant."


def set_input(wanted: Sequence[Quantity], location: str) -> dict[str, object]:
    """The input of inventorySetQuantities. A null `changeFromQuantity` sets the quantity whatever it was."""
    return {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {
                "inventoryItemId": each.item,
                "locationId": location,
                "quantity": each.available,
                "changeFromQuantity": None,
            }
            for each in wanted
        ],
    }


def refused(outcome: Outcome, wanted: Sequence[Quantity]) -> Mapping[str, str]:
    """The inventory items that Shopify did not take, and why; empty if what it reports concerns no single one."""
    found: dict[str, list[str]] = {}
    for error in outcome.user_errors:
        path = error.field or []
        place = path[_PLACE] if len(path) > _PLACE else ""
        if not (place.isdecimal() and int(place) < len(wanted)):
            return {}
        found.setdefault(wanted[int(place)].item, []).append(error.message)
    return {item: " ".join(messages) for item, messages in found.items()}
