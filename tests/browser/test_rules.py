"""Rules in a browser: a misspelled name is shown at its line, the form changes the text, a draft is activated and rolled back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Shop

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]


def editor(page: Page) -> Page:
    page.get_by_role("link", name="Routing").first.click()
    page.get_by_role("link", name="Edit rules").click()
    return page


def test_1_a_misspelt_name_is_shown_at_its_line(signed_in: SignIn) -> None:
    page = editor(signed_in("operations"))
    text = page.get_by_label("Rules as YAML")
    text.fill(text.input_value().replace("location.reject_rate", "location.reject_rte"))
    page.get_by_role("button", name="Check").last.click()
    expect(page.get_by_role("alert")).to_contain_text("did you mean location.reject_rate?")
    line = page.get_by_role("alert").get_by_role("link")
    line.click()
    chosen = text.evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)")
    assert chosen.strip() == "when: location.reject_rte < 0.2"
    assert page.locator(".gutter .bad").inner_text() == line.inner_text().removeprefix("Line ")


def test_2_what_was_typed_is_there_again(signed_in: SignIn) -> None:
    page = editor(signed_in("operations"))
    page.get_by_label("Rules as YAML").press_sequentially("# mine\n")
    page.get_by_role("link", name="Orders").first.click()
    editor(page)
    expect(page.get_by_label("Rules as YAML")).not_to_have_value(value="# mine")
    page.get_by_role("button", name="Restore unsaved changes").click()
    assert "# mine" in page.get_by_label("Rules as YAML").input_value()


@pytest.mark.parametrize("width", [1440, 390])
def test_3_the_form_changes_the_text(signed_in: SignIn, width: int) -> None:
    page = signed_in("operations", width=width)
    page.goto(page.url.split("/console")[0] + "/console/routing/edit")
    page.locator(".editor-form li").first.get_by_text("Edit", exact=True).click()
    page.locator("[name='0.0.0.split.max_parcels']").fill("3")
    page.locator(".editor-form li").first.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Can be activated")).to_be_visible()
    expect(page.get_by_text("split › max_parcels")).to_be_visible()
    assert "max_parcels: 3" in page.get_by_label("Rules as YAML").input_value()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def next_version(shop: Shop) -> int:
    """The number that the next draft gets: other test files save rules, too."""
    return len(shop.doors.api("GET", "/routing/rules/versions")["items"]) + 1


def test_4_a_draft_whose_cases_fail_does_not_decide(shop: Shop, signed_in: SignIn) -> None:
    number = next_version(shop)
    page = editor(signed_in("operations"))
    page.get_by_role("button", name="Down").first.click()
    expect(page.locator(".editor-form li strong").first).to_have_text("Earliest arrival")
    page.get_by_role("button", name="Up").nth(1).click()
    expect(page.locator(".editor-form li strong").first).to_have_text("Leaves today")
    page.get_by_role("button", name="Turn off").first.click()
    page.get_by_label("Reason for the change").fill("Stores are closed")
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name=f"notnaked {number}")).to_be_visible()
    expect(page.get_by_text("1 of 8 fail").first).to_be_visible()
    page.get_by_role("button", name="Activate").click(force=True)
    expect(page.get_by_text("Its test cases must pass first.")).to_be_visible()


def test_5_history_is_restored_in_one_step(shop: Shop, signed_in: SignIn) -> None:
    number = next_version(shop)
    page = editor(signed_in("operations"))
    page.locator("[name='0.0.0.split.max_parcels']").evaluate("box => box.value = 3")
    page.get_by_label("Reason for the change").fill("More parcels")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Activate").first.click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Sale week")
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    expect(page.get_by_text(f"notnaked {number} is active now.")).to_be_visible()
    page.goto(page.url.rpartition("/")[0] + "/1")
    page.get_by_role("button", name="Restore this version").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Too many parcels")
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_text("It restores version 1.")).to_be_visible()
