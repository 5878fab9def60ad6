"""A parcel as flows pass it to carriers."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from doorstep.domain.shipping import model as shipping
from doorstep.kernel import ids

STORE = shipping.Party(
    name="NotNaked Store 22",
    phone="+91 11 4000 0022",
    email="store22@notnaked.example",
    line1="22 Market Road",
    line2="Ground floor",
    city="New Delhi",
    state="Delhi",
    state_code="DL",
    postal_code="110001",
    country="IN",
    company="NotNaked",
    code="S22",
)
CUSTOMER = shipping.Party(
    name="Meera Lakshmi Iyer",
    phone="+91 98000 00001",
    email="meera@example.in",
    line1="7 Rajpath Lane",
    line2="",
    city="New Delhi",
    state="Delhi",
    state_code="DL",
    postal_code="110003",
    country="IN",
)
OUT = shipping.LabelRequest(
    shipment_id=ids.ShipmentId(7),
    reference="shipment-7",
    direction=shipping.Direction.OUTBOUND,
    order_number="#2041",
    ordered_at=datetime(2026, 5, 4, 20, 0, tzinfo=UTC),
    sender=STORE,
    recipient=CUSTOMER,
    items=(shipping.ParcelItem("GT-WH-02", "Graphic T-shirt", 2, 79950, 180, "6109"),),
    weight_grams=450,
    size=shipping.Size(305, 254, 51),
    currency="INR",
    declared_minor=159900,
)
BACK = dataclasses.replace(
    OUT, reference="return-7", direction=shipping.Direction.INBOUND, sender=CUSTOMER, recipient=STORE
)
