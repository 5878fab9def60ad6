"""Restricted data tokens: which personal data a token of version 0 may see, and on which path."""

from __future__ import annotations

import re

from doorstep_sandbox.amazon import errors
from doorstep_sandbox.frame.wire import Json

MOST_RESOURCES = 50
PREFIX = "Atz.sprdt|"
# Paths that give personal data, and whether they need `dataElements` to say which.
PATHS = {
    "/orders/v0/orders": True,
    "/orders/v0/orders/{orderId}": True,
    "/orders/v0/orders/{orderId}/orderItems": True,
    "/orders/v0/orders/{orderId}/address": False,
    "/orders/v0/orders/{orderId}/buyerInfo": False,
}
ELEMENTS = {"buyerInfo", "shippingAddress", "buyerTaxInformation"}


def resources(body: Json) -> list[Json]:
    """The resources of a request for a token. Raises VendorError for what is wrong with them."""
    wanted = body.get("restrictedResources")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_RESOURCES:
        raise errors.invalid(f"restrictedResources must have 1 to {MOST_RESOURCES} resources.")
    for one in wanted:
        template = next((path for path in PATHS if _fits(path, str(one.get("path", "")))), None)
        if one.get("method") != "GET" or template is None:
            raise errors.invalid(f"{one.get('method')} {one.get('path')} is not a restricted resource.")
        named = set(one.get("dataElements") or [])
        if named - ELEMENTS or (PATHS[template] and not named):
            raise errors.invalid(f"dataElements must be some of {', '.join(sorted(ELEMENTS))}.")
    return wanted


def elements(held: Json, path: str) -> set[str] | None:
    """The data elements that a token gives on this path; None if it is for other paths."""
    for one in held["resources"]:
        if _fits(str(one["path"]), path):
            return set(one.get("dataElements") or [])
    return None


def _fits(template: str, path: str) -> bool:
    parts = re.split(r"\{[A-Za-z]+\}", template)
    return re.fullmatch("[^/]+".join(re.escape(part) for part in parts), path) is not None
