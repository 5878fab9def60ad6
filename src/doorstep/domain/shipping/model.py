"""Parcels: label states, canonical tracking states, and what a scan may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import ShipmentId, Sku


class Direction(StrEnum):
    """Direction of a parcel."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    RTO = "rto"


class LabelState(StrEnum):
    """A label is an intent first: stored before the carrier is asked, and in doubt if the outcome is unknown."""

    REQUESTED = "requested"
    PURCHASED = "purchased"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    VOIDED = "voided"


LABEL_MOVES: dict[LabelState, frozenset[LabelState]] = {
    LabelState.REQUESTED: frozenset(
        {LabelState.PURCHASED, LabelState.FAILED, LabelState.IN_DOUBT, LabelState.VOIDED}
    ),
    LabelState.PURCHASED: frozenset({LabelState.VOIDED}),
    LabelState.FAILED: frozenset({LabelState.REQUESTED, LabelState.VOIDED}),
    LabelState.IN_DOUBT: frozenset({LabelState.PURCHASED, LabelState.FAILED, LabelState.REQUESTED}),
    LabelState.VOIDED: frozenset(),
}


class TrackingStatus(StrEnum):
    """Canonical parcel states, after reference carriers' own (docs/glossary.md)."""

    CREATED = "created"
    LABEL_PURCHASED = "label_purchased"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    FAILED_ATTEMPT = "failed_attempt"
    EXCEPTION = "exception"
    DELIVERED = "delivered"
    PARTIAL_DELIVERED = "partial_delivered"
    RTO_INITIATED = "rto_initiated"
    RTO_IN_TRANSIT = "rto_in_transit"
    RTO_DELIVERED = "rto_delivered"
    RETURN_DELIVERED = "return_delivered"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


_NOT_YET_WITH_CARRIER = frozenset(
    {TrackingStatus.CREATED, TrackingStatus.LABEL_PURCHASED, TrackingStatus.UNKNOWN}
)
_TERMINAL = frozenset(
    {
        TrackingStatus.DELIVERED,
        TrackingStatus.RTO_DELIVERED,
        TrackingStatus.RETURN_DELIVERED,
        TrackingStatus.LOST,
        TrackingStatus.CANCELED,
    }
)
_AFTER_DELIVERED = frozenset(
    {
        TrackingStatus.RTO_INITIATED,
        TrackingStatus.RTO_IN_TRANSIT,
        TrackingStatus.RTO_DELIVERED,
        TrackingStatus.RETURN_DELIVERED,
    }
)


@dataclass(frozen=True, slots=True)
class Scan:
    """One event at the carrier, by the carrier's time; the raw code is kept beside our meaning."""

    at: datetime
    status: TrackingStatus
    raw_code: str
    description: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class TrackingSnapshot:
    """What a carrier reports of one parcel: by tracking number, by its own shipment id, or both."""

    scans: tuple[Scan, ...]
    tracking_number: str = ""
    external_id: str = ""


def current(scans: Sequence[Scan]) -> Scan | None:
    """The scan that counts: the latest by carrier time; a terminal state is left only by a return journey.

    Arrival order does not matter, repeated and late scans change nothing, unknown codes never change the state.
    """
    result: Scan | None = None
    for scan in sorted(scans, key=lambda scan: (scan.at, _RANK[scan.status], scan.raw_code)):
        if scan.status is not TrackingStatus.UNKNOWN and _may_follow(result, scan.status):
            result = scan
    return result


def _may_follow(result: Scan | None, status: TrackingStatus) -> bool:
    if result is None or result.status not in _TERMINAL:
        return True
    return result.status is TrackingStatus.DELIVERED and status in _AFTER_DELIVERED


_RANK = {status: rank for rank, status in enumerate(TrackingStatus)}


def is_with_carrier(status: TrackingStatus) -> bool:
    """Whether the carrier has or had the parcel."""
    return status not in _NOT_YET_WITH_CARRIER and status is not TrackingStatus.CANCELED


@dataclass(frozen=True, slots=True)
class Party:
    """Sender or recipient of a parcel; phone and e-mail are for the carrier only."""

    name: str
    phone: str
    email: str
    line1: str
    line2: str
    city: str
    state: str
    state_code: str
    postal_code: str
    country: str
    company: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ParcelItem:
    """Contents: price per unit in minor units, tax included; weight of one unit."""

    sku: str
    title: str
    quantity: int
    unit_price_minor: int
    weight_grams: int
    hsn: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """Outer size of a parcel."""

    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class Packaging:
    """The standard parcel: its empty weight and its outer size."""

    weight_grams: int
    size: Size


@dataclass(frozen=True, slots=True)
class Packed:
    """What a packer put in one parcel: units by order line, and weight and size where they were measured."""

    units: Mapping[int, int]
    weight_grams: int | None = None
    size: Size | None = None


class WrongContents(errors.Invalid):
    """The parcels do not hold exactly the units of the fulfillment order."""


def check_contents(wanted: Mapping[int, tuple[Sku, int]], parcels: Sequence[Packed]) -> None:
    """Raise WrongContents unless each unit (`wanted`: SKU and units by order line) is in one parcel and none is empty."""
    for number, parcel in enumerate(parcels, start=1):
        if not any(parcel.units.values()) or min(parcel.units.values()) < 0:
            raise WrongContents(
                f"Parcel {number} is empty: put something in it, or remove it.", field="parcels"
            )
    unknown = {line_no for parcel in parcels for line_no in parcel.units} - set(wanted)
    if unknown:
        raise WrongContents(f"The fulfillment order has no line {min(unknown)}.", field="parcels")
    for line_no, (sku, quantity) in wanted.items():
        found = sum(parcel.units.get(line_no, 0) for parcel in parcels)
        if found != quantity:
            raise WrongContents(
                f"Line {line_no} has {quantity} × {sku}; the parcels hold {found}.", field="parcels"
            )


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """Everything a carrier needs. `reference` is ours, unique, and the idempotency key of the purchase."""

    shipment_id: ShipmentId
    reference: str
    direction: Direction
    order_number: str
    ordered_at: datetime
    sender: Party
    recipient: Party
    items: tuple[ParcelItem, ...]
    weight_grams: int
    size: Size
    currency: str
    declared_minor: int
    cod_minor: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """A bought label: the carrier's ids, and the PDF as bytes (empty when the carrier has none for this parcel)."""

    external_id: str
    tracking_number: str
    tracking_url: str
    carrier: str
    service: str
    pdf: bytes = b""
    cost_minor: int = 0
