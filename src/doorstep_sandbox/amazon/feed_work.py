"""What feeds do: ship orders (XML) and change listings (JSON), with a report on every message."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from doorstep_sandbox.amazon import errors, feeds, shipments
from doorstep_sandbox.frame.calls import VendorError
from doorstep_sandbox.frame.wire import Json, compact

OPERATIONS = ("DELETE", "PARTIAL_UPDATE", "UPDATE", "PATCH")
PATCH_OPERATIONS = ("add", "replace", "merge", "delete")
NOT_LISTED = "This SKU does not exist in the Amazon catalog. Your inventory data was not processed."


def ship(state: Json, feed_id: str, content: bytes) -> tuple[bytes, list[Json]]:
    """POST_ORDER_FULFILLMENT_DATA: the report, and the orders that changed. Raises ParseError or ValueError."""
    envelope = ET.fromstring(content)  # noqa: S314 - a test server reads what its own tests send
    if envelope.findtext("MessageType") != "OrderFulfillment":
        message = "not an envelope of OrderFulfillment messages"
        raise ValueError(message)
    problems: list[tuple[str, str, str]] = []
    changed: list[Json] = []
    messages = envelope.findall("Message")
    for message_ in messages:
        number, body = message_.findtext("MessageID", ""), message_.find("OrderFulfillment")
        order_id = (body.findtext("AmazonOrderID") if body is not None else "") or ""
        try:
            order = _order(state, order_id)
            shipments.confirm(order, _confirmation(order, body))
            changed.append(order)
        except VendorError as refusal:
            problems.append((number, order_id, feeds.issues_of(refusal)))
    return _report(feed_id, envelope, len(messages), problems), changed


def _order(state: Json, order_id: str) -> Json:
    order: Json | None = state["orders"].get(order_id)
    if order is None:
        raise errors.invalid(f"The order {order_id} does not exist or is not yours.")
    return order


def _confirmation(order: Json, body: ET.Element | None) -> Json:
    """The message as a shipment confirmation; without items the whole order is shipped."""
    if body is None:
        raise errors.invalid("The message has no OrderFulfillment.")
    data = "FulfillmentData/"
    code = body.findtext(data + "CarrierCode") or "Other"
    named = [
        {"orderItemId": item.findtext("AmazonOrderItemCode"), "quantity": int(item.findtext("Quantity", "1"))}
        for item in body.findall("Item")
    ]
    everything = [
        {"orderItemId": item["id"], "quantity": item["quantity"] - item["shipped"]}
        for item in order["items"]
        if item["quantity"] > item["shipped"]
    ]
    return {
        "marketplaceId": order["marketplace"],
        "packageDetail": {
            "packageReferenceId": body.findtext("MerchantFulfillmentID") or str(len(order["packages"]) + 1),
            "carrierCode": code,
            "carrierName": body.findtext(data + "CarrierName"),
            "shippingMethod": body.findtext(data + "ShippingMethod", ""),
            "trackingNumber": body.findtext(data + "ShipperTrackingNumber", ""),
            "shipDate": body.findtext("FulfillmentDate", ""),
            "orderItems": named or everything,
        },
    }


def _report(feed_id: str, envelope: ET.Element, total: int, problems: list[tuple[str, str, str]]) -> bytes:
    root = ET.Element("AmazonEnvelope")
    header = ET.SubElement(root, "Header")
    _add(header, "DocumentVersion", "1.02")
    _add(header, "MerchantIdentifier", envelope.findtext("Header/MerchantIdentifier", ""))
    _add(root, "MessageType", "ProcessingReport")
    message = ET.SubElement(root, "Message")
    _add(message, "MessageID", "1")
    report = ET.SubElement(message, "ProcessingReport")
    _add(report, "DocumentTransactionID", feed_id)
    _add(report, "StatusCode", "Complete")
    summary = ET.SubElement(report, "ProcessingSummary")
    _add(summary, "MessagesProcessed", str(total))
    _add(summary, "MessagesSuccessful", str(total - len(problems)))
    _add(summary, "MessagesWithError", str(len(problems)))
    _add(summary, "MessagesWithWarning", "0")
    for number, order_id, problem in problems:
        result = ET.SubElement(report, "Result")
        _add(result, "MessageID", number)
        _add(result, "ResultCode", "Error")
        _add(result, "ResultMessageCode", "18028")
        _add(result, "ResultDescription", problem)
        _add(ET.SubElement(result, "AdditionalInfo"), "AmazonOrderID", order_id)
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def list_items(state: Json, seller_id: str, feed_id: str, content: bytes) -> bytes:
    """JSON_LISTINGS_FEED: the processing report, version 2. Raises ValueError for another document."""
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("header", {}).get("version") != "2.0":
        message = "not a listings feed of version 2.0"
        raise ValueError(message)
    if document["header"].get("sellerId") != seller_id:
        message = "a feed of another seller"
        raise ValueError(message)
    issues: list[Json] = []
    for message_ in document["messages"]:
        issues += [_issue(message_, code, text) for code, text in _apply(state["listings"], message_)]
    invalid = {issue["messageId"] for issue in issues}
    processed = len(document["messages"])
    summary = {
        "errors": len(issues),
        "warnings": 0,
        "messagesProcessed": processed,
        "messagesAccepted": processed - len(invalid),
        "messagesInvalid": len(invalid),
    }
    header = {"sellerId": seller_id, "version": "2.0", "feedId": feed_id}
    return compact({"header": header, "issues": issues, "summary": summary})


def _issue(message: Json, code: str, text: str) -> Json:
    return {
        "messageId": message.get("messageId"),
        "sku": str(message.get("sku", "")),
        "code": code,
        "severity": "ERROR",
        "message": text,
    }


def _apply(listings: Json, message: Json) -> list[tuple[str, str]]:
    """Change one listing; or say what is wrong with the message."""
    sku, operation = message.get("sku"), message.get("operationType")
    if not sku or operation not in OPERATIONS:
        return [("4000001", "The message needs a 'sku' and one of the operation types.")]
    if operation == "DELETE":
        listings.pop(sku, None)
        return []
    if not message.get("productType"):
        return [("4000001", "'productType' is required but not supplied.")]
    if operation != "UPDATE" and sku not in listings:
        return [("13013", NOT_LISTED)]
    if operation == "PATCH":
        values = _patched(message)
        if isinstance(values, str):
            return [("4000003", values)]
    else:
        values = message.get("attributes", {}).get("fulfillment_availability", [])
    return _set_quantity(listings.setdefault(sku, {"quantity": 0}), values)


def _patched(message: Json) -> list[Json] | str:
    patches = message.get("patches") or []
    if not patches:
        return "'patches' is required but not supplied."
    values: list[Json] = []
    for patch in patches:
        if patch.get("op") not in PATCH_OPERATIONS:
            return f"The patch operation '{patch.get('op')}' is not supported."
        if patch.get("path") == "/attributes/fulfillment_availability":
            values += patch.get("value", [])
    return values


def _set_quantity(listing: Json, values: list[Json]) -> list[tuple[str, str]]:
    for value in values:
        if value.get("fulfillment_channel_code") != "DEFAULT":
            continue
        quantity = value.get("quantity")
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 0:
            return [("90220", "'fulfillment_availability.quantity' must be a number of at least 0.")]
        listing["quantity"] = quantity
    return []
