"""Set stock levels at one location of a shop."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from doorstep.adapters.channels.shopify import client
from doorstep.adapters.channels.shopify.wire import graphql, stock
from doorstep.domain.inventory.ports import StockLevel
from doorstep.kernel import errors

_AT_ONCE = 100  # inventory items of one page; a call may set 250


def publish(shop: client.Client, location_id: str, levels: Sequence[StockLevel]) -> dict[str, str]:
    """Set these levels; returns our SKUs that were refused, and why.

    Shopify sets all quantities of a call or none: those that it refuses are left out, and the others are sent again.
    """
    location = graphql.gid("Location", location_id)
    refused: dict[str, str] = {}
    for start in range(0, len(levels), _AT_ONCE):
        some = levels[start : start + _AT_ONCE]
        wanted, why_not = stock.quantities(some, _items(shop, some))
        refused |= why_not | _set(shop, location, wanted)
    return refused


def location_name(shop: client.Client, location_id: str) -> str:
    """The location's name. Raises NotFound."""
    variables = {"location": graphql.gid("Location", location_id)}
    found = shop.query(stock.LOCATION, variables, stock.LocationAnswer).location
    if found is None:
        raise errors.NotFound(f"Shopify has no location {location_id}.", location=location_id)
    return found.name


def _items(shop: client.Client, levels: Sequence[StockLevel]) -> Iterator[stock.InventoryItem]:
    after: str | None = None
    while True:
        variables = {"skus": stock.search(levels), "after": after}
        page = shop.query(stock.INVENTORY_ITEMS, variables, stock.InventoryItemsAnswer).inventory_items
        yield from page.nodes
        if not page.page_info.has_next_page:
            return
        after = page.page_info.end_cursor


def _set(shop: client.Client, location: str, wanted: Sequence[stock.Quantity]) -> dict[str, str]:
    refused: dict[str, str] = {}
    while wanted:
        # Levels are absolute, so a new key each time: with an old one Shopify would keep a level that was set since.
        variables = {"input": stock.set_input(wanted, location), "key": str(uuid.uuid4())}
        outcome = shop.outcome(stock.SET_QUANTITIES, variables, mutation="inventorySetQuantities")
        why_not = stock.refused(outcome, wanted)
        if outcome.user_errors and not why_not:
            client.reject(outcome)
        if not why_not:
            break
        refused |= {each.sku: why_not[each.item] for each in wanted if each.item in why_not}
        wanted = [each for each in wanted if each.item not in why_not]
    return refused
