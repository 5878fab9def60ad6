"""Decision explanations: on the order page, at the station, and as a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import msgspec
import pytest
from psycopg.types.json import Jsonb
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.clock import NOON
from tests.delivery.test_console_stock_work import sign_in

from doorstep.delivery import console
from doorstep.delivery.cli.samples import NOTNAKED
from doorstep.delivery.console.orders.explanation import Explainer
from doorstep.domain.analytics.views.decisions import Decision, Site
from doorstep.domain.identity.model import Role
from doorstep.domain.orders.model import Hold, HoldReason
from doorstep.domain.orders.store import holds
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.explanation import Alternative, Explanation, LineExplanation
from doorstep.domain.routing.model.rules import Release, RuleSet
from doorstep.domain.routing.model.score import Scores
from doorstep.domain.routing.views import DecisionRow
from doorstep.domain.routing.views import rules as views
from doorstep.kernel import documents
from doorstep.kernel.db import WriteTx
from doorstep.kernel.message import Listed, Message

JACKET, SHIRT = "DJ-BL-01", "GT-WH-02"


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    """Signed in, where the sample rules decide."""

    def work(tx: WriteTx) -> None:
        document = documents.read((NOTNAKED / "rules.yaml").read_text(), RuleSet).value
        assert document is not None
        version = rule_verbs.draft(tx, draft=Draft(document, "a test"), at=shop.now)
        rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=shop.now)

    with shop.app.db.write(actor="user:2") as tx:
        work(tx)
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def test_the_order_page_explains_the_location_in_a_sentence_then_a_table(
    browser: TestClient, shop: Shop
) -> None:
    order_id = shop.order((JACKET, 1))
    page = browser.get(f"/console/orders/{order_id}").text
    assert "Warehouse A: on time, 1 parcel, 1,147 km, ₹116.84 shipping" in page
    assert "Warehouse B would have been" in page
    assert "What would have changed it:" in page
    assert '<a class="underlined" href="/console/routing/versions/1">rules notnaked 1</a>' in page
    assert (page.count('<circle class="chosen"'), page.count('<circle class="possible"')) == (3, 2)


def test_a_split_decision_is_explained_in_full_once(browser: TestClient, shop: Shop) -> None:
    page = browser.get(f"/console/orders/{shop.order((JACKET, 1), (SHIRT, 2))}").text
    assert (page.count("Why here:"), page.count("Cost</th>")) == (2, 1)


def test_a_queued_order_shows_its_queue_reason_and_end(browser: TestClient, shop: Shop) -> None:
    page = browser.get(f"/console/orders/{shop.order((JACKET, 900))}").text
    assert '<a class="underlined" href="/console/orders?queue=brokering">brokering</a>' in page
    assert "owner: operations" in page
    assert "1 attempt" in page
    assert ", or when stock arrives" in page
    assert "Why not allocated:" in page
    assert "has 8 of 900: the line would be split" in page


def test_staff_of_a_location_read_why_but_not_what_it_costs(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1), (SHIRT, 2))
    work = next(each for each in shop.work(order_id) if each.location_id == shop.location_ids["ST-22"])
    money = browser.get(f"/console/orders/{order_id}/decisions").text
    assert "₹165.62 shipping" in money
    sign_in(browser, Role.LOCATION_STAFF)
    station = browser.get(f"/console/station/{work.id}").text
    assert "Why here:" in station
    page = browser.get(f"/console/orders/{order_id}/decisions").text
    assert [" shipping" in station, "₹" in page, "Cost</th>" in page] == [False] * 3
    assert browser.get(f"/console/orders/{order_id}/decisions.json").status_code == 403


def test_an_auditor_has_every_decision_with_its_numbers_to_keep(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser, Role.READ_ONLY)
    page = browser.get(f"/console/orders/{order_id}/decisions").text
    assert page.count('class="card" aria-label="Decision') == 1
    answer = browser.get(f"/console/orders/{order_id}/decisions.json")
    kept = json.loads(answer.text)
    (reported,) = kept["decisions"]
    assert (reported["rules"], reported["rules_version"], reported["explanation"]["rule"]) == (
        "notnaked 1",
        1,
        "Whole lines",
    )
    assert reported["sent"] == [{"location": "WH-A", "line_no": 1, "quantity": 1}]
    assert answer.headers["content-disposition"].startswith('attachment; filename="decisions-')


def test_the_hindsight_gap_is_shown_in_a_note(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    with shop.app.db.write(actor="system") as tx:
        tx.execute("UPDATE routing_decisions SET best_minor = 1200, actual_minor = 2440")
    page = browser.get(f"/console/orders/{order_id}/decisions").text
    assert "In hindsight, ₹12.40 less was possible that day." in page


def test_an_explanation_of_the_first_version_is_still_readable(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    with shop.app.db.write(actor="system") as tx:
        tx.execute("UPDATE routing_decisions SET explanation = explanation->'lines', rules = 'default'")
    page = browser.get(f"/console/orders/{order_id}").text
    assert "Warehouse A (1147 km): the nearest of 2 locations that have it." in page
    assert "the default rules" in page


def test_an_order_without_a_decision_is_shown_as_such(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1), paid=False)
    assert "No routing decision yet" in browser.get(f"/console/orders/{order_id}/decisions").text
    assert browser.get("/console/orders/999/decisions").status_code == 404


def test_planned_work_shows_until_when_it_can_move(browser: TestClient, shop: Shop) -> None:
    def hold(tx: WriteTx) -> None:
        document = views.document(tx, number=1)
        held = msgspec.structs.replace(document.runs[0], release=Release(mode="held", hold_minutes=30))
        again = msgspec.structs.replace(document, runs=(held,), cases=())
        version = rule_verbs.draft(tx, draft=Draft(again, "a test"), at=shop.now)
        rule_verbs.activate(tx, number=version.number, why="a test", instead_of=1, at=shop.now)

    with shop.app.db.write(actor="user:2") as tx:
        hold(tx)
    page = browser.get(f"/console/orders/{shop.order((JACKET, 1))}").text
    assert "Planned: not released to the location yet." in page
    assert "may move to another location." in page


def test_stored_sentences_are_shown_in_the_chosen_language(
    browser: TestClient, shop: Shop, speak: Callable[[dict[str, str]], None]
) -> None:
    short = shop.order((JACKET, 900))
    with shop.app.db.write(actor="system") as tx:
        missing = Hold(
            HoldReason.ADDRESS,
            Message("The address has no %(fields)s. Ask the customer.", fields=Listed((Message("street"),))),
        )
        holds.insert_holds(tx, [(short, missing)], at=NOON)
    assert "The address has no street. Ask the customer." in browser.get(f"/console/orders/{short}").text
    speak(
        {
            "The address has no %(fields)s. Ask the customer.": "In der Adresse fehlt: %(fields)s.",
            "street": "Straße",
            "has %(available)s of %(quantity)s: the line would be split": "hat %(available)s von %(quantity)s",
        }
    )
    page = browser.get(f"/console/orders/{short}").text
    assert "In der Adresse fehlt: Straße." in page
    assert "hat 8 von 900" in page
    shown = msgspec.json.decode(browser.get(f"/console/orders/{short}/decisions.json").content)
    assert "hat 8 von 900" in str(shown)


def test_sentences_that_an_older_version_stored_are_shown_as_they_are(
    browser: TestClient, shop: Shop
) -> None:
    order_id = shop.order((JACKET, 1))
    line = {"line_no": 1, "sku": JACKET, "quantity": 1, "sentence": "WH-A: 100 % nearest.", "candidates": []}
    old = {
        "v": 2, "rules": "test 1", "run": "r", "routing": "all", "rule": "one", "lines": [line], "flip": "Nothing, 5 %.",
        "wave": "Optimized with 1 other order.", "refused": {"does not ship": 3},
    }  # fmt: skip
    with shop.app.db.write(actor="system") as tx:
        tx.execute(
            "UPDATE routing_decisions SET explanation = %s WHERE order_id = %s", (Jsonb(old), order_id)
        )
        tx.execute(
            "INSERT INTO order_holds (order_id, reason, message, placed_by, placed_at) "
            "VALUES (%s, 'address', to_jsonb('No street: 5 %% %%(x)s.'::text), 'system', %s)",
            (order_id, NOON),
        )
    assert "No street: 5 % %(x)s." in browser.get(f"/console/orders/{order_id}").text
    page = browser.get(f"/console/orders/{order_id}/decisions").text
    for said in (
        "WH-A: 100 % nearest.",
        "Nothing, 5 %.",
        "Optimized with 1 other order.",
        "does not ship (3)",
    ):
        assert said in page


SITES = {code: Site(code, f"Store {code}", "store", 19.0, 72.8) for code in ("1", "2")}


def decision(ours: Scores, other: Scores | None, *, quantity: int = 1) -> Decision:
    """Store 1 gets a unit, Store 2 came second."""
    second = None if other is None else Alternative(("2",), other)
    line = LineExplanation(1, SHIRT, quantity, Message("Store 1: the nearest."), ())
    found = Explanation(2, "test 1", "run", "all", "rule", (line,), ours, second)
    row = DecisionRow(1, 1, NOON, "test 1", found)
    return Decision(row, 1, "", {"1": {1: 1}}, SITES, ())


OURS = Scores(cost_minor=5_000, carriage_minor=4_000, parcels=1, km=10)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (None, "."),
        (Scores(cost_minor=8_400, parcels=2, km=20), "; Store 2 would have been ₹34.00 more expensive."),
        (Scores(cost_minor=5_000, parcels=2, km=10), "; Store 2 would have been in 1 more parcel."),
        (Scores(cost_minor=5_000, parcels=1, km=10), "; Store 2 came second."),
        (
            Scores(cost_minor=4_000, parcels=1, km=10, miss=0.2),
            "; Store 2 would have been ₹10.00 less, but 20 percentage points more likely to be late.",
        ),
        (
            Scores(cost_minor=4_000, parcels=1, km=10),
            "; Store 2 would have been ₹10.00 less, but ranked lower by the rule.",
        ),
    ],
)
def test_the_runner_up_is_explained_by_its_main_difference(other: Scores | None, said: str) -> None:
    reported = Explainer(None, "INR", is_promised=True).headline(decision(OURS, other))
    assert reported == f"Store 1: on time, 1 parcel, 10 km, ₹40.00 shipping{said}"


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (Scores(miss=0.07, parcels=1), "7% risk of late delivery, 1 parcel"),
        (Scores(parcels=0), "on time, in a parcel that ships anyway"),
    ],
)
def test_risk_and_shared_parcels_are_explained(scores: Scores, said: str) -> None:
    reported = Explainer(None, "", is_promised=True).headline(decision(scores, None, quantity=3))
    assert reported == f"Store 1: {said}. 2 items backordered."
