"""Events of parcels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import OrderId, ShipmentId


@dataclass(frozen=True, slots=True)
class _OfShipment:
    order_id: OrderId
    shipment_id: ShipmentId
    direction: str


@dataclass(frozen=True, slots=True)
class LabelRequested(_OfShipment):
    """The intent to buy a label is stored; the carrier is not asked yet."""

    type: ClassVar[str] = "shipment.label_requested"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class LabelPurchased(_OfShipment):
    """The label was bought."""

    type: ClassVar[str] = "shipment.label_purchased"
    stream: ClassVar[str] = "order"
    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class LabelInDoubt(_OfShipment):
    """The outcome of the label purchase is unknown: a person must check."""

    type: ClassVar[str] = "shipment.label_in_doubt"
    stream: ClassVar[str] = "order"
    reason: str


@dataclass(frozen=True, slots=True)
class LabelFailed(_OfShipment):
    """The label was not bought; the reason is the carrier's own sentence."""

    type: ClassVar[str] = "shipment.label_failed"
    stream: ClassVar[str] = "order"
    carrier_reason: str


@dataclass(frozen=True, slots=True)
class Dispatched(_OfShipment):
    """The parcel was shipped: SHIPPED."""

    type: ClassVar[str] = "shipment.dispatched"
    stream: ClassVar[str] = "order"
    tracking_number: str


@dataclass(frozen=True, slots=True)
class Tracked(_OfShipment):
    """The carrier's state of the parcel changed (neither first scan nor delivery)."""

    type: ClassVar[str] = "shipment.tracked"
    stream: ClassVar[str] = "order"
    status: str


@dataclass(frozen=True, slots=True)
class TrackingDue:
    """The parcel is on the way and no scan has come for long: the carrier is asked."""

    type: ClassVar[str] = "shipment.tracking_due"
    stream: ClassVar[str] = "shipment"
    shipment_id: ShipmentId


@dataclass(frozen=True, slots=True)
class Delivered(_OfShipment):
    """The carrier delivered the parcel (to the customer, or a return to the location): DELIVERED."""

    type: ClassVar[str] = "shipment.delivered"
    stream: ClassVar[str] = "order"
    tracking_number: str
