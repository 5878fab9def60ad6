"""Simulation pages: compare a draft on past orders; start, stop and activate trials."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.delivery.test_console import click, sign_in
from tests.delivery.test_console_rules import page, shown, stored

from doorstep.delivery import console
from doorstep.domain.routing.views import trials
from doorstep.flows.routing_rules import simulation_jobs

LAB = "/routing/lab"


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def test_there_is_nothing_to_try_without_a_version(browser: TestClient) -> None:
    text = shown(page(browser, LAB))
    assert "No version to simulate" in text
    assert "The gap is computed every night for the day before." in text


def simulated(shop: Shop, browser: TestClient) -> int:
    """A draft over two orders."""
    stored(shop)
    for sku in ("DJ-BL-01", "GT-WH-02"):
        shop.order((sku, 1))
    status, answer = click(browser, f"{LAB}/simulate", on=LAB, draft="1", days="2", every="15")
    assert status in {200, 303}, answer
    return 1


def test_a_draft_is_simulated_and_compared(shop: Shop, browser: TestClient) -> None:
    run_id = simulated(shop, browser)
    here = f"{LAB}/{run_id}"
    before = page(browser, here)
    assert "Waiting for a worker" in before
    assert 'hx-trigger="every 1s"' in before
    assert simulation_jobs.run_next(shop.app.context)
    text = shown(page(browser, here))
    assert "notnaked 1 Done" in text
    assert re.search(r"Cost per order ₹\d", text)
    assert "Orders per location" in text
    assert "Do not compare cost per order: the draft sets other costs" in text
    assert 'role="img" aria-label="Parcels per order: now 1.00' in page(browser, here)
    assert "Version 1 against the default rules" in shown(page(browser, LAB))
    answer = browser.get(f"/console{here}?format=csv")
    assert answer.text.startswith("Order,Placed,Extra cost,Cost now,Cost by the draft,Currency,Now,Draft,")
    (found,) = csv.DictReader(browser.get(f"/console{LAB}?format=csv").text.splitlines())
    assert (found["Draft"], found["Against"], found["Status"], found["Orders"]) == ("1", "", "Done", "")
    assert re.fullmatch(r"\d\.\d{3}", found["Cost"])
    click(browser, f"{here}/delete", on=here)
    assert browser.get(f"/console{here}").status_code == 404


def test_a_simulation_is_canceled(shop: Shop, browser: TestClient) -> None:
    here = f"{LAB}/{simulated(shop, browser)}"
    status, answer = click(browser, f"{here}/cancel", on=here)
    assert (status, "There are no results." in answer) == (200, True)
    assert not simulation_jobs.run_next(shop.app.context)
    assert click(browser, f"{here}/cancel", on=here)[0] == 409


def test_what_cannot_be_simulated_is_reported(shop: Shop, browser: TestClient) -> None:
    stored(shop)
    status, answer = click(browser, f"{LAB}/simulate", on=LAB, draft="1", days="900")
    assert (status, "Enter 366 or less." in answer) == (422, True)
    assert click(browser, f"{LAB}/simulate", on=LAB, draft="7", days="9")[0] == 404
    assert browser.get(f"/console{LAB}/1?view=luck").status_code == 404


def test_a_draft_is_tried_and_stopped(shop: Shop, browser: TestClient) -> None:
    stored(shop)
    reported = {"draft": "1", "kind": "shadow", "percent": "", "why": "cheaper?", "sample": "20"}
    status, answer = click(browser, f"{LAB}/trial/start", on=LAB, **reported)
    assert (status, "Draft 1 now runs in shadow mode." in answer) == (200, True)
    shop.order(("DJ-BL-01", 1))
    text = shown(page(browser, LAB))
    assert "Trial of version 1 Shadow" in text
    assert "No result before 20 orders." in text
    assert click(browser, f"{LAB}/trial/start", on=LAB, **reported)[0] == 409
    status, answer = click(browser, f"{LAB}/trial/stop", on=LAB)
    assert (status, "The trial of draft 1 is stopped." in answer) == (200, True)
    assert click(browser, f"{LAB}/trial/start", on=LAB, **(reported | {"cost_ratio": "x"}))[0] == 422


def test_a_better_draft_decides_on_all(shop: Shop, browser: TestClient) -> None:
    stored(shop)
    click(browser, f"{LAB}/trial/start", on=LAB, draft="1", kind="shadow", why="cheaper?", sample="10")
    with shop.app.db.write(actor="system") as tx:
        tx.execute(
            """
            INSERT INTO routing_trial_orders
            SELECT 1, n, by_draft, business_now(), '', CASE WHEN by_draft THEN 900 ELSE 1000 END, 1, false, true, 0.1, 0
              FROM generate_series(1, 12) n, (VALUES (true), (false)) AS side (by_draft)
            """
        )
    assert "Activate for all orders" in page(browser, LAB)
    status, answer = click(browser, f"{LAB}/trial/promote", on=LAB, why="Cheaper")
    assert (status, "notnaked 1 is active now." in answer) == (200, True)
    with shop.app.db.read() as tx:
        assert trials.running(tx) is None
