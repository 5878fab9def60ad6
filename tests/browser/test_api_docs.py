"""The reference of the API in a browser: it needs no other server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.conftest import Shop

pytestmark = pytest.mark.browser


def test_the_reference_loads_from_this_installation_alone(shop: Shop, browser: Browser) -> None:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    asked: list[str] = []
    broken: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda problem: broken.append(str(problem)))
    page.goto(f"{shop.stage.url}/api/docs")
    expect(page.get_by_role("heading", name="Doorstep").first).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Place orders", exact=True).first).to_be_visible(timeout=20_000)
    strangers = [each for each in asked if not each.startswith((shop.stage.url, "data:"))]
    assert (strangers, broken) == ([], [])
    page.context.close()
