"""Shopify's own material: every document we send is valid, every published order adds up."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graphql
import pytest

from doorstep.adapters.channels.shopify.wire import graphql as documents
from doorstep.adapters.channels.shopify.wire import orders as wire
from doorstep.adapters.channels.shopify.wire import stock
from doorstep.domain.orders import model as orders

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "shopify"
pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="the collected specs are not beside this checkout")

SENT = {
    name: text
    for name, text in (vars(documents) | vars(stock)).items()
    if name.isupper() and isinstance(text, str) and not name.startswith("_")
}


@pytest.fixture(scope="module")
def admin() -> graphql.GraphQLSchema:
    introspection = json.loads(
        gzip.decompress((SPECS / "admin_graphql_2026-07.introspection.json.gz").read_bytes())
    )
    return graphql.build_client_schema(introspection.get("data", introspection), assume_valid=True)


@pytest.mark.parametrize("name", sorted(SENT))
def test_every_document_is_valid(admin: graphql.GraphQLSchema, name: str) -> None:
    assert graphql.validate(admin, graphql.parse(SENT[name])) == []


def test_all_documents_are_tested() -> None:
    assert len(SENT) == 14


def collected() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted([*SPECS.glob("*.json"), *SPECS.glob("webhook_samples_2026-07/orders__*.json")]):
        for order in _orders(json.loads(path.read_text())):
            yield path.name, order


def _orders(document: object) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict) and {"line_items", "total_price"} <= document.keys():
        yield document
    elif isinstance(document, dict | list):
        for part in document.values() if isinstance(document, dict) else document:
            yield from _orders(part)


def test_every_published_order_adds_up() -> None:
    seen = {name: wire.parse(json.dumps(order).encode()) for name, order in collected()}
    assert len(seen) >= 13
    wrong = [name for name, order in seen.items() if orders.expected_total(order) != order.total_minor]
    assert wrong == []
