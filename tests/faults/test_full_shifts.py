"""A shift never exceeds its capacity: forty buyers at once, capacity for ten, exactly ten routed there."""

from __future__ import annotations

from collections import Counter

from tests.builders import NOON, SHIRT, Retailer
from tests.faults import buyers
from tests.faults.buyers import Buyer

from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.network import actions as network
from doorstep.domain.network.model import Document, Shift, Site

_TAKEN = "SELECT orders FROM shift_loads"
_ROUTED = "SELECT count(*) FROM fulfillment_orders"


def test_forty_buyers_and_a_shift_for_ten(retailer: Retailer) -> None:
    for code, location in retailer.location_ids.items():
        units = Correction(SHIRT, location, "counted", set_to=100 if code == "ST-22" else 0)
        with retailer.app.db.write(actor="user:1") as tx:
            inventory.adjust(tx, correction=units, at=NOON)
    with retailer.app.db.write(actor="user:1") as tx:
        shifts = Document(locations={"ST-22": Site(shifts=(Shift(name="day", most=10),))})
        network.configure(tx, document=shifts, note="Ten a day", at=NOON)
    buyers.till(retailer.app)
    answers = buyers.buy_all(retailer.app, [Buyer(f"B-{number}", SHIRT) for number in range(40)])
    assert Counter(answers) == {"allocated": 10, "short": 30}
    assert retailer.read(lambda tx: (tx.value(int, _TAKEN), tx.value(int, _ROUTED))) == (10, 10)
