"""Cart reservations through the API: all or nothing, for a time, with components of kits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient
from tests.builders import JACKET, SHIRT, Retailer, item
from tests.delivery.test_api import client, problem

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Part, Recipe
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import views
from doorstep.flows.availability import cart_reservations
from doorstep.kernel import errors
from doorstep.kernel.ids import Sku

CARTS = "/api/v1/reservations"


@pytest.fixture
def kit(retailer: Retailer) -> str:
    """A set of two shirts and a jacket."""
    recipe = Recipe(Sku("SET"), (Part(SHIRT, "new", 2), Part(JACKET, "new", 1)))
    retailer.write(lambda tx: catalog.put(tx, items=[item("SET")]))
    retailer.write(lambda tx: catalog.compose(tx, recipes=[recipe]))
    return "SET"


def ask(shop: TestClient, reference: str, *lines: tuple[str, int], ttl: int = 600) -> dict[str, object]:
    cart_ = {
        "channel": "shop", "reference": reference, "ttl_seconds": ttl,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
    }  # fmt: skip
    answer = shop.post(CARTS, json={"carts": [cart_]})
    assert answer.status_code == 200, answer.text
    (reported,) = answer.json()["reservations"]
    return dict(reported)


def test_a_cart_reserves_and_releases_components_of_kits(retailer: Retailer, kit: str) -> None:
    shop = client(retailer)
    assert ask(shop, "c1", (kit, 1), (SHIRT, 1))["held"] is True
    held = shop.get(f"{CARTS}/shop/c1").json()
    lines = sorted((each["for_sku"], each["sku"], each["quantity"]) for each in held["lines"])
    assert lines == sorted([(kit, JACKET, 1), (kit, SHIRT, 2), (SHIRT, SHIRT, 1)])
    assert shop.delete(f"{CARTS}/shop/c1").json() == {"dropped": 3}
    assert shop.delete(f"{CARTS}/shop/c1").json() == {"dropped": 0}
    assert shop.get(f"{CARTS}/shop/c1").json()["lines"] == []


def test_a_refused_cart_reservation_returns_the_available_quantity(retailer: Retailer) -> None:
    reported = ask(client(retailer), "c1", (SHIRT, 10_000))
    assert (reported["held"], reported["expires_at"]) == (False, None)
    (refused,) = reported["refused"]  # type: ignore[misc]  # a list in JSON
    assert (refused["sku"], refused["wanted"]) == (SHIRT, 10_000)
    assert 0 < refused["available"] < 10_000


def test_a_hold_is_extended_kept_and_swept(retailer: Retailer) -> None:
    shop = client(retailer)
    ask(shop, "c1", (SHIRT, 1), ttl=1)
    assert shop.post(f"{CARTS}/shop/c1/extend", json={"ttl_seconds": 60}).status_code == 200
    until = (retailer.app.clock.now() + timedelta(days=1)).isoformat()
    assert shop.post(f"{CARTS}/shop/c1/keep", json={"until": until}).status_code == 200
    ask(shop, "c2", (SHIRT, 1), ttl=1)
    assert cart_reservations.expire(retailer.app.context) == 0
    problem(shop.post(f"{CARTS}/shop/none/extend", json={}), 404, "notfound")


def test_skus_missing_in_the_catalog_are_named(retailer: Retailer) -> None:
    wanted = {"carts": [{"channel": "shop", "reference": "c1", "lines": [{"sku": "NOPE", "quantity": 1}]}]}
    reported = problem(client(retailer).post(CARTS, json=wanted), 404, "notfound")
    assert "NOPE" in reported["title"] + str(reported.get("detail"))


def test_who_may_only_read_holds_nothing(retailer: Retailer) -> None:
    wanted = {"carts": [{"channel": "shop", "reference": "c1", "lines": [{"sku": SHIRT, "quantity": 1}]}]}
    assert client(retailer, Role.READ_ONLY).post(CARTS, json=wanted).status_code == 403
    assert retailer.read(lambda tx: views.holds(tx, carts=[("shop", "c1")])) == []


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (Part(Sku("SET"), "new", 1),),
        (Part(SHIRT, "damaged", 1),),
        (Part(SHIRT, "new", 0),),
        (Part(SHIRT, "new", 1), Part(SHIRT, "new", 2)),
    ],
)
def test_a_kit_that_cannot_be_picked_is_refused(
    retailer: Retailer, kit: str, parts: tuple[Part, ...]
) -> None:
    with pytest.raises(errors.Invalid):
        retailer.write(lambda tx: catalog.compose(tx, recipes=[Recipe(Sku(kit), parts)]))


def test_a_kit_within_a_kit_is_refused_and_a_dissolved_one_is_itself(retailer: Retailer, kit: str) -> None:
    retailer.write(lambda tx: catalog.put(tx, items=[item("BOX")]))
    boxed = Recipe(Sku("BOX"), (Part(Sku(kit), "new", 1),))
    with pytest.raises(errors.Invalid, match="SET"):
        retailer.write(lambda tx: catalog.compose(tx, recipes=[boxed]))
    retailer.write(lambda tx: catalog.dissolve(tx, skus=[kit]))
    retailer.write(lambda tx: catalog.compose(tx, recipes=[boxed]))
    with pytest.raises(errors.NotFound, match="NOPE"):
        retailer.write(lambda tx: catalog.compose(tx, recipes=[Recipe(Sku("NOPE"), boxed.parts)]))
