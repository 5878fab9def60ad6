"""What processes share about a partner: one rate, one circuit, one token, each fetched once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from tests.kernel import partner

from doorstep.kernel import http
from doorstep.kernel.db import Database
from doorstep.kernel.http import oauth
from doorstep.kernel.http.gate import MemoryGate
from doorstep.kernel.limits import Limit, RateAnswer
from doorstep.kernel.secrets import Vault
from doorstep.kernel.shared_calls import SharedGate, SharedTokens

VAULT = Vault(["k" * 40])
POLICY = http.Policy(attempts=1, longest_wait_seconds=5.0, breaker_failures=3, breaker_reset_seconds=0.4)
FORK = multiprocessing.get_context("fork")


@contextmanager
def database(dsn: str) -> Iterator[Database]:
    opened = Database(dsn, pool_size=6).open()
    yield opened
    opened.close()


@pytest.fixture
def db(dsn: str) -> Iterator[Database]:
    """A database with one connection, `acme`."""
    with database(dsn) as opened:
        with opened.write(actor="test") as tx:
            tx.execute(
                "INSERT INTO connections (key, kind, connector_id, name, mode) VALUES ('acme', 'channels', 'x', '', 'live')"
            )
        yield opened


def session(
    db: Database,
    url: str,
    *limits: Limit,
    policy: http.Policy = POLICY,
    read_limit: http.ReadLimit | None = None,
) -> http.Session:
    shared = http.Shared(
        SharedGate(db, "acme", policy, limits),
        SharedTokens(db, VAULT, "acme"),
        read_limit,
    )
    return http.Session("acme", url, policy=policy, shared=shared)


def _call_often(dsn: str, url: str, limit: Limit, times: int) -> None:
    with database(dsn) as db, session(db, url, limit) as calls:
        for _ in range(times):
            calls.send("GET", "/orders")


def test_three_processes_never_exceed_the_vendors_rate_in_any_window(dsn: str, db: Database) -> None:
    limit = Limit(12, 3.0, is_sliding=True)
    arrived: list[float] = []
    with partner.serving() as place:
        place.seen = _Timed(arrived)
        workers = [FORK.Process(target=_call_often, args=(dsn, place.url, limit, 10)) for _ in range(3)]
        for each in workers:
            each.start()
        for each in workers:
            each.join(60)
    assert [each.exitcode for each in workers] == [0, 0, 0]
    assert len(arrived) == 30
    assert max(sum(first <= each < first + 3.0 for each in arrived) for first in arrived) <= 12


class _Timed(list[partner.Request]):
    """Records when each request arrived."""

    def __init__(self, arrived: list[float]) -> None:
        super().__init__()
        self._arrived = arrived

    def append(self, request: partner.Request) -> None:
        self._arrived.append(time.monotonic())
        super().append(request)


def test_each_operation_has_its_own_budget(db: Database) -> None:
    hasty = http.Policy(attempts=1, longest_wait_seconds=0.05)
    slow = Limit(1, 60, operation="reports")
    with partner.serving() as place, session(db, place.url, slow, policy=hasty) as calls:
        calls.send("GET", "/reports", operation="reports")
        with pytest.raises(http.Unanswered, match="The rate limit of acme for reports is used up") as caught:
            calls.send("GET", "/reports", operation="reports")
        assert calls.send("GET", "/orders").status == 200
    assert 55 < (caught.value.retry_after_seconds or 0) <= 60
    assert caught.value.maybe_done is False


def test_a_limit_of_minutes_is_shared_by_processes(dsn: str, db: Database) -> None:
    """Amazon's searchOrders: one call in three minutes, 20 at once. What is left over is left to the job queue."""
    hasty = http.Policy(attempts=1, longest_wait_seconds=0.05)
    search = Limit(1, 180, operation="search", burst=20)
    with (
        partner.serving() as place,
        database(dsn) as other,
        session(db, place.url, search, policy=hasty) as first,
        session(other, place.url, search, policy=hasty) as second,
    ):
        answers = [each.send("GET", "/orders", operation="search").status for each in (first, second) * 10]
        with pytest.raises(http.Unanswered, match="for search is used up") as caught:
            first.send("GET", "/orders", operation="search")
    assert answers == [200] * 20
    assert 170 < (caught.value.retry_after_seconds or 0) <= 180


