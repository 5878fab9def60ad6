"""The demo order in a browser: pickers scan, pack and ship; a CSR reads the order; a store inspects the return."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Shop

from doorstep.delivery.cli.demo.journey import JACKET, SHIRT, Story

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]


@pytest.fixture(scope="module")
def story(shop: Shop) -> Story:
    """The order is placed and allocated by the world outside."""
    reported = Story(shop.doors)
    reported.placed()
    reported.allocated()
    shop.doors.context("shiphawk", "script", {"next_tracking_numbers": [reported.numbers.jacket]})
    shop.doors.context("shiprocket", "script", {"next_awbs": [reported.numbers.shirts]})
    return reported


def work_through(page: Page, story: Story, skus: list[str]) -> None:
    """Accept, scan, pack, wait for the label, ship."""
    page.get_by_role("link", name="Fulfillment").first.click()
    page.get_by_role("link", name=re.compile(story.shop_name)).first.click()
    page.get_by_role("button", name="Accept").click()
    for sku in skus:
        page.get_by_label("Scan or type a SKU").fill(sku)
        page.get_by_label("Scan or type a SKU").press("Enter")
        expect(
            page.get_by_role("alert")
            .filter(has_text=sku)
            .or_(page.get_by_role("button", name="Mark as packed"))
        ).to_be_visible()
    page.get_by_role("button", name="Mark as packed").click()
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Label (PDF)").click(timeout=20_000)
    popup.value.close()
    page.get_by_role("button", name="Ship parcel").click()
    expect(page.get_by_text("Shipped", exact=True).first).to_be_visible()


def test_1_a_wrong_scan_is_refused_in_words(story: Story, signed_in: SignIn) -> None:
    page = signed_in("warehouse-a")
    page.get_by_role("link", name="Fulfillment").first.click()
    page.get_by_role("link", name=re.compile(story.shop_name)).first.click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_label("Scan or type a SKU").fill(SHIRT)
    page.get_by_label("Scan or type a SKU").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not on this pick list")


def test_2_the_warehouse_picks_packs_and_ships(story: Story, signed_in: SignIn) -> None:
    page = signed_in("warehouse-a")
    page.get_by_role("link", name="Fulfillment").first.click()
    page.get_by_role("link", name=re.compile(story.shop_name)).first.click()
    page.get_by_label("Scan or type a SKU").fill(JACKET)
    page.get_by_label("Scan or type a SKU").press("Enter")
    page.get_by_role("button", name="Mark as packed").click()
    expect(page.get_by_role("link", name="Label (PDF)")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Ship parcel").click()
    expect(page.get_by_text("Shipped", exact=True).first).to_be_visible()
    expect(page.get_by_text(story.numbers.jacket).first).to_be_visible()


def test_3_the_store_does_the_same_on_a_phone(story: Story, signed_in: SignIn) -> None:
    page = signed_in("store-22", width=390, height=844)
    work_through(page, story, [SHIRT, SHIRT])
    expect(page.get_by_text(story.numbers.shirts).first).to_be_visible()


def test_4_the_order_page_shows_everything(story: Story, signed_in: SignIn) -> None:
    story.invoiced()
    story.delivered()
    page = signed_in("operations")
    page.get_by_role("link", name="Orders").first.click()
    page.get_by_role("link", name=re.compile(story.shop_name)).first.click()
    page.get_by_text("Why here:").first.click()
    for text in (
        story.numbers.jacket,
        story.numbers.shirts,
        "SINV-",
        "Warehouse A",
        "Store 22",
        "the nearest of 2 locations that have it",
    ):
        expect(page.get_by_text(text).locator("visible=true").first).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Completed")


def test_5_the_store_receives_and_inspects_the_return(story: Story, shop: Shop, signed_in: SignIn) -> None:
    body = {
        "order_id": story.shop_order,
        "sku": SHIRT,
        "quantity": 1,
        "reason": "SIZE_TOO_SMALL",
        "note": "Size issue",
    }
    shop.doors.context("shopify", "request_return", body)
    found = shop.doors.until("the return pickup is booked", story._return_with_pickup)
    story._scan("shiprocket", str(found["tracking_number"]), "picked_up", "delivered")
    page = signed_in("store-22")
    page.get_by_role("link", name="Returns").first.click()
    page.get_by_role("link", name=re.compile(re.escape(str(found["number"])))).first.click()
    expect(page.get_by_role("main")).to_contain_text("Size issue")
    page.get_by_role("button", name="Receive parcel").click()
    page.get_by_role("button", name="Complete inspection").click()
    expect(page.locator("h1").get_by_text("Refunded", exact=True)).to_be_visible(timeout=20_000)


def test_6_stock_refund_and_dead_letters(story: Story, signed_in: SignIn) -> None:
    page = signed_in("admin")
    page.goto(page.url.replace("/console/", f"/console/orders/{story.order_id}"))
    expect(page.get_by_role("main")).to_contain_text("799.00")
    page.get_by_role("link", name="Inventory").first.click()
    page.get_by_label("Search in this list").fill(SHIRT)
    page.keyboard.press("Enter")
    expect(page.get_by_text(SHIRT).first).to_be_visible()
    page.get_by_role("link", name="Dead letters").first.click()
    expect(page.get_by_role("main")).to_contain_text("No dead letters")


def test_7_a_person_sees_only_what_is_theirs(story: Story, shop: Shop, signed_in: SignIn) -> None:
    page = signed_in("store-22")
    expect(page.get_by_role("link", name="Settings")).to_have_count(0)
    answer = page.goto(f"{shop.stage.url}/console/dead-letters")
    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize("width", [1440, 2560])
def test_8_the_inventory_grid_fits_its_frame(story: Story, shop: Shop, signed_in: SignIn, width: int) -> None:
    """Twelve locations stand side by side."""
    page = signed_in("operations", width=width)
    page.goto(f"{shop.stage.url}/console/inventory")
    expect(page.locator("th.at-location")).to_have_count(12)
    assert page.locator(".table-wrap").evaluate("frame => frame.scrollWidth - frame.clientWidth") == 0


def test_9_the_current_tab_is_in_view_on_a_phone(story: Story, shop: Shop, signed_in: SignIn) -> None:
    page = signed_in("operations", width=390)
    page.goto(f"{shop.stage.url}/console/files")
    current = page.locator(".tabs [aria-current]")
    expect(current).to_have_text("Feeds and files")
    left, right = current.evaluate(
        "tab => [tab.getBoundingClientRect().left, tab.getBoundingClientRect().right]"
    )
    assert 0 <= left < right <= 390
