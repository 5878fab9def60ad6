"""Shipment confirmation: what Amazon checks of a package, and the errors it answers."""

from __future__ import annotations

import datetime as dt

from doorstep_sandbox.amazon import errors, orders
from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json

REQUIRED = ("packageReferenceId", "carrierCode", "trackingNumber", "shipDate", "orderItems")
NO_PACKAGE = (
    "Failed to create package due to not finding a matching package or order already fulfilled. "
    "ErrorMessage(errorCode=GeneralError, errorDescription=Unable to find package to update for order (), "
    "errorMetric=PackageToUpdateNotFound, packageIndex=null)"
)


def confirm(order: Json, body: Json) -> None:
    """Add the package to the order, or replace the one with its reference. Raises VendorError for what is wrong."""
    detail = body.get("packageDetail")
    if not isinstance(detail, dict) or "marketplaceId" not in body:
        raise errors.invalid("marketplaceId and packageDetail are required.")
    _check_types(detail)
    if body["marketplaceId"] != order["marketplace"]:
        raise errors.invalid(f"MarketplaceId {body['marketplaceId']} is invalid for the order.")
    _check_state(order)
    package = _package(detail)
    _check_items(order, package)
    orders.add_package(order, package)


def _check_types(detail: Json) -> None:
    for name in REQUIRED:
        if name not in detail:
            raise errors.invalid(f"packageDetail.{name} is required.")
    wrong = [f"packageDetail.{name}" for name in REQUIRED[:-1] if not isinstance(detail[name], str)]
    if not isinstance(detail["orderItems"], list):
        wrong.append("packageDetail.orderItems")
    if wrong:
        fields = ", ".join(wrong)
        message = "The input you have submitted is not valid. Please check the fields with invalid type"
        raise errors.invalid(f"{message} [{fields}].")
    if not detail["packageReferenceId"].isdecimal() or int(detail["packageReferenceId"]) == 0:
        raise errors.invalid("PackageReferenceId: is invalid, must be a positive numeric value.")
    if detail["carrierCode"] == "Other" and not detail.get("carrierName"):
        raise errors.invalid("CarrierName is required when CarrierCode is Other.")
    if not detail["trackingNumber"]:
        raise errors.invalid("TrackingNumber is required.")


def _check_state(order: Json) -> None:
    if order["fulfilled_by"] == orders.BY_AMAZON:
        raise errors.invalid(f"Order {order['id']} is fulfilled by Amazon and cannot be confirmed.")
    if order["status"] not in {orders.UNSHIPPED, orders.PARTLY, orders.SHIPPED}:
        raise errors.invalid(f"Order {order['id']} is {order['status'].lower()} and cannot be confirmed.")


def _package(detail: Json) -> Json:
    return {
        "reference": detail["packageReferenceId"],
        "carrier": detail.get("carrierName") or detail["carrierCode"],
        "carrier_code": detail["carrierCode"],
        "method": detail.get("shippingMethod", ""),
        "tracking": detail["trackingNumber"],
        "shipped_at": clock.zulu(_ship_date(detail["shipDate"])),
        "items": [_entry(entry) for entry in detail["orderItems"]],
    }


def _ship_date(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid("ShipDate is invalid, must be in ISO 8601 date time format.") from None
    if moment.tzinfo is None:
        raise errors.invalid("ShipDate is invalid, must be in ISO 8601 date time format.")
    if moment > clock.now() + dt.timedelta(minutes=5):
        raise errors.invalid("ShipDate is invalid, must not be in the future.")
    return moment


def _entry(entry: object) -> Json:
    if not isinstance(entry, dict) or "orderItemId" not in entry:
        raise errors.invalid("packageDetail.orderItems.orderItemId is required.")
    quantity = entry.get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise errors.invalid("Quantity is invalid, must be a positive number.")
    return {"id": str(entry["orderItemId"]), "quantity": quantity}


def _check_items(order: Json, package: Json) -> None:
    items = {item["id"]: item for item in order["items"]}
    for entry in package["items"]:
        if entry["id"] not in items:
            message = (
                "is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
            )
            raise errors.invalid(f"OrderItemId {entry['id']} {message}")
    if any(each["reference"] == package["reference"] for each in order["packages"]):
        return
    if not any(orders.left(item) for item in order["items"]):
        raise errors.invalid(NO_PACKAGE)
    for entry in package["items"]:
        if entry["quantity"] > orders.left(items[entry["id"]]):
            raise errors.invalid(
                f"Quantity {entry['quantity']} is greater than what is left of {entry['id']}."
            )
