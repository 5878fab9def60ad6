"""Simulations in a browser: a draft passes its test cases, is simulated, compared, viewed on a phone, activated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Shop

from doorstep.delivery.cli.demo.journey import Story
from doorstep.kernel import time as clocks

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]


@pytest.fixture(scope="module")
def story(shop: Shop) -> Iterator[Story]:
    """The order is placed and allocated by the world outside; afterwards it is canceled, and the first rules decide."""
    reported = Story(shop.doors)
    reported.placed()
    reported.allocated()
    clocks.shift(shop.stage.clock_file, 0)  # the story begins days ago, before its stock was counted
    yield reported
    shop.doors.api("POST", f"/orders/{reported.order_id}/cancel", body={"reason": "The test is over"})
    active = shop.doors.api("GET", "/routing/rules")["number"]
    if active != 1:
        body = {"why": "The test is over", "instead_of": active}
        shop.doors.api("POST", "/routing/rules/versions/1/roll-back", body=body)


def test_1_a_draft_is_simulated_and_decides(story: Story, signed_in: SignIn) -> None:
    page = signed_in("operations")
    page.get_by_role("link", name="Routing").first.click()
    page.get_by_role("link", name="Edit rules").click()
    text = page.get_by_label("Rules as YAML")
    closed = "\n            locations:\n              when: location.code != 'ST-22'"
    text.fill(re.sub(r"- name: (Whole lines|Split lines)", rf"\g<0>{closed}", text.input_value()))
    page.get_by_label("Reason for the change").fill("Store 22 is full")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("All 8 pass")).to_be_visible()
    page.get_by_role("link", name="Routing").first.click()
    page.get_by_role("link", name="Simulations", exact=True).click()
    page.get_by_role("button", name="Simulate").first.click()
    page.get_by_label("Days of past orders").fill("30")
    page.get_by_role("dialog").get_by_role("button", name="Simulate").click()
    expect(page.get_by_text("Done").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Cost per order").first).to_be_visible()
    changed = page.locator("table[data-rows] tbody tr").filter(has_text=story.shop_name)
    expect(changed).to_have_count(1)
    expect(changed).to_contain_text("from ST-22")
    page.get_by_role("link", name="Activate").click()
    page.get_by_role("button", name="Activate").first.click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Store 22 is full")
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    expect(page.get_by_text("is active now.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440, 2560])
def test_2_no_page_of_the_lab_scrolls_sideways(signed_in: SignIn, width: int) -> None:
    page = signed_in("operations", width=width)
    home = page.url.split("/console")[0] + "/console/routing/lab"
    for path in ("", "/1"):
        page.goto(home + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
