"""Two carriers collect at one warehouse: each parcel goes with the one that brings the promised service to its customer."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from tests.builders import DELHI, JACKET, NOON, Retailer, line, order_snapshot

from doorstep.domain.network import actions as network
from doorstep.domain.network import views
from doorstep.domain.network.model import Site
from doorstep.domain.network.model.document import (
    CarrierSettings,
    RateSettings,
    ServiceSettings,
    ZoneSettings,
)
from doorstep.domain.orders.model import Address, OrderSnapshot
from doorstep.flows.network import outage_control

MUMBAI = replace(
    DELHI,
    city="Mumbai",
    state="Maharashtra",
    state_code="MH",
    postal_code="400001",
    latitude=18.94,
    longitude=72.84,
)


def carrier(
    parcel_minor: int, zone: ZoneSettings, *, service: str = "standard", days: int = 2
) -> CarrierSettings:
    rate = RateSettings(parcel_minor=parcel_minor, days=days)
    return CarrierSettings(
        zones=(zone,), services={service: ServiceSettings(rates={zone.name: rate}, methods=(service,))}
    )


def collect(retailer: Retailer, **carriers: CarrierSettings) -> None:
    """WH-A prefers the carrier of the stores; ShipHawk is its own."""
    document = retailer.read(views.document)
    keys = {"shiphawk": "shiphawk", "stores": "store-parcels"}
    changed = msgspec.structs.replace(
        document,
        default_service="standard" if carriers else "",
        locations={**document.locations, "WH-A": Site(carriers=("store-parcels", "shiphawk"))},
        carriers={keys[name]: settings for name, settings in carriers.items()},
    )
    retailer.write(lambda tx: network.configure(tx, document=changed, note="two carriers", at=NOON))


def to(address: Address, method: str = "standard") -> OrderSnapshot:
    return order_snapshot(line(JACKET), shipping_address=address, shipping_method=method)


def carrier_of(retailer: Retailer, reported: OrderSnapshot) -> str:
    (parcel,) = retailer.ship(retailer.place_order(reported))
    return next(key for key, number in retailer.connection_ids.items() if number == parcel.connection_id)


NEAR, FAR = ZoneSettings(name="near", within_km=100), ZoneSettings(name="far")


def test_a_local_carrier_brings_what_is_near_and_the_other_what_is_far(retailer: Retailer) -> None:
    collect(retailer, shiphawk=carrier(9_000, FAR), stores=carrier(4_000, NEAR))
    assert carrier_of(retailer, to(MUMBAI)) == "store-parcels"
    assert carrier_of(retailer, to(DELHI)) == "shiphawk"


def test_the_service_that_the_customer_chose_decides(retailer: Retailer) -> None:
    collect(retailer, shiphawk=carrier(9_000, FAR), stores=carrier(20_000, FAR, service="express", days=1))
    assert carrier_of(retailer, to(DELHI, "express")) == "store-parcels"
    assert carrier_of(retailer, to(DELHI)) == "shiphawk"


def test_during_an_outage_the_other_brings_it_although_it_costs_more(retailer: Retailer) -> None:
    collect(retailer, shiphawk=carrier(9_000, FAR), stores=carrier(4_000, NEAR))
    retailer.write(
        lambda tx: outage_control.start(tx, carrier="store-parcels", reason="strike", until_at=None, now=NOON)
    )
    assert carrier_of(retailer, to(MUMBAI)) == "shiphawk"


def test_without_rates_it_is_the_own_carrier_of_the_location(retailer: Retailer) -> None:
    collect(retailer)
    assert carrier_of(retailer, to(DELHI)) == "shiphawk"
