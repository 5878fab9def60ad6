"""Calls to a real server: which are repeated, which are not, and what is known afterwards."""

from __future__ import annotations

import concurrent.futures
import io
import json
import socket
import time
from decimal import Decimal

import httpx
import prometheus_client
import pytest
from tests.kernel import partner

from doorstep.kernel import errors, http, log
from doorstep.kernel.http.gate import MemoryGate
from doorstep.kernel.http.tokens import MemoryTokens
from doorstep.kernel.limits import Limit

FAST = http.Policy(attempts=3, backoff_seconds=0.001, timeout_seconds=0.3, longest_wait_seconds=0.3)
Answer = partner.Answer


def session(place: partner.Partner, policy: http.Policy = FAST, mode: http.Mode = "live") -> http.Session:
    return http.Session("acme", place.url, mode=mode, authorize=http.bearer("s3cret-token"), policy=policy)


def limited(place: partner.Partner, policy: http.Policy, *limits: Limit) -> http.Session:
    shared = http.Shared(MemoryGate("acme", policy, limits), MemoryTokens())
    return http.Session("acme", place.url, policy=policy, shared=shared)


def fails(place: partner.Partner, method: str = "POST", **details: object) -> http.Unanswered:
    with session(place) as calls, pytest.raises(http.Unanswered) as caught:
        calls.send(method, "/orders", **details)  # type: ignore[arg-type] # the parameters are a test's
    return caught.value


def test_a_call_carries_key_trace_credentials_and_exact_amounts() -> None:
    trace = log.new_trace_id()
    with (
        partner.serving(Answer(body=b'{"total": 0.10}')) as place,
        session(place) as calls,
        log.traced(trace),
    ):
        answer = calls.send(
            "post", "/orders", json={"total": Decimal("1499.10")}, idempotency_key="k-1", params={"a": 1}
        )
    [request] = place.seen
    assert (request.method, request.path, request.body) == ("POST", "/orders?a=1", b'{"total":1499.10}')
    assert request.headers["authorization"] == "Bearer s3cret-token"
    assert request.headers["idempotency-key"] == "k-1"
    assert log.parse_traceparent(request.headers["traceparent"]) == trace
    assert answer.json() == {"total": Decimal("0.10")}


def test_forms_and_raw_bodies() -> None:
    with partner.serving() as place, session(place) as calls:
        calls.send("POST", "a", form={"grant_type": "password"})
        calls.send("POST", "a", data=b"<x/>", headers={"Content-Type": "text/xml"})
    assert [request.body for request in place.seen] == [b"grant_type=password", b"<x/>"]
    assert [request.headers["content-type"] for request in place.seen] == [
        "application/x-www-form-urlencoded",
        "text/xml",
    ]


@pytest.mark.parametrize(
    "failure",
    [Answer(500), Answer(hang_up=True), Answer(delay_seconds=0.5), Answer(body=b'{"id": '), Answer(503)],
)
def test_a_write_that_may_be_done_is_not_repeated(failure: partner.Answer) -> None:
    with partner.serving(failure) as place:
        assert fails(place).maybe_done is True
    assert len(place.seen) == 1


@pytest.mark.parametrize(
    "failure",
    [Answer(502), Answer(hang_up=True), Answer(delay_seconds=0.5), Answer(body=b'{"id": '), Answer(429)],
)
@pytest.mark.parametrize(
    ("method", "details"), [("GET", {}), ("POST", {"reads": True}), ("POST", {"repeatable": True})]
)
def test_safe_calls_are_repeated(failure: partner.Answer, method: str, details: http.Details) -> None:
    with partner.serving(failure, Answer(body=b'{"id": 7}')) as place, session(place) as calls:
        assert calls.send(method, "/orders", **details).json() == {"id": 7}
    assert len(place.seen) == 2


@pytest.mark.parametrize("refusal", [Answer(429), Answer(503, headers={"Retry-After": "0"})])
def test_a_refusal_was_not_done_and_is_repeated(refusal: partner.Answer) -> None:
    with partner.serving(refusal, Answer(201)) as place, session(place) as calls:
        assert calls.send("POST", "/orders").status == 201
    assert len(place.seen) == 2


