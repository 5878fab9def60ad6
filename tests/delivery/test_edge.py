"""The edge: limits and identity come before bodies, everywhere."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import httpx
import prometheus_client
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.builders import Retailer, Shop
from tests.delivery.test_api import api_routes, client
from tests.delivery.test_console import Role, sign_in

from doorstep import processes
from doorstep.delivery import edge, health
from doorstep.delivery.console import app as console
from doorstep.delivery.console.routes import Verb
from doorstep.kernel.rates import Rates

Scope = dict[str, Any]


class Unread:
    """A body of endless parts that counts how many were asked for."""

    def __init__(self) -> None:
        self.parts = 0

    async def __call__(self) -> dict[str, object]:
        self.parts += 1
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": self.parts < 10_000}


def call(web: Starlette, method: str, path: str, **headers: str) -> tuple[int, int]:
    """Send an endless body; gives the status, and how many parts were read."""
    body, sent = Unread(), []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("doorstep", 80), "client": ("203.0.113.7", 5000), "http_version": "1.1",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(web(scope, body, send))
    return int(str(sent[0]["status"])), body.parts


def writes() -> list[tuple[str, str, int]]:
    """Every route that takes a body, with the answer that a stranger gets."""
    calls = [(method, path, 401) for method, path in api_routes() if method != "GET"]
    pages = [("POST", f"/console{each.path}", 303) for each in console.ROUTES if isinstance(each, Verb)]
    paths = [*calls, *pages, ("POST", "/hooks/nobody", 404)]
    return [(method, re.sub(r"{[^}]+}", "1", path), status) for method, path, status in paths]


def test_a_stranger_is_answered_before_the_body_is_read(retailer: Retailer) -> None:
    chosen = retailer.app.settings.model_copy(update={"strangers_per_second": 10_000})
    app = replace(retailer.app, settings=chosen)
    expected, web = writes(), processes.web(app)
    assert len(expected) > 150
    answers = [
        (method, path, *call(web, method, path, content_type="multipart/form-data; boundary=x"))
        for method, path, _status in expected
    ]
    assert [each[:3] for each in answers] == expected
    assert [each for each in answers if each[3] > 1] == []


def test_a_signed_in_person_without_the_permission_is_answered_before_the_file_is_read(shop: Shop) -> None:
    browser = TestClient(processes.web(shop.app), follow_redirects=False)
    sign_in(browser, Role.READ_ONLY)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    answer, parts = call(
        processes.web(shop.app),
        "POST",
        "/console/files/import",
        content_type="multipart/form-data; boundary=x",
        cookie=cookies,
    )
    assert (answer, parts <= 1) == (403, True)


@pytest.mark.parametrize(
    ("path", "most_parts"), [("/console/login", 2), ("/hooks/shop", 80), ("/nothing/here", 600)]
)
def test_no_body_is_read_beyond_its_limit(retailer: Retailer, path: str, most_parts: int) -> None:
    form = "application/x-www-form-urlencoded"
    answer, parts = call(processes.web(retailer.app), "POST", path, content_type=form)
    assert answer in {404, 405, 413}
    assert parts <= most_parts


def test_a_body_of_a_known_client_has_a_limit_too(retailer: Retailer) -> None:
    key = client(retailer).headers["authorization"]
    small = retailer.app.settings.model_copy(update={"api_body_limit_bytes": 200_000})
    answer, parts = call(
        processes.web(replace(retailer.app, settings=small)), "POST", "/api/v1/orders", authorization=key
    )
    assert answer == 413
    assert parts <= 4


@pytest.mark.parametrize("length", ["40000001", "9" * 40])
def test_a_body_that_is_announced_as_too_large_is_not_read(retailer: Retailer, length: str) -> None:
    key = client(retailer).headers["authorization"]
    answer, parts = call(
        processes.web(retailer.app), "POST", "/api/v1/orders", authorization=key, content_length=length
    )
    assert (answer, parts) == (413, 0)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/console/orders/" + "9" * 5000, 414),
        ("/console/orders/" + "9" * 500, 404),
        ("/console/orders/" + "9" * 30, 404),
        ("/api/v1/orders/" + "9" * 500, 404),
        ("/api/v1/orders/1%00", 400),
        ("/api/v1/orders?q=a%00", 401),
        ("/console/orders?cursor=" + "a" * 20_000, 414),
    ],
)
def test_an_address_without_sense_is_the_senders_fault(shop: Shop, path: str, status: int) -> None:
    browser = TestClient(processes.web(shop.app), follow_redirects=False)
    sign_in(browser)
    assert browser.get(path).status_code == status


# Rates ------------------------------------------------------------------------------------------------------------


def limited(retailer: Retailer, **limits: int) -> Starlette:
    chosen = retailer.app.settings.model_copy(update=limits)
    return processes.web(replace(retailer.app, settings=chosen))


def test_strangers_of_an_address_are_slowed_down_and_its_known_clients_are_not(retailer: Retailer) -> None:
    key = client(retailer).headers["authorization"]
    web = limited(retailer, strangers_per_second=1)
    stranger = TestClient(web, client=("203.0.113.7", 1))
    assert stranger.get("/api/v1/orders", headers={"Authorization": key}).status_code == 200
    answers = [
        stranger.get("/api/v1/orders", headers={"Authorization": "Bearer guess"}).status_code
        for _ in range(14)
    ]
    assert answers[:10] == [401] * 10
    assert answers[-1] == 429
    assert stranger.get("/api/v1/orders", headers={"Authorization": key}).status_code == 200
    elsewhere = TestClient(web, client=("203.0.113.8", 1))
    assert elsewhere.get("/api/v1/orders").status_code == 401


def test_one_account_does_not_use_up_the_process(retailer: Retailer) -> None:
    web = limited(retailer, requests_per_second=1)
    busy, other = client(retailer).headers["authorization"], client(retailer).headers["authorization"]
    calls = TestClient(web)
    answers = [calls.get("/api/v1/locations", headers={"Authorization": busy}).status_code for _ in range(15)]
    assert (answers[0], answers[-1]) == (200, 429)
    late = calls.get("/api/v1/locations", headers={"Authorization": busy})
    assert (late.json()["type"], late.headers["retry-after"]) == ("/api/docs#toomanyrequests", "1")
    assert calls.get("/api/v1/locations", headers={"Authorization": other}).status_code == 200


def test_a_bucket_fills_again_and_forgets_the_oldest() -> None:
    now = [0.0]
    rates = Rates(2, 4, clock=lambda: now[0])
    assert [rates.take("a") for _ in range(5)] == [True] * 4 + [False]
    assert rates.is_exhausted("a")
    now[0] = 1.0
    assert [rates.take("a") for _ in range(3)] == [True, True, False]
    for number in range(10_001):
        rates.take(f"key {number}")
    assert rates.take("a")


# Time-outs, on a real connection ------------------------------------------------------------------------------------


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def port(retailer: Retailer) -> Iterator[int]:
    """A server with the protocol and the limits of the web process, which waits half a second for a client."""
    settings = retailer.app.settings.model_copy(update={"request_timeout_seconds": 0.5})
    web = edge.Limits(Starlette(routes=[Route("/api/x", echo, methods=["POST"])]), settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        chosen = int(free.getsockname()[1])
    config = uvicorn.Config(
        web, port=chosen, log_config=None, http=edge.guarded(0.5), ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield chosen
    server.should_exit = True
    thread.join()


def answer_of(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """The answer to a client that sends these parts, until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            received = b""
            while more := connection.recv(65_536):
                received += more
        except ConnectionError:
            return b"closed"
    return received


