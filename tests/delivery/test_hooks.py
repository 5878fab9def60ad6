"""Webhooks: an authentic message is stored once before it is acknowledged; others leave no trace."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
import msgspec
import psycopg
import pytest
from prometheus_client import REGISTRY
from psycopg import conninfo, sql
from tests import clock
from tests.builders import NOON, Retailer, order_snapshot

from doorstep import processes
from doorstep.delivery.hooks.commits import GroupCommit
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections import views as connection_views
from doorstep.domain.connections.actions import Arrival
from doorstep.domain.connections.model import Ack, InboundRequest, Kind, Mode, Verdict
from doorstep.kernel import errors, http

SECRET = b"the secret of the shop"


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


async def get(retailer: Retailer, query: str) -> httpx.Response:
    transport = httpx.ASGITransport(processes.web(retailer.app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://doorstep") as client:
        return await client.get(f"/hooks/shop{query}")


def test_a_challenge_is_answered_and_nothing_is_stored(retailer: Retailer) -> None:
    answer = asyncio.run(get(retailer, "?token=the+secret+of+the+shop&challenge=8151"))
    assert (answer.status_code, answer.text) == (200, "8151")
    assert asyncio.run(get(retailer, "?token=guess&challenge=8151")).status_code == 401
    assert asyncio.run(get(retailer, "")).status_code == 401
    assert stored(retailer) == []


def test_a_connector_receives_the_public_url_and_answers_in_its_own_way(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vendors sign the address that they call, and some want another answer than an empty 200."""
    shop = retailer.app.registry.inbound(retailer.connection_ids["shop"])
    requests: list[InboundRequest] = []

    def acknowledge(request: InboundRequest) -> Ack:
        requests.append(request)
        return Ack(Verdict.ACCEPTED, 202, b'{"ack":true}', {"Content-Type": "application/json"})

    monkeypatch.setattr(shop, "acknowledge", acknowledge)
    answer = post(retailer, words("evt-1"), to="shop?shop_id=7&sign=a%20b")
    assert (answer.status_code, answer.json()) == (202, {"ack": True})
    assert requests[0].url == f"{retailer.app.settings.public_url}/hooks/shop?shop_id=7&sign=a%20b"
    assert requests[0].query == {"shop_id": "7", "sign": "a b"}
    assert [row["external_event_id"] for row in stored(retailer)] == ["evt-1"]


def rotate(retailer: Retailer, secret: str) -> None:
    registry = retailer.app.registry
    retailer.write(
        lambda tx: registry.change(tx, key="shop", name="Shop", settings={"webhook_secret": secret})
    )
    registry.look_again()


def test_a_changed_secret_still_counts_for_a_day(retailer: Retailer) -> None:
    """The vendor signs with the former secret until it is changed there, too: no message is lost."""
    rotate(retailer, "another secret of the shop")
    assert post(retailer, words("e-1")).status_code == 200
    body = words("e-2")
    new = hmac.new(b"another secret of the shop", body, hashlib.sha256).hexdigest()
    assert post(retailer, body, headers={"x-signature": new}).status_code == 200
    with clock.at(NOON + timedelta(hours=25)):
        assert post(retailer, words("e-3")).status_code == 401
    assert [row["external_event_id"] for row in stored(retailer)] == ["e-1", "e-2"]


def test_a_process_that_has_not_read_the_connections_keeps_the_former_secret(retailer: Retailer) -> None:
    """The command line changes a connection as the first thing it does."""
    fresh = type(retailer.app.registry)(
        retailer.app.db, retailer.app.vault, retailer.app.registry.connectors, policy=http.Policy()
    )
    connector = fresh.connector(Kind.CHANNELS, "sandbox")
    settings = {"webhook_secret": "another secret of the shop"}
    retailer.write(
        lambda tx: fresh.configure(
            tx, key="shop", connector=connector, name="Shop", settings=settings, mode=Mode.LIVE
        )
    )
    fresh.close()
    retailer.app.registry.look_again()
    assert post(retailer, words("e-1")).status_code == 200


def test_only_the_last_former_secret_counts(retailer: Retailer) -> None:
    rotate(retailer, "another secret of the shop")
    rotate(retailer, "a third secret of the shop")
    assert post(retailer, words("e-1")).status_code == 401


def test_other_settings_leave_no_former_secret(retailer: Retailer) -> None:
    registry = retailer.app.registry
    retailer.write(lambda tx: registry.change(tx, key="shop", name="Other name", settings={}))
    assert retailer.read(connection_views.former_secrets) == {}


def test_when_storing_lags_senders_are_asked_to_retry_later() -> None:
    async def work() -> list[BaseException | None]:
        slow = Table()
        commits = GroupCommit(lambda each: (time.sleep(0.3), slow.write(each))[1], writers=1)
        first = [asyncio.create_task(commits.add(arrival(number))) for number in range(3)]
        await asyncio.sleep(0.01)
        second = [asyncio.create_task(commits.add(arrival(number))) for number in range(3, 6)]
        await asyncio.sleep(0.2)
        late = asyncio.create_task(commits.add(arrival(7), within_seconds=0.1))
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