def test_a_long_wait_is_left_to_the_queue() -> None:
    with partner.serving(Answer(429, headers={"Retry-After": "90"})) as place:
        failure = fails(place)
    assert (failure.maybe_done, failure.retry_after_seconds, len(place.seen)) == (False, 90.0, 1)


def test_reads_leave_no_doubt() -> None:
    with partner.serving(Answer(500)) as place:
        assert fails(place, "GET").maybe_done is False
    assert len(place.seen) == 3


def test_doubt_of_one_attempt_stays_through_the_next() -> None:
    with partner.serving(Answer(hang_up=True), Answer(429)) as place:
        assert fails(place, repeatable=True).maybe_done is True
    assert len(place.seen) == 3


def test_a_refused_connection_means_nothing_was_done() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failure = fails(partner.Partner(f"http://127.0.0.1:{port}", []))
    assert (failure.maybe_done, failure.data["maybe_done"], failure.data["path"]) == (False, False, "/orders")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, http.AuthFailed), (403, http.AuthFailed), (404, errors.NotFound), (409, errors.Conflict),
        (422, http.Rejected), (302, http.Rejected),
    ],
)  # fmt: skip
def test_a_no_is_final_and_shows_the_partners_words(status: int, kind: type[errors.DoorstepError]) -> None:
    words = b'{"error": "bad phone", "phone": "9811112233", "token": "abc", "note": "mail asha@example.com"}'
    with (
        partner.serving(Answer(status, words)) as place,
        session(place) as calls,
        pytest.raises(kind) as caught,
    ):
        calls.send("POST", "/orders")
    assert type(caught.value) is kind
    assert caught.value.data["status"] == status
    shown = {"error": "bad phone", "phone": "***33", "token": "***", "note": "mail a***@example.com"}
    assert caught.value.data["body"] == shown
    assert len(place.seen) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": {"code": "BAD", "description": "The id does not exist."}}', ": The id does not exist."),
        (
            b'{"message": "Invalid data.", "errors": {"pin": ["is required"]}}',
            ": Invalid data.; pin: is required.",
        ),
        (b'{"sku": ["is unknown"], "id": 7}', ": sku: is unknown."),
        (b'{"errors": [{"message": "one"}, {"message": "two"}]}', ": one; two."),
        (b"<html>Bad gateway</html>", "."),
        (b'{"message": "Traceback (most recent call last)"}', "."),
        (b"", "."),
    ],
)
def test_a_refusal_has_the_partners_reason(body: bytes, reason: str) -> None:
    with (
        partner.serving(Answer(422, body)) as place,
        session(place) as calls,
        pytest.raises(http.Rejected) as caught,
    ):
        calls.send("POST", "/orders")
    assert caught.value.message.endswith(f"rejected the request (HTTP 422){reason}")


