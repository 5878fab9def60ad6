"""Check what Shopify signs when it sends a browser back after an app was installed."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from doorstep.kernel.http import signatures

_SHOPS = ".myshopify.com"


def is_genuine(client_secret: str, query: Mapping[str, str]) -> bool:
    """Compare the HMAC-SHA256 over all other parameters, sorted, in constant time."""
    signed = urlencode(sorted((name, value) for name, value in query.items() if name != "hmac"))
    expected = signatures.hexadecimal(client_secret, signed.encode())
    return signatures.is_genuine(client_secret, expected, query.get("hmac", ""))


def is_of(shop_url: str, query: Mapping[str, str]) -> bool:
    """Whether the shop that sent the browser is the connection's; one with an address of its own is not compared."""
    host = (urlsplit(shop_url).hostname or "").lower()
    return not host.endswith(_SHOPS) or query.get("shop", "").lower() == host
