"""promise: carts of ten lines at a shop with fifty locations, over loopback HTTP, three services planned for each.

Every SKU is in stock at four of ten locations, so that no location has a complete cart and each plan is a search.
"""

from __future__ import annotations

import http.client
import json
import random
import time

from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewKey
from doorstep.domain.identity.model import Role
from doorstep.domain.network.model import (
    CarrierSettings,
    Document,
    RateSettings,
    ServiceSettings,
    Site,
    ZoneSettings,
)
from doorstep.flows.network import network_change
from doorstep_bench import meter, workload
from doorstep_bench.rates import Stage
from doorstep_bench.webhook import serving

LOCATIONS, LINES, CARTS, WARM, SPREAD = 50, 10, 600, 100, 0.4
_BANDS = {"near": 200, "region": 800, "country": None}


def run(stage: Stage) -> dict[str, object]:
    """Waits of carts requested one after the other."""
    token = _furnish(stage)
    chance = random.Random(700)  # noqa: S311 - a workload that repeats, not a secret
    with serving(stage.scratch) as port:
        asking = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        waits = [_ask(asking, headers, _cart(chance)) for _ in range(WARM + CARTS)][WARM:]
    return {"locations": LOCATIONS, "lines": LINES, "services": 3, **meter.percentiles(waits)}


def _ask(asking: http.client.HTTPConnection, headers: dict[str, str], body: bytes) -> float:
    began = time.perf_counter()
    asking.request("POST", "/api/v1/promise", body, headers)
    answer = asking.getresponse()
    reported = answer.read()
    waited = time.perf_counter() - began
    if answer.status != http.client.OK or len(json.loads(reported)["options"]) != 3:  # noqa: PLR2004 - three services
        raise RuntimeError(reported[:2_000].decode())
    return waited


def _cart(chance: random.Random) -> bytes:
    skus = chance.sample(workload.SKUS, LINES)
    location = {"country": "IN", "latitude": 9 + chance.random() * 20, "longitude": 73 + chance.random() * 15}
    lines = [{"sku": sku, "quantity": chance.randint(1, 3)} for sku in skus]
    return json.dumps({"lines": lines, "address": location}).encode()


def _furnish(stage: Stage) -> str:
    """Create rates and an API key; returns the key."""
    with stage.scratch.app.db.write(actor="bench") as tx:
        network_change.apply(tx, document=_tariffs(), note="bench", at=workload.NOW)
        return identity.create_api_key(tx, key=NewKey("bench", Role.OPERATIONS), now=workload.NOW)


def _tariffs() -> Document:
    zones = tuple(ZoneSettings(name=name, within_km=km) for name, km in _BANDS.items())
    services = {
        code: ServiceSettings(
            rates={
                name: RateSettings(parcel_minor=minor * (2 + step), kilo_minor=900, days=days + step)
                for step, name in enumerate(_BANDS)
            }
        )
        for code, minor, days in (("standard", 2_000, 2), ("express", 4_500, 1), ("economy", 1_500, 4))
    }
    carrier = CarrierSettings(zones=zones, services=services)
    return Document(
        currency="INR",
        default_service="standard",
        defaults=Site(carriers=("bench",), processing_minutes=60),
        carriers={"bench": carrier},
    )
