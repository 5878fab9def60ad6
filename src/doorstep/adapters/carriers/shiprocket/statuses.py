"""Map Shiprocket's shipment status numbers. Its order status numbers are another list and are not used."""

from __future__ import annotations

from doorstep.domain.shipping.model import TrackingStatus

_CODES: dict[TrackingStatus, str] = {
    TrackingStatus.CREATED: "11 26 43 52 59 60 61 62 63 72",
    TrackingStatus.LABEL_PURCHASED: "1 2 3 4 5 13 15 19 20 27 67 71",
    TrackingStatus.PICKED_UP: "42 51",
    TrackingStatus.IN_TRANSIT: "6 18 22 38 39 48 49 50 54 55 56 57 68",
    TrackingStatus.OUT_FOR_DELIVERY: "17",
    TrackingStatus.DELIVERED: "7",
    TrackingStatus.FAILED_ATTEMPT: "21 77",
    TrackingStatus.EXCEPTION: "47",
    TrackingStatus.RTO_INITIATED: "9 14 75",
    TrackingStatus.RTO_IN_TRANSIT: "40 41 46 78",
    TrackingStatus.RTO_DELIVERED: "10",
    TrackingStatus.LOST: "12 76",
    TrackingStatus.DAMAGED: "24 25 44",
    TrackingStatus.CANCELED: "8 16 45",
    TrackingStatus.PARTIAL_DELIVERED: "23",
}
_MEANING = {code: status for status, codes in _CODES.items() for code in codes.split()}


def meaning(code: str | int | None, *, is_return: bool) -> TrackingStatus:
    """Map a code in any spelling; an unlisted one is kept as unknown. A delivered return has reached us."""
    status = _MEANING.get(str(code).strip(), TrackingStatus.UNKNOWN)
    if is_return and status is TrackingStatus.DELIVERED:
        return TrackingStatus.RETURN_DELIVERED
    return status
