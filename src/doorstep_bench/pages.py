"""pages: how long every list, search and order page of the console takes, signed in, over HTTP."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping

import httpx

from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.model import Role
from doorstep_bench import history, meter, rates, webhook
from doorstep_bench.rates import Stage
from doorstep_bench.scratch import wait_until

TIMES = 11
_SEED_ORDERS, _OPEN = 4_000, 2_000
_EMAIL, _PASSWORD = "bench@bench.example", "a password of the benchmark"
_LISTS = (
    "/", "/orders", "/orders?view=attention", "/fulfillment", "/fulfillment/1", "/returns", "/inventory",
    "/inventory?q=SKU-01", "/availability-rules", "/counts", "/transfers", "/supplies", "/receiving", "/replenishment",
    "/files", "/connections", "/dead-letters", "/routing", "/routing/history", "/routing/queues", "/routing/runs",
    "/routing/lab", "/network", "/settings",
)  # fmt: skip
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def run(stage: Stage, *, size: int) -> dict[str, object]:
    """p50, p95 and p99 of each page, the slowest p95, and pages that did not answer 200."""
    rates.pipeline_rate(stage, stage.orders(860, _SEED_ORDERS))
    history.fill(stage.scratch, size)
    history.finish(stage.scratch, but=_OPEN)
    person = identity.NewUser(email=_EMAIL, name="Bench", role=Role.ADMINISTRATOR, location_id=None)
    app = stage.scratch.app
    with app.db.write(actor="bench") as tx:
        identity.create_user(tx, user=person, password=_PASSWORD, now=app.clock.now())
    with webhook.serving(stage.scratch) as port, contextlib.closing(_signed_in(port)) as browser:
        wait_until(lambda: not _is_busy(stage), what="the worker to finish what filling left", seconds=600)
        found = {path: _timed(browser, path) for path in _paths(stage)}
    slowest = max((times.get("p95_ms", 0.0), path) for path, times in found.items())
    meter.say(f"slowest page: {slowest[1]}, p95 {slowest[0]:,.0f} ms")
    return {"orders": size, "slowest_p95_ms": slowest[0], "slowest": slowest[1], "pages": found}


def _is_busy(stage: Stage) -> bool:
    with stage.scratch.app.db.read() as tx:
        return tx.value(
            bool, "SELECT EXISTS (SELECT FROM deliveries WHERE state = 1 OR state = 0 AND run_at <= now())"
        )


def _signed_in(port: int) -> httpx.Client:
    browser = httpx.Client(base_url=f"http://127.0.0.1:{port}/console", timeout=60, trust_env=False)
    token = _TOKEN.search(browser.get("/login").text)
    form = {"csrf": token[1] if token else "", "email": _EMAIL, "password": _PASSWORD, "next": ""}
    answer = browser.post("/login", data=form)
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise RuntimeError(f"signing in: {answer.status_code}")
    return browser


def _paths(stage: Stage) -> Iterator[str]:
    """Lists, searches by number, e-mail, name and SKU, and pages of orders old and new."""
    yield from _LISTS
    with stage.scratch.app.db.read() as tx:
        rows = tx.rows(
            "SELECT id, number FROM orders WHERE id IN (SELECT min(id) FROM orders UNION SELECT max(id) FROM orders)"
        )
    for row in rows:
        yield f"/orders?q={str(row['number']).replace('#', '%23')}"
        yield f"/orders/{row['id']}"
        yield f"/orders/{row['id']}/decisions"
    for words in ("c860000001@example.com", "Customer 860000001", "SKU-0001", "nothing like it"):
        yield f"/orders?q={words.replace(' ', '+')}"
        yield f"/search?q={words.replace(' ', '+')}"


def _timed(browser: httpx.Client, path: str) -> Mapping[str, float]:
    waits = []
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = browser.get(path, follow_redirects=True)
        waits.append(time.perf_counter() - began)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{path}: {answer.status_code}")
    times = meter.percentiles(waits[1:])
    meter.say(f"{path}: p95 {times['p95_ms']:,.0f} ms")
    return times
