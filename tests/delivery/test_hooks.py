"""Webhooks: an authentic message is stored once before it is acknowledged; others leave no trace."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import httpx
import msgspec
import psycopg
import pytest
from prometheus_client import REGISTRY
from psycopg import conninfo, sql
from tests.builders import Retailer, order_snapshot

from doorstep import processes
from doorstep.delivery.hooks.commits import GroupCommit
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Arrival
from doorstep.domain.connections.model import Mode
from doorstep.kernel import errors

SECRET = b"shop secret"


def words(event_id: str) -> bytes:
    return msgspec.json.encode({"id": event_id, "topic": "order", "data": order_snapshot()})


def signed(body: bytes, **extra: str) -> dict[str, str]:
    return {"x-signature": hmac.new(SECRET, body, hashlib.sha256).hexdigest(), **extra}


async def send(
    retailer: Retailer, *bodies: bytes, to: str = "shop", headers: dict[str, str] | None = None
) -> list[httpx.Response]:
    """All at once."""
    transport = httpx.ASGITransport(processes.web(retailer.app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://doorstep") as client:
        calls = [
            client.post(f"/hooks/{to}", content=each, headers=signed(each) if headers is None else headers)
            for each in bodies
        ]
        return list(await asyncio.gather(*calls))


def post(
    retailer: Retailer, body: bytes, *, to: str = "shop", headers: dict[str, str] | None = None
) -> httpx.Response:
    return asyncio.run(send(retailer, body, to=to, headers=headers))[0]


def stored(retailer: Retailer) -> list[dict[str, object]]:
    return retailer.read(
        lambda tx: tx.rows("SELECT external_event_id, topic, headers, body FROM inbox ORDER BY id")
    )


def counted(connection: str, outcome: str) -> float:
    return (
        REGISTRY.get_sample_value("doorstep_webhooks_total", {"connection": connection, "outcome": outcome})
        or 0.0
    )


def test_a_proven_message_is_stored_with_its_bytes_and_without_its_secrets(retailer: Retailer) -> None:
    body = words("evt-1")
    answer = post(
        retailer, body, headers=signed(body, authorization="Bearer secret", cookie="a=b", x_request="7")
    )
    assert (answer.status_code, answer.content) == (200, b"")
    (kept,) = stored(retailer)
    assert (kept["external_event_id"], kept["topic"], kept["body"]) == ("evt-1", "order", body)
    assert not {"authorization", "cookie", "x-api-key"} & set(dict(kept["headers"]))  # type: ignore[call-overload]  # a JSON object


@pytest.mark.parametrize("headers", [{}, {"x-signature": "0" * 64}, {"x-signature": "é"}])
def test_who_does_not_prove_itself_leaves_only_a_count(retailer: Retailer, headers: dict[str, str]) -> None:
    before = counted("shop", "wrong_signature")
    wrong = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = post(retailer, words("evt-1"), headers=wrong)  # type: ignore[arg-type]  # bytes are headers too
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert stored(retailer) == []
    assert counted("shop", "wrong_signature") == before + 1


def test_an_unknown_endpoint_a_connection_that_is_off_and_too_large_a_body(retailer: Retailer) -> None:
    assert post(retailer, b"", to="nobody").status_code == 404
    assert post(retailer, b"x" * 5_000_001).status_code == 413
    retailer.write(lambda tx: connections.switch(tx, key="shop", mode=Mode.OFF))
    retailer.app.registry._looked_at = 0.0
    closed = post(retailer, words("evt-1"))
    assert (closed.status_code, closed.headers["retry-after"]) == (503, "600")
    assert stored(retailer) == []


def test_a_signed_but_malformed_message_is_kept_as_a_dead_letter(retailer: Retailer) -> None:
    assert post(retailer, b"\xff{not json").status_code == 200
    assert [row["body"] for row in stored(retailer)] == [b"\xff{not json"]
    retailer.settle()
    assert [letter["error_class"] for letter in retailer.dead_letters()] == ["data"]


def test_the_same_message_many_times_at_once_is_stored_once(retailer: Retailer) -> None:
    body = words("evt-1")
    answers = asyncio.run(send(retailer, *[body] * 20))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len(stored(retailer)) == 1


def test_two_hundred_at_once_are_all_stored_before_they_are_thanked(retailer: Retailer) -> None:
    answers = asyncio.run(send(retailer, *(words(f"evt-{number}") for number in range(200))))
    assert {answer.status_code for answer in answers} == {200}
    assert len(stored(retailer)) == 200
    assert retailer.read(lambda tx: tx.value(int, "SELECT count(DISTINCT xmin::text) FROM inbox")) < 50


def test_without_a_database_senders_are_asked_to_retry(retailer: Retailer, server_dsn: str) -> None:
    assert retailer.app.db._pool is not None
    retailer.app.db._pool.timeout = 0.2
    retailer.app.registry._looked_at = 0.0
    name = conninfo.conninfo_to_dict(retailer.app.db.dsn)["dbname"]
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(str(name))))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        answers = asyncio.run(send(retailer, *(words(f"evt-{number}") for number in range(20))))
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(str(name))))
    assert {(answer.status_code, answer.headers.get("retry-after")) for answer in answers} == {(503, "2")}


def test_only_the_sender_of_too_much_is_throttled(retailer: Retailer) -> None:
    retailer.app = replace(
        retailer.app, settings=retailer.app.settings.model_copy(update={"webhook_rate_per_second": 5})
    )
    answers = asyncio.run(send(retailer, *(words(f"evt-{number}") for number in range(20))))
    reported = Counter((answer.status_code, answer.headers.get("retry-after")) for answer in answers)
    assert reported[429, "1"] >= 10
    assert reported[200, None] == len(stored(retailer)) == 20 - reported[429, "1"]


# Group commit -----------------------------------------------------------------------------------------------------


@dataclass
class Table:
    """Stores what it is given, but for what is called poison; counts its transactions."""

    problem: Exception | None = None
    rows: list[str] = field(default_factory=list)
    transactions: int = 0

    def write(self, arrivals: Sequence[Arrival]) -> None:
        self.transactions += 1
        if self.problem is not None:
            raise self.problem
        if any(each.topic == "poison" for each in arrivals):
            message = "a row that cannot be stored"
            raise ValueError(message)
        self.rows += [each.external_event_id for each in arrivals]


def arrival(number: int, topic: str = "order") -> Arrival:
    return Arrival(1, f"evt-{number}", topic, {}, b"", "")


def gather(table: Table, *arrivals: Arrival) -> list[BaseException | None]:
    async def work() -> list[BaseException | None]:
        commits = GroupCommit(table.write, queue_limit=100)
        return await asyncio.gather(*(commits.add(each) for each in arrivals), return_exceptions=True)

    return asyncio.run(work())


def test_arrivals_share_a_transaction_and_the_poisoned_one_fails_alone() -> None:
    table = Table()
    outcomes = gather(table, *(arrival(number, "poison" if number == 7 else "order") for number in range(20)))
    assert [number for number, outcome in enumerate(outcomes) if outcome is not None] == [7]
    assert sorted(table.rows) == sorted(f"evt-{number}" for number in range(20) if number != 7)


def test_without_a_database_no_row_is_tried_alone() -> None:
    table = Table(errors.Unavailable("away"))
    assert all(isinstance(each, errors.Unavailable) for each in gather(table, *map(arrival, range(50))))
    assert table.transactions <= 2


def test_one_poisoned_row_costs_a_few_more_transactions_not_hundreds() -> None:
    table = Table()
    gather(table, *(arrival(number, "poison" if number == 7 else "order") for number in range(64)))
    assert table.transactions <= 20


def test_when_storing_lags_senders_are_asked_to_retry_later() -> None:
    async def work() -> list[BaseException | None]:
        slow = Table()
        commits = GroupCommit(
            lambda each: (time.sleep(0.3), slow.write(each))[1], writers=1, longest_wait_seconds=0.1
        )
        first = [asyncio.create_task(commits.add(arrival(number))) for number in range(3)]
        await asyncio.sleep(0.01)
        second = [asyncio.create_task(commits.add(arrival(number))) for number in range(3, 6)]
        await asyncio.sleep(0.2)
        late = asyncio.create_task(commits.add(arrival(7)))
        return await asyncio.gather(*first, *second, late, return_exceptions=True)

    *served, refused = asyncio.run(work())
    assert served == [None] * 6
    assert isinstance(refused, errors.Unavailable)
    assert refused.retry_after_seconds in (0.1, 1.0)


def test_a_queue_that_is_too_long_refuses_at_once() -> None:
    outcomes = gather(Table(), *map(arrival, range(150)))
    assert sum(isinstance(each, errors.Unavailable) for each in outcomes) == 50


def test_a_broken_connection_does_not_affect_the_others(retailer: Retailer) -> None:
    with retailer.app.db.write(actor="test") as tx:
        tx.execute(
            "INSERT INTO connections (key, kind, connector_id, name, mode) VALUES ('broken', 'channels', 'gone', '', 'live')"
        )
    retailer.app.registry.refresh()
    assert post(retailer, words("e-1")).status_code == 200
    assert post(retailer, words("e-2"), to="broken").status_code == 404