def test_a_slower_rate_that_the_vendor_names_holds_for_all(dsn: str, db: Database) -> None:
    hasty = http.Policy(attempts=1, longest_wait_seconds=0.05)
    search = Limit(1, 180, operation="search", burst=2)

    def slower(_headers: Mapping[str, str]) -> RateAnswer:
        return RateAnswer(interval_seconds=360.0)

    with partner.serving() as place, database(dsn) as other:
        with session(db, place.url, search, policy=hasty, read_limit=slower) as first:
            first.send("GET", "/orders", operation="search")
        with session(other, place.url, search, policy=hasty) as second:
            second.send("GET", "/orders", operation="search")
            with pytest.raises(http.Unanswered) as caught:
                second.send("GET", "/orders", operation="search")
    assert 170 < (caught.value.retry_after_seconds or 0) <= 360


@pytest.mark.parametrize(
    ("limits", "pause"), [((Limit(1, 180, operation="search", burst=20),), 180), ((), 1)]
)
def test_a_refusal_without_a_time_waits_until_the_limit_gives_back_a_call(
    db: Database, limits: tuple[Limit, ...], pause: float
) -> None:
    hasty = http.Policy(attempts=1, longest_wait_seconds=0.05)
    refused = partner.Answer(429)
    with (
        partner.serving(refused, partner.Answer()) as place,
        session(db, place.url, *limits, policy=hasty) as calls,
    ):
        with pytest.raises(http.Unanswered):
            calls.send("GET", "/orders", operation="search")
        with pytest.raises(http.Unanswered, match="is used up") as held:
            calls.send("GET", "/orders", operation="search")
    assert pause - 2 < (held.value.retry_after_seconds or 0) <= pause
    memory = MemoryGate("acme", hasty, limits)
    assert max(1.0, memory.interval("search")) == pause


@pytest.mark.parametrize("named_by", [200, 429])
def test_a_refusal_without_a_time_waits_as_long_as_the_vendor_last_named(db: Database, named_by: int) -> None:
    """A seller with a higher quota than the documented one: a refusal does not stop the search for three minutes."""

    def read(headers: Mapping[str, str]) -> RateAnswer | None:
        named = headers.get("x-amzn-ratelimit-limit")
        return RateAnswer(interval_seconds=1 / float(named)) if named else None

    hasty = http.Policy(attempts=1, longest_wait_seconds=0.05)
    search = Limit(1, 180, operation="search", burst=20)
    named = {"x-amzn-RateLimit-Limit": "0.1"}
    answers = (
        [partner.Answer(headers=named), partner.Answer(429)]
        if named_by == 200
        else [partner.Answer(429, headers=named)]
    )
    with (
        partner.serving(*answers) as place,
        session(db, place.url, search, policy=hasty, read_limit=read) as calls,
    ):
        for _ in answers[1:]:
            calls.send("GET", "/orders", operation="search")
        with pytest.raises(http.Unanswered, match="asks to wait"):
            calls.send("GET", "/orders", operation="search")
        with pytest.raises(http.Unanswered, match="is used up") as held:
            calls.send("GET", "/orders", operation="search")
    assert 8 < (held.value.retry_after_seconds or 0) <= 10


def test_background_work_leaves_half_of_a_budget_to_live_work(db: Database) -> None:
    hasty = http.Policy(attempts=1, longest_wait_seconds=0.05)
    with partner.serving() as place, session(db, place.url, Limit(4, 60), policy=hasty) as calls:
        with http.in_background():
            for _ in range(2):
                calls.send("GET", "/history")
            with pytest.raises(http.Unanswered, match="is used up"):
                calls.send("GET", "/history")
        assert [calls.send("GET", "/orders").status for _ in range(2)] == [200, 200]


def test_a_pause_that_the_vendor_asks_for_holds_every_process(dsn: str, db: Database) -> None:
    slow_down = partner.Answer(429, headers={"Retry-After": "30"})
    with partner.serving(slow_down, partner.Answer()) as place, database(dsn) as other:
        with session(db, place.url) as first, pytest.raises(http.Unanswered, match="asks to wait"):
            first.send("GET", "/orders")
        with session(other, place.url) as second, pytest.raises(http.Unanswered, match="is used up") as held:
            second.send("GET", "/orders")
    assert len(place.seen) == 1
    assert 25 < (held.value.retry_after_seconds or 0) <= 30


def test_a_pause_inside_an_answer_holds_every_process(dsn: str, db: Database) -> None:
    """Shopify throttles with HTTP 200: its client asks for the pause."""
    with partner.serving() as place, database(dsn) as other:
        with session(db, place.url) as first:
            first.pause(30.0)
        with session(other, place.url) as second, pytest.raises(http.Unanswered, match="is used up") as held:
            second.send("GET", "/orders")
    assert place.seen == []
    assert 25 < (held.value.retry_after_seconds or 0) <= 30


