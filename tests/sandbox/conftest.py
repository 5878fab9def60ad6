"""One running set of partners for all sandbox tests, reset before each, and a server that receives their webhooks."""

from __future__ import annotations

import dataclasses
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.partners import Partners, running
from tests.sandbox import amazon

SPECS = Path(__file__).parents[2].parent / "shared" / "specs"
COMPANY = {
    "doctype": "Company",
    "company_name": "Example Retail",
    "abbr": "ER",
    "country": "India",
    "default_currency": "INR",
    "gstin": "27AAPFU0939F1ZV",
}
PLAIN_HOOKS = {
    "url": "",
    "duplicates": 0,
    "shuffle_seed": None,
    "hold": False,
    "malformed_next": 0,
    "wrong_signature_next": 0,
    "backoff_factor": 0.0001,
}


def spec(path: str) -> Path:
    """A vendor document; the test is skipped, visibly, where the collection is absent."""
    if not SPECS.exists():
        pytest.skip(f"vendor documents are not at {SPECS}")
    return SPECS / path


def sample(path: str) -> Any:
    return json.loads(spec(path).read_text(encoding="utf-8"))


@dataclasses.dataclass
class Hook:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclasses.dataclass
class Receiver:
    """`statuses` are the answers to come; 200 when they run out. A challenge is answered if its token is `verify_token`."""

    url: str
    verify_token: str = ""
    challenges: list[str] = dataclasses.field(default_factory=list)
    hooks: list[Hook] = dataclasses.field(default_factory=list)
    statuses: list[int] = dataclasses.field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.hooks.append(Hook(self.path, headers, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
            found.challenges.append(query["hub.verify_token"])
            good = query["hub.mode"] == "subscribe" and query["hub.verify_token"] == found.verify_token
            answer = query["hub.challenge"].encode() if good else b"no"
            self.send_response(200 if good else 403)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def running_partners() -> Iterator[Partners]:
    with running({"erpnext": {"documents": [COMPANY]}}) as partners:
        yield partners


@pytest.fixture
def partners(running_partners: Partners) -> Partners:
    for name in running_partners.names:
        running_partners.act(name, "reset")
        running_partners.act(name, "webhooks", **PLAIN_HOOKS)
    return running_partners


@pytest.fixture
def razorpay(partners: Partners) -> Iterator[httpx.Client]:
    ready = partners.ready["razorpay"]
    with httpx.Client(
        base_url=ready["url"], auth=(ready["key_id"], ready["key_secret"]), trust_env=False
    ) as client:
        yield client


@pytest.fixture
def shiprocket(partners: Partners) -> Iterator[httpx.Client]:
    ready = partners.ready["shiprocket"]
    with httpx.Client(base_url=ready["url"] + "/v1/external", trust_env=False) as client:
        login = client.post("/auth/login", json={key: ready[key] for key in ("email", "password")})
        client.headers["Authorization"] = f"Bearer {login.json()['token']}"
        yield client


@pytest.fixture
def shiphawk(partners: Partners) -> Iterator[httpx.Client]:
    ready = partners.ready["shiphawk"]
    headers = {"X-Api-Key": ready["api_key"]}
    with httpx.Client(base_url=ready["url"] + "/api/v4", headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def erpnext(partners: Partners) -> Iterator[httpx.Client]:
    ready = partners.ready["erpnext"]
    headers = {"Authorization": f"token {ready['api_key']}:{ready['api_secret']}"}
    with httpx.Client(base_url=ready["url"], headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def whatsapp(partners: Partners) -> Iterator[httpx.Client]:
    ready = partners.ready["whatsapp"]
    headers = {"Authorization": f"Bearer {ready['access_token']}"}
    with httpx.Client(base_url=ready["url"] + "/v21.0", headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def seller(partners: Partners) -> Iterator[amazon.Seller]:
    ready = partners.ready["amazon"]
    with httpx.Client(base_url=ready["url"], trust_env=False) as client:
        made = amazon.Seller(partners, client, ready)
        made.sign_in()
        yield made
        made.act("settings", settled_seconds=120, sqs_endpoint="")


@pytest.fixture
def shop(partners: Partners) -> Iterator[Shop]:
    ready = partners.ready["shopify"]
    headers = {"X-Shopify-Access-Token": ready["access_token"]}
    with httpx.Client(headers=headers, trust_env=False) as client:
        yield Shop(partners, client, ready["url"] + "/admin/api/2026-07/graphql.json")


@dataclasses.dataclass
class Shop:
    """Shopify through its API (`run`) and through its control door (`place`, `partners.act`)."""

    partners: Partners
    http: httpx.Client
    url: str

    def run(self, document: str, **variables: Any) -> Any:
        answer = self.http.post(self.url, json={"query": document, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def place(self, **more: Any) -> Any:
        return self.partners.act("shopify", "place_order", **{**ORDER, **more})


ORDER: dict[str, Any] = {
    "buyer": {"first_name": "Meera", "last_name": "Nair"},
    "email": "meera@example.com",
    "phone": "+919812345678",
    "address": {
        "address1": "12 Lodhi Road",
        "city": "New Delhi",
        "province": "Delhi",
        "province_code": "DL",
        "zip": "110003",
    },
    "lines": [
        {
            "sku": "DJ-BL-01",
            "title": "Blue Denim Jacket",
            "quantity": 1,
            "price": "2499.00",
            "tax_rate": "0.12",
        },
        {"sku": "GT-WH-02", "title": "White Graphic T-shirt", "quantity": 2, "price": "599.00"},
    ],
    "razorpay_payment_id": "pay_Example0000001",
}


def shape(value: Any) -> Any:
    """Keys and kinds of values, for comparing a body with a vendor's sample; null fits anything, lists by first item."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


def misfits(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where our document lacks a key of theirs, has one too many, or holds another kind of value."""
    if ours is None or theirs is None or [] in (ours, theirs):
        return []
    if isinstance(theirs, dict) and isinstance(ours, dict):
        only = [f"{path}.{key} missing" for key in theirs.keys() - ours.keys()]
        only += [f"{path}.{key} unknown" for key in ours.keys() - theirs.keys()]
        for key in theirs.keys() & ours.keys():
            only += misfits(ours[key], theirs[key], f"{path}.{key}")
        return sorted(only)
    if isinstance(theirs, list) and isinstance(ours, list):
        return misfits(ours[0], theirs[0], f"{path}[]")
    kinds = shape(ours), shape(theirs)
    return [] if kinds[0] == kinds[1] else [f"{path}: {kinds[0]} instead of {kinds[1]}"]
