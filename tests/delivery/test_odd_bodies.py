"""Odd requests are their senders' fault: no route answers 500, and no signed message is lost."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Message
from tests.builders import Retailer, Shop
from tests.delivery.test_api import api_routes, client
from tests.delivery.test_console import Role, sign_in, token_in
from tests.delivery.test_hooks import post, signed, stored

from doorstep import processes
from doorstep.delivery import api
from doorstep.delivery.console import app as console
from doorstep.delivery.console.routes import Read, Verb

DEPTHS = (300, 500, 1000, 3000, 100_000)
BIG = "9" * 30


def nested(depth: int) -> Iterator[bytes]:
    yield b"[" * depth + b"]" * depth
    yield b'{"a":' * depth + b"1" + b"}" * depth
    yield b'{"external_id": "x", "lines": ' + b"[" * depth + b"]" * depth + b"}"


ODD = (b"", b"\xff", b"null", b"[]", b"1e999999", b"9" * 5000, b'"\\ud800"', b'{"external_id": "T\\u0000-1"}')
# The bodies are dealt out over so many runs.
RUNS = 12


@pytest.fixture
def caller(retailer: Retailer) -> TestClient:
    """An administrator's program with room for many calls."""
    settings = retailer.app.settings.model_copy(update={"requests_per_second": 100_000})
    retailer.app = replace(retailer.app, settings=settings)
    return client(retailer, Role.ADMINISTRATOR)


@pytest.mark.parametrize("first", range(RUNS))
def test_no_api_route_fails_on_an_odd_body(retailer: Retailer, caller: TestClient, first: int) -> None:
    """Each route gets every body in one of the runs."""
    bodies = [*ODD, *(body for depth in DEPTHS for body in nested(depth))]
    headers = {"content-type": "application/json"}
    wrong = []
    writes = [(method, path) for method, path in api_routes() if method != "GET"]
    for number, (method, path) in enumerate(writes):
        for body in bodies[(first + number) % RUNS :: RUNS]:
            address = re.sub(r"{[^}]+}", "1", path)
            answer = caller.request(method, address, content=body, headers=headers)
            if answer.status_code >= 500:
                wrong.append((method, path, body[:40], answer.text[:200]))
    assert wrong == []