HEAD = b"POST /api/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\n"


def test_a_request_in_time_is_answered(port: int) -> None:
    assert answer_of(port, HEAD, b"12345").endswith(b"5")


def test_headers_that_do_not_end_close_the_connection(port: int) -> None:
    assert answer_of(port, b"POST /api/x HTTP/1.1\r\nx: ") in {b"", b"closed"}
    assert answer_of(port, *[b"POST /api/x HTTP/1.1\r\n", *[b"a: b\r\n"] * 20], pause=0.1) in {b"", b"closed"}


def test_endless_headers_close_the_connection(port: int) -> None:
    assert answer_of(port, b"POST /api/x HTTP/1.1\r\nx: ", *[b"y" * 60_000] * 3) in {b"", b"closed"}


def test_a_body_that_does_not_come_is_not_waited_for(port: int) -> None:
    assert b" 408 " in answer_of(port, HEAD, b"1")


# Answers ------------------------------------------------------------------------------------------------------------


def test_browsers_stay_on_https_where_the_public_address_is(retailer: Retailer) -> None:
    secure = retailer.app.settings.model_copy(update={"public_url": "https://oms.example"})
    web = TestClient(processes.web(replace(retailer.app, settings=secure)))
    assert web.get("/console/login").headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in TestClient(processes.web(retailer.app)).get("/").headers


@pytest.mark.parametrize(
    ("address", "allowed", "status"),
    [
        ("127.0.0.1", "", 200),
        ("::1", "", 200),
        ("10.1.2.3", "", 403),
        ("10.1.2.3", "10.1.0.0/16", 200),
        ("10.2.2.3", "10.1.0.0/16, 10.2.2.4", 403),
        ("unknown", "10.1.0.0/16", 403),
    ],
)
def test_metrics_are_for_this_machine_and_a_list_of_addresses(
    retailer: Retailer, address: str, allowed: str, status: int
) -> None:
    chosen = retailer.app.settings.model_copy(update={"metrics_addresses": allowed})
    web = processes.web(replace(retailer.app, settings=chosen))
    assert TestClient(web, client=(address, 1)).get("/metrics").status_code == status


@pytest.mark.parametrize(("allowed", "status"), [("", 403), ("203.0.113.0/24", 200)])
def test_metrics_of_a_worker_are_for_the_same_addresses(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch, allowed: str, status: int
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    chosen = retailer.app.settings.model_copy(update={"metrics_addresses": allowed})
    monkeypatch.setattr(prometheus_client, "REGISTRY", prometheus_client.CollectorRegistry())
    health.serve_metrics(replace(retailer.app, settings=chosen), port)
    address = f"http://127.0.0.1:{port}/metrics"
    assert httpx.get(address).status_code == 200
    monkeypatch.setattr(health._Quiet, "address_string", lambda _self: "203.0.113.9")
    monkeypatch.setattr(
        health._Quiet,
        "get_environ",
        lambda self: WSGIRequestHandler.get_environ(self) | {"REMOTE_ADDR": "203.0.113.9"},
    )
    assert httpx.get(address).status_code == status


def test_every_answer_says_what_may_run_in_its_page(retailer: Retailer) -> None:
    web = TestClient(processes.web(retailer.app))
    for path in ("/api/v1/orders", "/health/live", "/hooks/nobody", "/api/openapi.json"):
        headers = web.get(path).headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
    docs = web.get("/api/docs")
    assert "script-src 'self' 'sha256-" in docs.headers["content-security-policy"]
    assert "script-src 'self';" in web.get("/console/login").headers["content-security-policy"]