def test_the_rate_that_an_answer_names_counts_from_then_on(db: Database) -> None:
    """Amazon's x-amzn-RateLimit-Limit: calls per second."""

    def read(headers: Mapping[str, str]) -> RateAnswer | None:
        named = headers.get("x-amzn-ratelimit-limit")
        return RateAnswer(interval_seconds=1 / float(named)) if named else None

    hasty = http.Policy(attempts=1, longest_wait_seconds=0.3)
    slower = partner.Answer(headers={"x-amzn-RateLimit-Limit": "0.1"})
    limit = Limit(100, 1.0, burst=1)
    with (
        partner.serving(slower) as place,
        session(db, place.url, limit, policy=hasty, read_limit=read) as calls,
    ):
        calls.send("GET", "/orders")
        calls.send("GET", "/orders")
        with pytest.raises(http.Unanswered, match="is used up") as caught:
            calls.send("GET", "/orders")
    assert 5 < (caught.value.retry_after_seconds or 0) <= 10


def test_the_circuit_is_shared_and_one_process_tries(dsn: str, db: Database) -> None:
    with (
        partner.serving(*[partner.Answer(500)] * 3, partner.Answer()) as place,
        database(dsn) as other,
        session(db, place.url) as first,
        session(other, place.url) as second,
    ):
        for calls in (first, second, first):
            with pytest.raises(http.Unanswered, match="HTTP 500"):
                calls.send("POST", "/orders")
        time.sleep(1.05)  # the other process looks once a second
        assert second.send("GET", "/orders").status == 200
        assert first.send("GET", "/orders").status == 200
    assert db_rows(db, "SELECT * FROM partner_circuits") == []


def test_while_it_is_open_calls_are_held_back_in_every_process(dsn: str, db: Database) -> None:
    patient = http.Policy(attempts=1, breaker_failures=2, breaker_reset_seconds=30)
    with (
        partner.serving(partner.Answer(500)) as place,
        database(dsn) as other,
        session(db, place.url, policy=patient) as first,
        session(other, place.url, policy=patient) as second,
    ):
        for _ in range(2):
            with pytest.raises(http.Unanswered, match="HTTP 500"):
                first.send("POST", "/orders")
        with pytest.raises(
            http.Unanswered, match="acme failed 2 times in a row; calls are held back"
        ) as held:
            second.send("POST", "/orders")
    assert len(place.seen) == 2
    assert 20 < (held.value.retry_after_seconds or 0) <= 30


def db_rows(db: Database, statement: str) -> list[dict[str, object]]:
    with db.read() as tx:
        return tx.rows(statement)  # type: ignore[arg-type]  # literal at every call


@dataclass
class TokenServer:
    """Hands out access tokens; refresh tokens are single-use: one that comes twice is refused, as a thief's would be."""

    url: str = ""
    seen: list[str] = field(default_factory=list)
    lifetime: float = 3_600.0
    refuses: bool = False
    slow: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, form: dict[str, list[str]]) -> tuple[int, dict[str, object]]:
        time.sleep(self.slow)
        with self.lock:
            used = form.get("refresh_token", [""])[0]
            if self.refuses or (used and used in self.seen):
                return 400, {"error": "invalid_grant", "error_description": "Sign in again"}
            self.seen.append(used)
            number = len(self.seen)
        return 200, {
            "access_token": f"access-{number}",
            "refresh_token": f"refresh-{number}",
            "expires_in": self.lifetime,
        }


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    server = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, answer = server.answer(parse_qs(body))
            sent = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_words: object) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield server
    listening.shutdown()
    listening.server_close()


def refreshing(calls: http.Session, first: str = "first") -> http.Grant:
    client = oauth.Client(calls, "/token", "app", "app secret", in_body=True)
    return oauth.refresh(client, refresh_token=first)


def test_a_token_is_fetched_once_for_all_processes(dsn: str, db: Database, tokens: TokenServer) -> None:
    with database(dsn) as other, session(db, tokens.url) as first, session(other, tokens.url) as second:
        one = first.tokens.get(refreshing(first))
        two = second.tokens.get(refreshing(second))
    assert (one.access_token, two.access_token, tokens.seen) == ("access-1", "access-1", ["first"])


