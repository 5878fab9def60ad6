"""A real browser against a real installation; skipped with a reason only where there is no Chromium at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright
from rich.console import Console

from doorstep.delivery.cli.demo.doors import Doors
from doorstep.delivery.cli.demo.setting import Login, set_up
from doorstep.delivery.cli.demo.stage import Stage, choose_port, staged

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_FLAGS += ["--disable-component-update", "--disable-sync"]


@dataclass(frozen=True)
class Shop:
    """The sample retailer, running."""

    stage: Stage
    doors: Doors
    logins: dict[str, Login]


@pytest.fixture(scope="package")
def shop() -> Iterator[Shop]:
    """Web, worker, database and partners, as the demo starts them.

    Every test file of a worker uses them: it leaves the rules as they were and no open order.
    """
    with staged(choose_port(None)) as stage, set_up(stage, Console(quiet=True)) as (_app, doors, logins):
        yield Shop(stage, doors, {login.email.split("@")[0]: login for login in logins})


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = _launch(playwright)
        yield chromium
        chromium.close()


def _launch(playwright: Playwright) -> Browser:
    """Chromium from PATH, else the one that Playwright itself has installed."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    try:
        return playwright.chromium.launch(executable_path=path, args=flags)
    except Error as problem:
        if os.environ.get("CI"):
            raise
        pytest.skip(
            f"no Chromium: install Debian's package chromium, or run playwright install chromium ({problem})"
        )


@pytest.fixture
def signed_in(browser: Browser, shop: Shop) -> Iterator[object]:
    """A function that signs somebody in and gives their page; a broken page (console error, failed request) fails."""
    pages: list[Page] = []
    broken: list[str] = []

    def sign_in(who: str, *, width: int = 1440, height: int = 900) -> Page:
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on(
            "response",
            lambda answer: broken.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
        )
        page.goto(f"{shop.stage.url}/console")
        page.get_by_label("E-mail address").fill(shop.logins[who].email)
        page.get_by_label("Password").fill(shop.logins[who].password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"/console/(?!login)"))
        pages.append(page)
        return page

    yield sign_in
    for page in pages:
        page.context.close()
    assert broken == []