def hollowed(schema: dict[str, object], defs: dict[str, dict[str, object]], filler: object) -> object:
    """A body of this shape with one odd value in every place of text, number or list."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.rpartition("/")[2] in defs:
        name = reference.rpartition("/")[2]
        return hollowed(defs[name], {key: each for key, each in defs.items() if key != name}, filler)
    if schema.get("type") == "object" and isinstance(fields := schema.get("properties"), dict):
        return {name: hollowed(each, defs, filler) for name, each in fields.items()}
    if schema.get("type") == "array" and isinstance(items := schema.get("items"), dict):
        return [hollowed(items, defs, filler)]
    return filler


@pytest.mark.parametrize(
    "filler", ["a\0b", "\ud800", "²", "x" * 100_000, int(BIG), -1, 1e300, True, None], ids=str
)
def test_no_api_route_fails_on_an_odd_value(retailer: Retailer, caller: TestClient, filler: object) -> None:
    document = api.create(retailer.app).openapi()
    defs = document["components"]["schemas"]
    wrong = []
    for path, verbs in document["paths"].items():
        for method, operation in verbs.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            body = json.dumps(hollowed(content["schema"], defs, filler)).encode()
            answer = caller.request(
                method,
                re.sub(r"{[^}]+}", "1", path),
                content=body,
                headers={"content-type": "application/json"},
            )
            if answer.status_code >= 500:
                wrong.append((method, path, answer.text[:200]))
    assert wrong == []


@pytest.mark.parametrize(
    "part",
    [BIG, "9" * 4999, "0", "%C2%B2", "x%00y", "%ED%A0%80", "-1", "x" * 3000],
    ids=lambda each: each[:9],
)
def test_no_api_route_fails_on_an_odd_part_of_its_path(
    retailer: Retailer, caller: TestClient, part: str
) -> None:
    wrong = []
    for method, path in api_routes():
        if "{" in path:
            answer = caller.request(method, re.sub(r"{[^}]+}", part, path), json={})
            if answer.status_code >= 500:
                wrong.append((method, path, answer.text[:200]))
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "value", ["²", BIG, "a\0b", "-1", "%ff", "x" * 3000], ids=lambda each: ascii(each)[:9]
)
def test_no_api_list_fails_on_an_odd_parameter(retailer: Retailer, caller: TestClient, value: str) -> None:
    wrong = []
    for path, verbs in api.create(retailer.app).openapi()["paths"].items():
        names = [each["name"] for each in verbs.get("get", {}).get("parameters", []) if each["in"] == "query"]
        for name in names:
            answer = caller.get(re.sub(r"{[^}]+}", "1", path), params={name: value})
            if answer.status_code >= 500:
                wrong.append((path, name, answer.text[:200]))
    assert wrong == []


# Console ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(shop: Shop) -> TestClient:
    settings = shop.app.settings.model_copy(update={"requests_per_second": 100_000})
    web = processes.web(replace(shop.app, settings=settings))
    made = TestClient(web, follow_redirects=False, raise_server_exceptions=False)
    sign_in(made, Role.ADMINISTRATOR)
    return made


@pytest.mark.parametrize(
    "part", [BIG, "9" * 4999, "0", "%C2%B2", "x%00y", "%ED%A0%80", "-1"], ids=lambda each: each[:9]
)
def test_no_page_fails_on_an_odd_part_of_its_path(browser: TestClient, part: str) -> None:
    csrf = token_in(browser.get("/console/orders").text)
    wrong = []
    for each in console.ROUTES:
        if "{" in each.path and each.path != "/logout":
            path = "/console" + re.sub(r"{[^}]+}", part, each.path)
            is_read = isinstance(each, Read)
            answer = browser.get(path) if is_read else browser.post(path, data={"csrf": csrf})
            if answer.status_code >= 500:
                wrong.append((each.method, each.path, answer.text[:200]))
    assert wrong == []


FIELD = re.compile(r"""(?:name=|ui\.\w+\()["']([\w.-]+)["']""")
QUERY = (
    "cursor",
    "sort",
    "location",
    "store",
    "since",
    "from",
    "view",
    "q",
    "document",
    "parcels",
    "class",
    "what",
    "day",
)


@functools.cache
def field_names() -> list[str]:
    """The names of all fields of all forms, and of what stands in addresses."""
    templates = Path(console.__file__).parent.glob("*/templates/**/*.html")
    names = {name for each in templates for name in FIELD.findall(each.read_text())}
    return sorted({*names, *QUERY, "good-x", "damaged-x", "units-1-1", "counted-x"} - {"csrf", "format"})


def pages() -> list[str]:
    return [
        f"/console{each.path}" for each in console.ROUTES if isinstance(each, Read) and "{" not in each.path
    ]


@pytest.mark.parametrize("value", ["²", BIG, "a:b"], ids=lambda each: ascii(each)[:9])
def test_no_page_fails_on_odd_queries(browser: TestClient, value: str) -> None:
    answers = {path: browser.get(path, params=dict.fromkeys(QUERY, value)) for path in pages()}
    assert {path: each.text[:200] for path, each in answers.items() if each.status_code >= 500} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "value", ["²", BIG, "-1", "a:b", "%zz", "x" * 2000], ids=lambda each: ascii(each)[:9]
)
def test_no_page_fails_on_an_odd_query(browser: TestClient, value: str) -> None:
    wrong = []
    for path in pages():
        for name in field_names():
            answer = browser.get(path, params={name: value})
            if answer.status_code >= 500:
                wrong.append((path, name, answer.text[:200]))
    assert wrong == []


@pytest.mark.parametrize(
    "value", ["²", BIG, "-1", "a:b", "a\0b", "transfer:²", "x" * 2000, ""], ids=lambda each: ascii(each)[:9]
)
def test_no_form_fails_on_odd_values(browser: TestClient, value: str) -> None:
    """Every verb gets every field of every form, all with the same odd value."""
    csrf = token_in(browser.get("/console/orders").text)
    form = dict.fromkeys(field_names(), value) | {"csrf": csrf}
    wrong = []
    for each in console.ROUTES:
        if isinstance(each, Verb) and each.path != "/logout":
            answer = browser.post("/console" + re.sub(r"{[^}]+}", "1", each.path), data=form)
            if answer.status_code >= 500:
                wrong.append((each.path, answer.text[:300]))
    assert wrong == []


# Hooks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_id", ["a\0b", "x" * 5000, "\ud800"], ids=["nul", "long", "half"])
def test_a_signed_message_with_an_odd_id_is_kept_once(retailer: Retailer, event_id: str) -> None:
    body = json.dumps({"id": event_id, "topic": "order", "data": {}}).encode()
    assert [post(retailer, body, headers=signed(body)).status_code for _ in range(2)] == [200, 200]
    assert [row["body"] for row in stored(retailer)] == [body]
    retailer.settle()
    assert [letter["error_class"] for letter in retailer.dead_letters()] == ["data"]


def test_an_odd_message_does_not_delay_those_beside_it(retailer: Retailer) -> None:
    async def send() -> list[int]:
        transport = httpx.ASGITransport(processes.web(retailer.app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep") as web:
            bodies = [
                json.dumps({"id": each, "topic": "order"}).encode() for each in ("a\0", "b", "c" * 9000)
            ]
            calls = [web.post("/hooks/shop", content=each, headers=signed(each)) for each in bodies]
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert asyncio.run(send()) == [200, 200, 200]


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_dead_letter_that_is_nested_deeply_can_be_looked_at(retailer: Retailer, depth: int) -> None:
    for number, raw in enumerate(nested(depth)):
        body = b'{"id": "evt-%d", "topic": "order", "data": ' % number + raw + b"}"
        headers = {"x-signature": hmac.new(b"the secret of the shop", body, hashlib.sha256).hexdigest()}
        assert post(retailer, body, headers=headers).status_code == 200
    retailer.settle()
    letters = retailer.dead_letters()
    assert len(letters) == 3
    caller = client(retailer, Role.ADMINISTRATOR)
    for letter in letters:
        answer = caller.get(f"/api/v1/dead-letters/{letter['source']}/{letter['id']}")
        assert answer.status_code == 200, answer.text


def test_a_browser_that_leaves_before_its_form_has_arrived_is_no_failure(
    shop: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    pages = console.create(shop.app)
    browser = TestClient(Starlette(routes=[Mount("/console", pages)]), follow_redirects=False)
    assert sign_in(browser, Role.ADMINISTRATOR) == 303
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    scope = {
        "type": "http", "method": "POST", "path": "/connections/add", "raw_path": b"/connections/add", "query_string": b"",
        "headers": [
            (b"cookie", cookies.encode()), (b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"900"),
        ],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http", "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    sent: list[Message] = []

    async def leave() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(pages(scope, leave, send))
    assert [each.get("status") for each in sent] == [400, None]
    assert "console page failed" not in "".join(capfd.readouterr())