def test_many_threads_that_find_it_ended_fetch_one(db: Database, tokens: TokenServer) -> None:
    tokens.slow = 0.1
    got: list[str] = []
    with session(db, tokens.url) as calls:
        grant = refreshing(calls)
        threads = [
            threading.Thread(target=lambda: got.append(calls.tokens.get(grant).access_token))
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert (got, tokens.seen) == (["access-1"] * 4, ["first"])


def test_single_use_refresh_tokens_are_each_seen_once(db: Database, tokens: TokenServer) -> None:
    tokens.lifetime = 30.0  # shorter than the spare time, so every use renews
    with session(db, tokens.url) as calls:
        for _ in range(3):
            calls.tokens.get(refreshing(calls))
    assert tokens.seen == ["first", "refresh-1", "refresh-2"]


def test_a_rejected_token_is_renewed_once_and_the_call_repeated(db: Database, tokens: TokenServer) -> None:
    with (
        partner.serving(partner.Answer(401), partner.Answer()) as place,
        session(db, place.url) as calls,
    ):
        entrance = calls.to(tokens.url)
        calls.authorize = http.Bearer(calls.tokens, refreshing(entrance))
        assert calls.send("POST", "/orders").status == 200
    assert [each.headers["authorization"] for each in place.seen] == ["Bearer access-1", "Bearer access-2"]
    assert tokens.seen == ["first", "refresh-1"]


def test_a_partner_that_rejects_every_token_is_not_asked_for_ever(db: Database, tokens: TokenServer) -> None:
    with partner.serving(partner.Answer(401)) as place, session(db, place.url) as calls:
        calls.authorize = http.Bearer(calls.tokens, refreshing(calls.to(tokens.url)))
        with pytest.raises(http.AuthFailed):
            calls.send("POST", "/orders")
    assert (len(place.seen), len(tokens.seen)) == (2, 2)


def test_after_a_refusal_nobody_asks_again_until_a_person_connects(db: Database, tokens: TokenServer) -> None:
    tokens.refuses = True
    with session(db, tokens.url) as calls:
        with pytest.raises(http.Rejected, match="Sign in again"):
            calls.tokens.get(refreshing(calls))
        tokens.refuses = False
        for _ in range(2):
            with pytest.raises(http.AuthFailed, match=r"acme must be connected again: .*Sign in again"):
                calls.tokens.get(refreshing(calls))
        assert tokens.seen == []
        calls.tokens.put(http.Token("by hand", None, "next"))
        assert calls.tokens.get(refreshing(calls)).access_token == "by hand"


def test_tokens_are_sealed(db: Database, tokens: TokenServer) -> None:
    with session(db, tokens.url) as calls:
        calls.tokens.get(refreshing(calls))
    (row,) = db_rows(db, "SELECT sealed, error FROM connection_tokens")
    assert b"access-1" not in str(row["sealed"]).encode()
    assert row["error"] is None


def _die_after_the_answer(dsn: str, url: str) -> None:
    """The token is stored; the process is killed before it uses it."""
    with database(dsn) as db, session(db, url) as calls:
        calls.tokens.get(refreshing(calls))
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_killed_between_the_answer_and_its_use_loses_nothing(
    dsn: str, db: Database, tokens: TokenServer
) -> None:
    dying = FORK.Process(target=_die_after_the_answer, args=(dsn, tokens.url))
    dying.start()
    dying.join(30)
    assert dying.exitcode == -signal.SIGKILL
    with session(db, tokens.url) as calls:
        assert calls.tokens.get(refreshing(calls)).access_token == "access-1"
        assert calls.tokens.renew("access-1", refreshing(calls)).access_token == "access-2"
    assert tokens.seen == ["first", "refresh-1"]


def _die_while_fetching(dsn: str, url: str) -> None:
    with database(dsn) as db, session(db, url) as calls:
        calls.tokens.get(refreshing(calls))


def test_a_process_killed_while_it_fetches_does_not_hold_the_others(
    dsn: str, db: Database, tokens: TokenServer
) -> None:
    tokens.slow = 5.0
    dying = FORK.Process(target=_die_while_fetching, args=(dsn, tokens.url))
    dying.start()
    time.sleep(1.0)
    os.kill(dying.pid or 0, signal.SIGKILL)
    dying.join(30)
    tokens.slow = 0.0
    began = time.monotonic()
    with session(db, tokens.url) as calls:
        assert calls.tokens.get(refreshing(calls, "second")).access_token
    assert time.monotonic() - began < 4