def test_an_endless_answer_is_cut() -> None:
    with partner.serving(Answer(body=b"x" * 5000, headers={})) as place:
        calls = session(place, http.Policy(response_limit_bytes=1000))
        with calls, pytest.raises(http.Unanswered, match="too long") as caught:
            calls.send("POST", "/orders")
    assert caught.value.maybe_done is True


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": NaN}', b"[" * 100_000, b'"\xff"'])
def test_an_answer_that_is_no_json_leaves_doubt(body: bytes) -> None:
    with partner.serving(Answer(body=body, headers={})) as place, session(place) as calls:
        answer = calls.send("POST", "/orders")
    with pytest.raises(http.Unanswered) as caught:
        answer.json()
    assert caught.value.maybe_done is True


def test_off_and_shadow_send_nothing_they_must_not() -> None:
    with partner.serving() as place:
        with session(place, mode="off") as calls, pytest.raises(http.SwitchedOff):
            calls.send("GET", "/orders")
        with session(place, mode="shadow") as calls:
            calls.send("GET", "/orders")
            calls.send("POST", "/graphql", json={"query": "{ shop }"}, reads=True)
            with pytest.raises(http.Shadowed) as caught:
                calls.send("POST", "/orders", json={"sku": "DJ-BL-01", "email": "asha@example.com"})
    assert [(request.method, request.path) for request in place.seen] == [
        ("GET", "/orders"),
        ("POST", "/graphql"),
    ]
    assert caught.value.data["body"] == {"sku": "DJ-BL-01", "email": "a***@example.com"}


def test_the_circuit_opens_lets_one_try_and_closes() -> None:
    policy = http.Policy(attempts=1, breaker_failures=2, breaker_reset_seconds=0.2)
    with partner.serving(*[Answer(500)] * 3, Answer()) as place, session(place, policy) as calls:
        for _ in range(2):
            with pytest.raises(http.Unanswered, match="HTTP 500"):
                calls.send("POST", "/orders")
        with pytest.raises(http.Unanswered, match="held back") as caught:
            calls.send("POST", "/orders")
        assert (caught.value.maybe_done, len(place.seen)) == (False, 2)
        assert (
            prometheus_client.REGISTRY.get_sample_value(
                "doorstep_partner_circuit_open", {"connection": "acme"}
            )
            == 1
        )
        for expected in ("HTTP 500", "held back"):
            time.sleep(0.25 if expected == "HTTP 500" else 0)
            with pytest.raises(http.Unanswered, match=expected):
                calls.send("POST", "/orders")
        time.sleep(0.25)
        assert [calls.send("POST", "/orders").status for _ in range(2)] == [200, 200]
    assert (
        prometheus_client.REGISTRY.get_sample_value("doorstep_partner_circuit_open", {"connection": "acme"})
        == 0
    )


def test_threads_call_at_the_same_time() -> None:
    with partner.serving(Answer(delay_seconds=0.15)) as place, session(place) as calls:
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(lambda _: calls.send("POST", "/orders").status, range(4)))
    assert statuses == [200] * 4
    assert time.monotonic() - began < 0.45


def test_our_own_limit_slows_then_refuses() -> None:
    policy = http.Policy(longest_wait_seconds=1.0)
    with partner.serving() as place, limited(place, policy, Limit(2, 0.3)) as calls:
        began = time.monotonic()
        for _ in range(4):
            calls.send("POST", "/orders")
        assert 0.25 < time.monotonic() - began < 1.5
    hasty = http.Policy(attempts=1, longest_wait_seconds=0.05)
    with partner.serving() as place, limited(place, hasty, Limit(1, 60)) as calls:
        calls.send("POST", "/orders")
        with pytest.raises(http.Unanswered, match="The rate limit") as caught:
            calls.send("POST", "/orders")
    assert (caught.value.maybe_done, len(place.seen)) == (False, 1)


def test_pages_of_the_same_host_only() -> None:
    with partner.serving() as place, session(place) as calls:
        assert calls.send("GET", f"{place.url}/orders?page=2").status == 200
        with pytest.raises(errors.Invalid, match="another host"):
            calls.send("GET", "http://evil.example/orders?token=abc")
    assert [request.path for request in place.seen] == ["/orders?page=2"]


def test_a_failed_login_is_reported_and_does_not_open_the_circuit() -> None:
    def login(_request: httpx.Request) -> None:
        raise http.AuthFailed("wrong password")

    with partner.serving() as place, http.Session("acme", place.url, authorize=login) as calls:
        for _ in range(7):
            with pytest.raises(http.AuthFailed):
                calls.send("GET", "/orders")


def test_each_call_is_logged_and_counted_without_secrets(lines: io.StringIO) -> None:
    before = counted()
    with partner.serving() as place, session(place) as calls, log.traced("ab" * 16):
        calls.send("GET", "/orders", params={"access_token": "s3cret-query"})
    printed = lines.getvalue()
    [line] = [json.loads(line) for line in printed.splitlines() if "partner call" in line]
    shown = {
        name: line[name] for name in ("event", "connection", "method", "host", "path", "status", "trace_id")
    }
    assert shown == {
        "event": "partner call", "connection": "acme", "method": "GET", "host": "127.0.0.1", "path": "/orders",
        "status": "200", "trace_id": "ab" * 16,
    }  # fmt: skip
    assert "s3cret" not in printed
    assert counted() == before + 1


def counted() -> float:
    labels = {"connection": "acme", "method": "GET", "outcome": "200"}
    return prometheus_client.REGISTRY.get_sample_value("doorstep_partner_calls_total", labels) or 0.0
