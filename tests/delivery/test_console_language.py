"""The console in another language: every word that a page shows is of the catalog, or is data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.conftest import Forms
from tests.delivery.test_console import JACKET, SHIRT, browser, sign_in

import doorstep
from doorstep.domain.identity.model import Role

__all__ = ["browser"]


CATALOG = Path(doorstep.__file__).parent / "locale" / "doorstep.pot"
PAGES = (
    "/",
    "/orders?view=all",
    "/orders/{order}",
    "/orders/{order}/decisions",
    "/fulfillment",
    "/inventory",
    "/inventory/DJ-BL-01/{location}",
    "/availability/DJ-BL-01",
    "/availability-rules",
    "/availability-rules/new",
    "/returns",
    "/routing",
    "/routing/edit",
    "/routing/history",
    "/routing/queues",
    "/routing/runs",
    "/routing/lab",
    "/routing/cases",
    "/network",
    "/network/edit",
    "/locations/{location}",
    "/locations/{location}/edit",
    "/replenishment",
    "/supplies",
    "/transfers",
    "/counts",
    "/receiving",
    "/files",
    "/connections",
    "/dead-letters",
    "/settings",
)
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w+\}")
# Words beside each other are prose; single names, codes and units are not.
_PROSE = re.compile(r"\b[A-Za-z]?[a-z]+(?: [a-z]+)+\b")


def marked(message: str) -> str:
    """A message whose own letters are others, so that English is what nobody translated."""
    parts, last = [], 0
    for found in _PLACEHOLDER.finditer(message):
        parts += [_upper(message[last : found.start()]), found[0]]
        last = found.end()
    return "".join([*parts, _upper(message[last:])])


def _upper(text: str) -> str:
    return re.sub(r"[A-Za-z]", "§", text)


class _Text(HTMLParser):
    """Texts of a page, and attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _NO_TEXT
        spoken = {"title", "aria-label", "placeholder", "data-label", "alt"}
        self.found += [value for name, value in attrs if name in spoken and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _NO_TEXT

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.found.append(" ".join(data.split()))


_NO_TEXT = {"script", "style", "textarea", "code", "pre"}


# What people and samples named or wrote is data: it is the same in every language.
DATA = {
    "On arrival", "All orders", "Whole lines", "Split lines",  # runs, routings and rules of the default document
    "Part of your order is out of stock. We'll ship it when it arrives.",  # the customer message of its exception queue
    "Samples loaded",  # why the network was changed
    "ShipHawk for warehouses", "Shiprocket for stores",  # names of connections
}  # fmt: skip


@pytest.fixture
def marked_catalog(browser: TestClient, speak: Callable[[Mapping[Forms, Forms]], None]) -> None:
    """Choose a language in which every message of the catalog is translated (after the application chose its own)."""
    with CATALOG.open("rb") as file:
        messages = [each.id for each in read_po(file) if each.id]
    speak(
        {
            each: tuple(map(marked, each)) if isinstance(each, list | tuple) else marked(each)
            for each in messages
        }
    )


def english_in(page: str) -> set[str]:
    """Texts of a page with two English words in a row."""
    reader = _Text()
    reader.feed(page)
    found = set()
    for text in reader.found:
        rest = text
        for name in sorted(DATA, key=len, reverse=True):
            rest = rest.replace(name, "")
        if _PROSE.search(rest):
            found.add(text)
    return found


@pytest.mark.usefixtures("marked_catalog")
def test_no_english_is_left_on_a_page_in_another_language(browser: TestClient, shop: Shop) -> None:
    order = shop.order((JACKET, 1))
    shop.order((SHIRT, 2))
    shop.delivered((SHIRT, 1))
    ids = {"order": order, "location": shop.location_ids["ST-22"]}
    assert sign_in(browser, Role.ADMINISTRATOR) == 303
    pages = [browser.get(f"/console{path.format(**ids)}", follow_redirects=True) for path in PAGES]
    assert [page.status_code for page in pages] == [200] * len(PAGES)
    left = {path: english_in(page.text) for path, page in zip(PAGES, pages, strict=True)}
    assert {path: texts for path, texts in left.items() if texts} == {}


def test_english_is_found_and_data_is_not() -> None:
    page = '<p title="Sort by">§§§ <b>On arrival</b></p><p>is not active</p><script>var a b</script>'
    assert english_in(page) == {"Sort by", "is not active"}
