"""Several parcels at the station: packed, printed and shipped one by one."""

from __future__ import annotations

from starlette.testclient import TestClient
from tests.builders import Shop
from tests.builders.shop import PDF
from tests.delivery.test_console import SHIRT, browser, click, sign_in

from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.fulfillment.model import State
from doorstep.domain.identity.model import Role
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Label

__all__ = ["browser"]


def test_a_person_packs_in_several_parcels_and_ships_one_of_them(browser: TestClient, shop: Shop) -> None:
    (work,) = shop.work(shop.order((SHIRT, 3)))
    at, registry = f"/station/{work.id}", shop.app.registry
    with shop.app.db.write(actor="system") as tx:
        sandbox = registry.connector(Kind.CARRIERS, "sandbox")
        settings = {"webhook_token": "a token of the stores"}
        registry.configure(
            tx, key="store-parcels", connector=sandbox, name="Stores", settings=settings, mode=Mode.LIVE
        )
    shop.pick(work)
    sign_in(browser, Role.LOCATION_STAFF)
    assert "Pack in several parcels" in browser.get(f"/console{at}").text
    asked = browser.get(f"/console{at}?parcels=2").text
    assert ("Pack in 2 parcels" in asked, 'name="units-2-1"' in asked) == (True, True)
    units = {"parcels": "2", "units-1-1": "1", "units-2-1": "1", "weight-2": "450"}
    status, page = click(browser, f"{at}/pack-parcels", on=at, **units)
    assert (status, "Line 1 has 3 × GT-WH-02; the parcels hold 2." in page, 'value="450"' in page) == (
        422,
        True,
        True,
    )
    status, page = click(browser, f"{at}/pack-parcels", on=at, **(units | {"units-2-1": "some"}))
    assert (status, "Enter a whole number, digits only." in page) == (422, True)
    status, page = click(browser, f"{at}/pack-parcels", on=at, **(units | {"units-2-1": "2"}))
    assert (status, "Packed in 2 parcels." in page) == (200, True)
    with shop.app.db.write(actor="system") as tx:
        first, second = parcels.of_work(tx, fulfillment_order_id=work.id)
        for number, each in enumerate((first, second)):
            label = Label(f"ext-{number}", f"TRK{number}", "", "Delhivery", "Surface", PDF)
            shipping.purchased(tx, shipment_id=each.id, label=label, at=shop.now)
    assert second.weight_grams == 450
    page = browser.get(f"/console{at}").text
    assert ("Ship all parcels" in page, "Parcel 2" in page, page.count("Ship this parcel")) == (True, True, 2)
    status, page = click(browser, f"{at}/parcels/{second.id}/ship", on=at)
    assert (status, page.count("Ship this parcel"), shop.work(work.order_id)[0].state) == (
        200,
        1,
        State.PACKED,
    )
    status, page = click(browser, f"{at}/ship", on=at)
    assert (status, shop.work(work.order_id)[0].state) == (200, State.SHIPPED)
    click(browser, "/logout", on=at)
    sign_in(browser)
    order_page = browser.get(f"/console/orders/{work.order_id}").text
    assert ("Parcel 1" in order_page, "TRK0" in order_page, "TRK1" in order_page) == (True, True, True)


def test_a_parcel_of_another_fulfillment_order_is_not_shipped_from_here(
    browser: TestClient, shop: Shop
) -> None:
    mine, other = (shop.work(shop.order((SHIRT, 1)))[0] for _ in range(2))
    shop.pack(mine, tracking="TRK1")
    elsewhere = shop.pack(other, tracking="TRK2")
    sign_in(browser, Role.LOCATION_STAFF)
    at = f"/station/{mine.id}"
    assert click(browser, f"{at}/parcels/{elsewhere}/ship", on=at)[0] == 404
    assert shop.work(other.order_id)[0].state is State.PACKED
