"""What Shopify signs when it sends a browser back."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from doorstep.adapters.channels.shopify import connector
from doorstep.adapters.channels.shopify.wire import sign_in
from doorstep.kernel import errors

# Published with Shopify's description of the check, and in the tests of its libraries.
PUBLISHED = {
    "code": "a94a110d86d2452eb3e2af4cfb8a3828",
    "hmac": "2cb1a277650a659f1b11e92a4a64275b128e037f2c3390e3c8fd2d8721dac9e2",
    "shop": "some-shop.myshopify.com",
    "timestamp": "1337178173",
}


def test_the_published_example_is_genuine() -> None:
    assert sign_in.is_genuine("hush", PUBLISHED)


@pytest.mark.parametrize(
    ("secret", "change"),
    [
        ("other", {}),
        ("", {}),
        ("hush", {"code": "another"}),
        ("hush", {"more": "1"}),
        ("hush", {"hmac": ""}),
        ("hush", {"hmac": "é"}),
    ],
)
def test_anything_else_is_not(secret: str, change: dict[str, str]) -> None:
    assert not sign_in.is_genuine(secret, PUBLISHED | change)


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("https://some-shop.myshopify.com", True),
        ("https://Some-Shop.myshopify.com/", True),
        ("https://other-shop.myshopify.com", False),
        ("http://127.0.0.1:9100", True),
    ],
)
def test_the_shop_is_the_connections_own(address: str, is_ours: bool) -> None:
    assert sign_in.is_of(address, PUBLISHED) is is_ours
    settings = connector.Settings.model_construct(base_url=address, webhook_secret=SecretStr("hush"))
    if is_ours:
        connector.check(settings, PUBLISHED)
        return
    with pytest.raises(errors.Refused, match="Another shop"):
        connector.check(settings, PUBLISHED)


def test_a_wrong_signature_is_refused() -> None:
    settings = connector.Settings.model_construct(
        base_url="https://some-shop.myshopify.com", webhook_secret=SecretStr("wrong")
    )
    with pytest.raises(errors.Refused, match="signature is wrong"):
        connector.check(settings, PUBLISHED)
