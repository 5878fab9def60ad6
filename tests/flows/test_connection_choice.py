"""Two mail relays and two ERPs: each order's mail and each entity's invoice goes to its own."""

from __future__ import annotations

import pytest
from tests.builders import Retailer
from tests.delivery.test_api import client

from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.identity.model import Role
from doorstep.kernel import errors


def add(retailer: Retailer, key: str, kind: Kind) -> None:
    registry = retailer.app.registry
    connector = registry.connector(kind, "sandbox")
    retailer.connection_ids[key] = retailer.write(
        lambda tx: registry.configure(tx, key=key, connector=connector, name=key, settings={}, mode=Mode.LIVE)
    )


def limit(retailer: Retailer, key: str, **serves: list[str]) -> None:
    saved = client(retailer, Role.ADMINISTRATOR).put(f"/api/v1/connections/{key}", json={"serves": serves})
    assert saved.status_code == 200


def entity(retailer: Retailer) -> str:
    return retailer.read(lambda tx: tx.value(str, "SELECT legal_entity FROM invoices ORDER BY id LIMIT 1"))


def test_a_mail_goes_by_the_relay_of_its_shop(retailer: Retailer) -> None:
    add(retailer, "shop-mail", Kind.MESSENGERS)
    limit(retailer, "shop-mail", channels=["shop"])
    retailer.place_order()
    assert len(retailer.client("shop-mail").messages) == 1
    assert retailer.client("mail").messages == {}


def test_a_relay_for_another_shop_is_not_used(retailer: Retailer) -> None:
    add(retailer, "a-mail", Kind.MESSENGERS)
    limit(retailer, "a-mail", channels=["other"])
    retailer.place_order()
    assert len(retailer.client("mail").messages) == 1
    assert retailer.client("a-mail").messages == {}


def test_an_invoice_is_posted_to_the_erp_of_its_legal_entity(retailer: Retailer) -> None:
    retailer.delivered()
    company = entity(retailer)
    add(retailer, "own-books", Kind.ERP)
    limit(retailer, "own-books", legal_entities=[company])
    before = len(retailer.client("books").documents)
    retailer.delivered()
    assert len(retailer.client("own-books").documents) > 0
    assert len(retailer.client("books").documents) == before


def test_an_entity_that_no_erp_serves_is_named(retailer: Retailer) -> None:
    limit(retailer, "books", legal_entities=["Someone else"])
    with pytest.raises(errors.NotFound, match="No accounting system serves the legal entity 'Mine'"):
        retailer.app.registry.accounting("Mine")


def test_only_known_limits_are_taken(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    assert api.put("/api/v1/connections/mail", json={"serves": {"countries": ["IN"]}}).status_code == 422
