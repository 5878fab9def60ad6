"""A connection is added, and connected at the vendor, which is another site for the browser; and declined."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from tests import partners
from tests.browser.conftest import Shop
from tests.contracts.partners import amazon

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]


def test_a_seller_is_connected_right_after_the_connection_was_added(shop: Shop, signed_in: SignIn) -> None:
    page = signed_in("admin")
    with partners.running({}, ["amazon"]) as running:
        ready = running.ready["amazon"]
        settings = amazon.settings(ready) | {
            "refresh_token": "",
            "seller_id": "",
            "application_id": ready["application_id"],
            "seller_central_url": ready["url"].replace("127.0.0.1", "localhost"),  # another site
        }
        page.goto(f"{shop.stage.url}/console/connections/new?connector=channels/amazon")
        page.get_by_label("Key", exact=True).fill("amazon-browser")
        for name, value in settings.items():
            field = page.locator(f'[name="{name}"]')
            if field.evaluate("element => element.tagName") == "SELECT":
                field.select_option(str(value))
            else:
                field.fill(str(value))
        page.get_by_role("button", name="Add connection").click()
        expect(page.get_by_text("Not connected to Amazon yet.")).to_be_visible()
        page.get_by_role("button", name="Connect to Amazon").click()
        page.wait_for_url(re.compile("//localhost:.*/apps/authorize/consent"))
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_url(re.compile("/console/connections/amazon-browser$"))
        expect(page.get_by_text("Connected to Amazon. The test found no problem.")).to_be_visible()
        expect(page.get_by_role("button", name="Connect again")).to_be_visible()
        page.get_by_role("button", name="Change mode").first.click()
        page.get_by_label("Off: nothing is sent or received").check()
        page.get_by_role("dialog").get_by_role("button", name="Change mode").click()
        expect(page.get_by_text("It is off: nothing is sent or received.")).to_be_visible()


def test_a_merchant_declines_on_a_phone(shop: Shop, signed_in: SignIn) -> None:
    page = signed_in("admin", width=390, height=844)
    page.goto(f"{shop.stage.url}/console/connections/shopify")
    page.get_by_role("button", name="Connect to Shopify").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("Access was declined at Shopify.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="Go to the connection").click()
    expect(page.get_by_text("Token from the settings")).to_be_visible()


def test_without_scripts_the_button_leads_to_the_vendor(
    shop: Shop, signed_in: SignIn, browser: Browser
) -> None:
    cookies = signed_in("admin").context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=cookies)
    page = context.new_page()
    page.goto(f"{shop.stage.url}/console/connections/shopify")
    page.get_by_role("button", name="Connect to Shopify").click()
    page.wait_for_url(re.compile("/admin/oauth/authorize"))
    context.close()
