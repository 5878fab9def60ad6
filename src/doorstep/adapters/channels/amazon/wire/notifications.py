"""Notifications from the queue: which order changed. Amazon's bodies have no signature; the queue's policy says who may write."""

from __future__ import annotations

import hashlib

import msgspec

from doorstep.kernel import errors, parsing

ORDER_CHANGE = "ORDER_CHANGE"


class Metadata(msgspec.Struct, rename="pascal"):
    """Names the notification; a repeat has the same id."""

    notification_id: str = ""


class OrderChange(msgspec.Struct, rename="pascal"):
    """What changed."""

    amazon_order_id: str
    seller_id: str = ""


class Payload(msgspec.Struct, rename="pascal"):
    """The content, by type."""

    order_change_notification: OrderChange | None = None


class Notification(msgspec.Struct):
    """The envelope."""

    kind: str = msgspec.field(default="", name="NotificationType")
    payload: Payload = msgspec.field(default_factory=Payload, name="Payload")
    metadata: Metadata = msgspec.field(default_factory=Metadata, name="NotificationMetadata")


def event_id(body: bytes) -> str:
    """The notification's own id; a digest where it cannot be read."""
    try:
        found = parsing.read(body, Notification).metadata.notification_id
    except errors.Invalid:
        found = ""
    return f"notification-{found or hashlib.sha256(body).hexdigest()}"


def changed_order(body: bytes) -> str:
    """The order that changed; empty for a notification of another type. Raises Invalid."""
    found = parsing.read(body, Notification)
    if not found.kind:
        raise errors.Invalid("NotificationType is missing.", field="NotificationType")
    if found.kind != ORDER_CHANGE:
        return ""
    if found.payload.order_change_notification is None:
        raise errors.Invalid("Payload has no OrderChangeNotification.", field="Payload")
    return found.payload.order_change_notification.amazon_order_id
