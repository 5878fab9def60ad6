"""The words of a vendor for things of ours, per connection; and what is most likely meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from doorstep.domain.connections.model.connector import Kind


class MapKind(StrEnum):
    """What a name stands for. In all but carriers and taxes the vendor's name comes to us and is translated.

    gateway: the payment gateway as a sales channel names it; ours is the id of the connector.
    sku: a listing or product; ours is a SKU of the catalog.
    location: a location's code; ours is the code of the location.
    method: the shipping method that the customer chose; ours is a service of the network.
    status: a carrier's status code; ours is a parcel status.
    carrier: our name of a carrier, and what the vendor calls it. tax: our name of a tax, and the ERP's account for it.
    """

    GATEWAY = "gateway"
    SKU = "sku"
    LOCATION = "location"
    METHOD = "method"
    STATUS = "status"
    CARRIER = "carrier"
    TAX = "tax"


# Our name goes out and is translated; two of ours may have the same name at the vendor.
OUTGOING = frozenset({MapKind.CARRIER, MapKind.TAX})

KINDS: Mapping[Kind, tuple[MapKind, ...]] = {
    Kind.CHANNELS: (MapKind.SKU, MapKind.GATEWAY, MapKind.METHOD, MapKind.LOCATION, MapKind.CARRIER),
    Kind.CARRIERS: (MapKind.STATUS,),
    Kind.ERP: (MapKind.TAX,),
    Kind.WAREHOUSES: (MapKind.LOCATION,),  # the locations that it serves
}


def normal(name: str) -> str:
    """A name without case, digits and punctuation, so that "1 Razorpay" and "razorpay" are alike."""
    return "".join(letter for letter in name.casefold() if letter.isalpha())


def suggest(external: str, ours: Collection[str]) -> str | None:
    """Which of our values a vendor's name most likely means: the only one that stands in it."""
    name = normal(external)
    found = {value for value in ours if normal(value) in name and normal(value)}
    return next(iter(found)) if len(found) == 1 else None
