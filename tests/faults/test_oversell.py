"""No overselling: two hundred buyers, ten units, exactly ten sold, every buyer answered."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

import httpx
import pytest
import uvicorn
from tests.builders import JACKET, NOON, SHIRT, Retailer, item
from tests.faults import buyers
from tests.faults.buyers import Buyer

from doorstep import processes
from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Part, Recipe
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewKey
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import Correction
from doorstep.kernel.ids import Sku

SOLD, SHORT = "allocated", "short"
SET, TWIN = Sku("SET"), Sku("TWIN")


@pytest.fixture
def ten(retailer: Retailer) -> Retailer:
    """Ten shirts in three places, jackets enough; a set has one shirt, a twin pack two."""
    for number, location in enumerate(retailer.location_ids.values()):
        for sku, units in ((SHIRT, (5, 3, 2)[number] if number < 3 else 0), (JACKET, 100)):
            correction = Correction(sku, location, "counted", set_to=units)
            retailer.write(lambda tx, c=correction: inventory.adjust(tx, correction=c, at=NOON))
    retailer.write(lambda tx: catalog.put(tx, items=[item(SET), item(TWIN)]))
    recipes = [
        Recipe(SET, (Part(SHIRT, "new", 1), Part(JACKET, "new", 1))),
        Recipe(TWIN, (Part(SHIRT, "new", 2),)),
    ]
    retailer.write(lambda tx: catalog.compose(tx, recipes=recipes))
    buyers.till(retailer.app)
    return retailer


def shirts(retailer: Retailer) -> tuple[int, int]:
    """On hand and reserved everywhere; the ledger agrees."""
    assert retailer.read(stock.drift) == []
    everywhere = [retailer.count(SHIRT, code) for code in retailer.location_ids]
    return sum(each[0] for each in everywhere), sum(each[1] for each in everywhere)


def crowd(size: int = 200, sku: str = SHIRT, *, carts: int = 0) -> list[Buyer]:
    return [Buyer(f"B-{number}", sku, has_cart=number < carts) for number in range(size)]


def test_with_threads(ten: Retailer) -> None:
    answers = buyers.buy_all(ten.app, crowd())
    assert (Counter(answers), shirts(ten)) == ({SOLD: 10, SHORT: 190}, (10, 10))


def test_with_processes(ten: Retailer) -> None:
    dsn = ten.app.settings.database_url
    assert dsn is not None
    everybody = crowd()
    running = []
    for part in range(4):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.buyers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        mine = [astuple(each) for each in everybody[part::4]]
        reported = json.dumps([dsn.get_secret_value(), str(ten.app.settings.data_dir), mine])
        assert process.stdin is not None
        process.stdin.write(reported)
        process.stdin.close()
        running.append(process)
    answers: list[str] = []
    for process in running:
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            answer, problem = process.stdout.read(), process.stderr.read()
        assert process.returncode == 0, problem
        answers += json.loads(answer)
    assert (Counter(answers), shirts(ten)) == ({SOLD: 10, SHORT: 190}, (10, 10))


@contextmanager
def served(retailer: Retailer) -> Iterator[str]:
    """The web process's application behind a real socket; gives its address."""
    config = uvicorn.Config(
        processes.web(retailer.app),
        host="127.0.0.1",
        port=0,
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


async def post(client: httpx.AsyncClient, buyer: Buyer) -> httpx.Response:
    """As a client should: an answer that says "later" is obeyed."""
    while True:
        answer = await client.post("/api/v1/orders", json=buyer.order())
        if answer.status_code != 503:
            return answer
        await asyncio.sleep(1)


async def post_all(address: str, key: str, everybody: list[Buyer]) -> list[dict[str, Any]]:
    limits = httpx.Limits(max_connections=64)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, limits=limits, headers=headers, timeout=60) as client:
        answers = await asyncio.gather(*(post(client, each) for each in everybody))
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json() for answer in answers]


def test_through_http(ten: Retailer) -> None:
    key = ten.write(
        lambda tx: identity.create_api_key(tx, key=NewKey("till", Role.OPERATIONS, None), now=NOON)
    )
    with served(ten) as address:
        answers = asyncio.run(post_all(address, key, crowd()))
    assert Counter(each["status"] for each in answers) == {SOLD: 10, SHORT: 190}
    assert (len({each["order_id"] for each in answers}), shirts(ten)) == (200, (10, 10))


def test_with_kits_that_share_a_part(ten: Retailer) -> None:
    skus = (SHIRT, SET, TWIN, SHIRT)
    everybody = [Buyer(f"B-{number}", skus[number % 4]) for number in range(200)]
    answers = buyers.buy_all(ten.app, everybody)
    taken = {SHIRT: 1, SET: 1, TWIN: 2}
    sold = sum(
        taken[Sku(each.sku)] for each, answer in zip(everybody, answers, strict=True) if answer == SOLD
    )
    assert (set(answers), sold, shirts(ten)) == ({SOLD, SHORT}, 10, (10, 10))


def test_with_carts_and_orders_mixed(ten: Retailer) -> None:
    everybody = crowd(carts=100)
    answers = buyers.buy_all(ten.app, everybody)
    assert Counter(answers)[SOLD] == 10
    with_cart = [answer for each, answer in zip(everybody, answers, strict=True) if each.has_cart]
    assert set(with_cart) <= {SOLD, "NOT_HELD"}  # whoever held it, got it
    assert shirts(ten) == (10, 10)
