"""Shiprocket's two sets of status numbers, and the text of each scan."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """`code` is the shipment status (sr-status), `order_code` the order status (current_status_id)."""

    code: int
    label: str
    order_code: int
    raw: str
    activity: str


NEW = Status(11, "PENDING", 1, "NEW", "Order created")
AWB_ASSIGNED = Status(1, "AWB ASSIGNED", 3, "AWB", "AWB assigned")
RETURN_PENDING_CODE = 21

SCANS = {
    "awb_assigned": AWB_ASSIGNED,
    "manifested": Status(5, "MANIFEST GENERATED", 4, "X-UCI", "Manifested - Manifest uploaded"),
    "pickup_scheduled": Status(3, "PICKUP SCHEDULED", 4, "X-PSCH", "Pickup scheduled"),
    "out_for_pickup": Status(19, "OUT FOR PICKUP", 34, "X-OFP", "Out for pickup"),
    "pickup_exception": Status(20, "PICKUP EXCEPTION", 35, "X-PEX", "Pickup not done"),
    "picked_up": Status(42, "PICKED UP", 51, "X-PPOM", "In Transit - Shipment picked up"),
    "shipped": Status(6, "SHIPPED", 6, "X-PIOM", "In Transit - Shipment received at origin center"),
    "in_transit": Status(18, "IN TRANSIT", 20, "X-DLL2F", "In Transit - Bag added to trip"),
    "reached_hub": Status(38, "REACHED AT DESTINATION HUB", 20, "X-IBD3F", "Reached at hub"),
    "out_for_delivery": Status(17, "OUT FOR DELIVERY", 19, "X-DDD3FD", "Out for delivery"),
    "delivered": Status(7, "DELIVERED", 7, "EOD-38", "Delivered to consignee"),
    "undelivered": Status(21, "UNDELIVERED", 36, "EOD-6", "Consignee unavailable"),
    "failed_attempt": Status(21, "UNDELIVERED", 36, "EOD-6", "Consignee unavailable"),
    "rto_initiated": Status(9, "RTO INITIATED", 15, "X-RTO", "Return to origin initiated"),
    "rto_in_transit": Status(46, "RTO IN TRANSIT", 55, "X-RTOIT", "Return to origin in transit"),
    "rto_delivered": Status(10, "RTO DELIVERED", 16, "RT-101", "Returned to origin"),
    "cancelled": Status(8, "CANCELED", 5, "X-CAN", "Shipment cancelled"),
    "lost": Status(12, "LOST", 44, "X-LOST", "Shipment lost"),
    "damaged": Status(25, "DAMAGED", 44, "X-DMG", "Shipment damaged"),
}
CANCELLED = SCANS["cancelled"]
