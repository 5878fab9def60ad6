"""Routing pages: rules as sentences, versions and their changes, test cases, the editor."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.delivery.test_console import click, sign_in, token_in

from doorstep.delivery import console
from doorstep.delivery.cli.samples import NOTNAKED
from doorstep.domain.identity.model import Role
from doorstep.domain.routing.actions import rules as verbs
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.domain.routing.views import rules as views
from doorstep.kernel import documents

YAML = (NOTNAKED / "rules.yaml").read_text()
CHANGE = "/routing/edit/change"


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def shown(text: str) -> str:
    """What people read of a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def page(browser: TestClient, path: str) -> str:
    answer = browser.get(f"/console{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


def fields(text: str) -> dict[str, str]:
    """The editor's fields as a browser would send them."""
    form = text[text.index('class="editor"') :]
    typed = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            typed[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        typed[name] = chosen[1] if chosen else ""
    written = re.search(r"<textarea id=\"text\"[^>]*>\n(.*?)</textarea>", form, re.DOTALL)
    assert written is not None
    return {**typed, "text": html.unescape(written[1])}


def change(browser: TestClient, before: str, do: str, **typed: str) -> tuple[int, str]:
    """Press a button of the editor on a page of it."""
    form = {**fields(before), **typed, "do": do, "csrf": token_in(before)}
    answer = browser.post(f"/console{CHANGE}", data=form, headers={"HX-Request": "true"})
    return answer.status_code, answer.text


def stored(shop: Shop, yaml: str = YAML) -> int:
    document = documents.read(yaml, RuleSet).value
    assert document is not None
    with shop.app.db.write(actor="user:1") as tx:
        return verbs.draft(tx, draft=verbs.Draft(document, "Urgent orders first"), at=shop.now).number


def test_the_rules_read_as_sentences(browser: TestClient) -> None:
    text = shown(page(browser, "/routing"))
    assert "The default rules are active." in text
    assert "Serves first: highest priority, then earliest promise, then oldest." in text
    assert "Lines may ship separately; a line is not split. Remainder: try the next rule." in text
    assert "No versions yet" in shown(page(browser, "/routing/history"))
    assert "No test cases yet" in shown(page(browser, "/routing/cases"))


def test_a_draft_decides_and_is_rolled_back(shop: Shop, browser: TestClient) -> None:
    number = stored(shop)
    here = f"/routing/versions/{number}"
    text = shown(page(browser, here))
    assert "notnaked 1 Draft" in text
    assert "queue urgent Owner: customer care" in text
    assert "All 8 pass" in text
    status, answer = click(browser, f"{here}/activate", on=here, why="Sale week", instead_of="")
    assert (status, "notnaked 1 is active now." in answer) == (200, True)
    assert re.search("Activated by Dev [^:]+: Sale week", shown(page(browser, "/routing")))
    stored(shop, YAML.replace("max_parcels: 2", "max_parcels: 3"))
    assert click(browser, "/routing/versions/2/activate", on=here, why="so", instead_of="")[0] == 409
    assert click(browser, "/routing/versions/2/activate", on=here, why="so", instead_of="1")[0] == 200
    assert "split › max_parcels 2 → 3" in shown(page(browser, "/routing/versions/2?since=1"))
    status, answer = click(browser, f"{here}/roll-back", on=here, why="Worse", instead_of="2")
    assert "notnaked 3 is active now. It restores version 1." in answer
    assert "notnaked 3 Active Restores 1" in shown(page(browser, "/routing/history"))


def test_a_version_is_downloaded_as_a_file(shop: Shop, browser: TestClient) -> None:
    answer = browser.get(f"/console/routing/versions/{stored(shop)}.yaml")
    assert answer.headers["content-disposition"] == 'attachment; filename="notnaked-1.yaml"'
    assert documents.read(answer.text, RuleSet).value == documents.read(YAML, RuleSet).value
    status, text = click(browser, "/routing/versions/1/archive", on="/routing/versions/1")
    assert (status, "notnaked 1 is archived." in text) == (200, True)


def test_a_case_that_fails_keeps_a_draft_from_deciding(shop: Shop, browser: TestClient) -> None:
    here = f"/routing/versions/{stored(shop, YAML.replace('rule: Leaves today}', 'rule: Earliest arrival}'))}"
    text = page(browser, here)
    assert "1 of 8 fail" in shown(text)
    assert "Rule: expected Earliest arrival, found Leaves today." in shown(text)
    assert "Its test cases must pass first." in text
    status, answer = click(browser, f"{here}/activate", on=here, why="so", instead_of="")
    assert (status, "1 of 8 test cases failed." in answer) == (409, True)


def test_a_text_that_is_wrong_is_marked_at_its_line_and_kept(browser: TestClient) -> None:
    before = page(browser, "/routing/edit")
    status, answer = change(browser, before, "save", text="name: x\nruns: 5\n# mine", why="a try")
    assert status == 422
    assert "Line 2 runs expected a list, found a whole number 2 runs: 5" in shown(answer)
    assert fields(answer)["text"] == "name: x\nruns: 5\n# mine\n"[:-1]
    assert fields(answer)["why"] == "a try"
    wrong = YAML.replace("location.reject_rate < 0.2", "location.reject_rte < 0.2")
    answer = change(browser, before, "check", text=wrong)[1]
    assert "location.reject_rte is unknown, did you mean location.reject_rate?" in shown(answer)
    assert fields(answer)["text"] == wrong


def test_a_text_is_checked_and_saved(shop: Shop, browser: TestClient) -> None:
    before = page(browser, "/routing/edit")
    answer = change(browser, before, "check", text=YAML)[1]
    assert "Can be activated Changes against the default rules" in shown(answer)
    assert fields(answer)["text"] == YAML.rstrip("\n") + "\n"
    assert change(browser, answer, "save")[0] == 422
    form = {**fields(answer), "why": "First rules", "do": "save", "csrf": token_in(before)}
    saved = browser.post(f"/console{CHANGE}", data=form, headers={"HX-Request": "true"})
    assert saved.headers["hx-redirect"] == "/console/routing/versions/1"
    with shop.app.db.read() as tx:
        assert views.document(tx, number=1) == documents.read(YAML, RuleSet).value
    assert "Draft 1 is not active yet: First rules" in shown(page(browser, "/routing"))


def test_the_form_changes_the_same_text(browser: TestClient) -> None:
    before = page(browser, "/routing/edit")
    typed = {
        "0.0.0.locations.groups": "stores, west", "0.0.0.locations.within_km": "62.5", "0.0.0.split.max_parcels": "2",
        "0.0.0.tier5.by": "carbon", "0.0.0.tier0.tolerance": "10", "0.0.orders.queues": "(none), brokering",
    }  # fmt: skip
    status, answer = change(browser, before, "check", **typed)
    assert status == 200
    text = fields(answer)["text"]
    document = documents.read(text, RuleSet).value
    assert document is not None
    routing = document.runs[0].routings[0]
    assert routing.orders.queues == ("", "brokering")
    rule = routing.rules[0]
    assert (rule.locations.groups, rule.locations.within_km) == (("stores", "west"), 62.5)
    assert (rule.split.max_parcels, rule.choose[0].tolerance, rule.choose[-1].by.value) == (2, 0.1, "carbon")
    assert routing.rules[1].locations.groups == ()


def test_text_and_form_may_be_changed_at_once(browser: TestClient) -> None:
    before = page(browser, "/routing/edit")
    text = fields(before)["text"].replace("owner: operations", "owner: night shift")
    answer = change(browser, before, "check", text=text, **{"0.0.1.remainder.auto_cancel_after_days": "5"})[1]
    document = documents.read(fields(answer)["text"], RuleSet).value
    assert document is not None
    assert document.queues[0].owner == "night shift"
    assert document.runs[0].routings[0].rules[1].remainder.auto_cancel_after_days == 5
    said = change(browser, before, "check", **{"0.0.1.remainder.auto_cancel_after_days": "soon"})
    assert (said[0], "Cancel after (days): enter a number." in shown(said[1])) == (422, True)
    said = change(browser, before, "check", **{"0.0.1.remainder.auto_cancel_after_days": "-1"})
    assert said[0] == 422


@pytest.mark.parametrize(
    ("do", "names"),
    [
        ("up 0.0.1", ["Split lines", "Whole lines"]),
        ("down 0.0.0", ["Split lines", "Whole lines"]),
        ("up 0.0.0", ["Whole lines", "Split lines"]),
        ("copy 0.0.0", ["Whole lines", "Whole lines 2", "Split lines"]),
        ("remove 0.0.0", ["Split lines"]),
        ("switch 0.0.0", ["Whole lines", "Split lines"]),
        ("remove 0.0.9", ["Whole lines", "Split lines"]),
    ],
)
def test_rules_are_moved_copied_and_deleted(browser: TestClient, do: str, names: list[str]) -> None:
    answer = change(browser, page(browser, "/routing/edit"), do)[1]
    document = documents.read(fields(answer)["text"], RuleSet).value
    assert document is not None
    rules = document.runs[0].routings[0].rules
    assert [each.name for each in rules] == names
    assert rules[0].active is (do != "switch 0.0.0")


def test_who_may_only_look_is_not_offered_to_change(shop: Shop) -> None:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as viewer:
        sign_in(viewer, Role.READ_ONLY)
        assert "Edit rules" not in page(viewer, "/routing")
        assert viewer.get("/console/routing/edit").status_code == 403


def test_a_condition_that_fails_is_shown_to_people(shop: Shop, browser: TestClient) -> None:
    here = f"/routing/versions/{stored(shop)}"
    click(browser, f"{here}/activate", on=here, why="so", instead_of="")
    with shop.app.db.write(actor="system") as tx:
        book = views.compiled_rules(tx)
        book.failures["runs[0].routings[0].orders.when: no such key"] += 3
        verbs.record_failures(tx, compiled_rules=book, at=shop.now)
    text = shown(page(browser, "/routing"))
    assert "A condition could not be evaluated 3 times" in text
    assert "runs[0].routings[0].orders.when: no such key" in text


def test_a_draft_with_unknown_names_is_an_error(shop: Shop, browser: TestClient) -> None:
    gone = YAML.replace("before_cut_off: true,", "before_cut_off: true, codes: [WH-Z],")
    here = f"/routing/versions/{stored(shop, gone)}"
    assert "There is no location WH-Z. Existing:" in shown(page(browser, here))
    status, answer = click(browser, f"{here}/activate", on=here, why="so", instead_of="")
    assert (status, "There is no location WH-Z" in answer) == (422, True)
    answer = change(browser, page(browser, "/routing/edit"), "save", text=gone, why="so")[1]
    assert "Line 15 runs[0].routings[0].rules[0].locations.codes[0] There is no location WH-Z" in shown(
        answer
    )
