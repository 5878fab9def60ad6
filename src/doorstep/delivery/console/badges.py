"""Statuses as people see them: a word, a meaning and an icon, each kind of status in a table of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from doorstep.domain.analytics.model import TimeLeft
from doorstep.domain.connections.model import Mode, ReadingState, Standing
from doorstep.domain.connections.model.comparison import Result
from doorstep.domain.connections.model.readiness import Readiness
from doorstep.domain.fulfillment.model import State
from doorstep.domain.inventory.model import Condition, MovementType
from doorstep.domain.notifications.model import MessageState, ReceiptState
from doorstep.domain.orders.model import OrderStatus
from doorstep.domain.payments.model import PaymentStatus, RefundState
from doorstep.domain.returns.model import Disposition, Grade, RefundProgress, ReturnLocation
from doorstep.domain.shipping.model import LabelState, TrackingStatus
from doorstep.kernel import i18n
from doorstep.kernel.i18n import mark as _m


@dataclass(frozen=True, slots=True)
class Badge:
    """A status: word, meaning (neutral, info, progress, success, attention, danger) and icon."""

    word: str
    meaning: str = "neutral"
    icon: str = "circle"


_URGENT = timedelta(hours=2)


def _neutral(word: str) -> Badge:
    return Badge(word, "neutral", "circle")


def _info(word: str) -> Badge:
    return Badge(word, "info", "calendar")


def _progress(word: str) -> Badge:
    return Badge(word, "progress", "half")


def _success(word: str) -> Badge:
    return Badge(word, "success", "check")


def _attention(word: str) -> Badge:
    return Badge(word, "attention", "eye")


def _danger(word: str) -> Badge:
    return Badge(word, "danger", "alert")


ORDER: Mapping[str, Badge] = {
    OrderStatus.CREATED: _neutral(_m("Created")),
    OrderStatus.ALLOCATED: _info(_m("Allocated")),
    OrderStatus.SHORT: Badge(_m("Backordered"), "attention", "layers"),
    OrderStatus.HELD: Badge(_m("Held"), "attention", "hand"),
    OrderStatus.IN_FULFILLMENT: _progress(_m("In fulfillment")),
    OrderStatus.SHIPPED: Badge(_m("Shipped"), "progress", "box"),
    OrderStatus.COMPLETED: _success(_m("Completed")),
    OrderStatus.RETURNED: Badge(_m("Returned"), "neutral", "return"),
    OrderStatus.CANCELED: Badge(_m("Canceled"), "neutral", "cross"),
}
FULFILLMENT: Mapping[str, Badge] = {
    State.PLANNED: _neutral(_m("Planned")),
    State.OPEN: _info(_m("To accept")),
    State.ACCEPTED: _progress(_m("To pick")),
    State.PICKED: _progress(_m("To pack")),
    State.PACKED: _progress(_m("To ship")),
    State.SHIPPED: _success(_m("Shipped")),
    State.REJECTED: _danger(_m("Rejected")),
    State.CANCELED: Badge(_m("Canceled"), "neutral", "cross"),
}
ORDER_PAYMENT: Mapping[str, Badge] = {
    "paid": _success(_m("Paid")),
    "unpaid": _attention(_m("Unpaid")),
    "on_delivery": Badge(_m("Cash on delivery"), "info", "money"),
    "refunded": Badge(_m("Refunded"), "neutral", "return"),
    "partly_refunded": Badge(_m("Partly refunded"), "neutral", "return"),
}
PAYMENT: Mapping[str, Badge] = {
    PaymentStatus.PENDING: _neutral(_m("Pending")),
    PaymentStatus.AUTHORIZED: _info(_m("Authorized")),
    PaymentStatus.CAPTURED: _success(_m("Captured")),
    PaymentStatus.FAILED: _danger(_m("Failed")),
}
REFUND: Mapping[str, Badge] = {
    RefundState.REQUESTED: _progress(_m("Requested")),
    RefundState.SUCCEEDED: _success(_m("Credited")),
    RefundState.FAILED: _danger(_m("Failed")),
    RefundState.IN_DOUBT: _danger(_m("In doubt")),
}
LABEL: Mapping[str, Badge] = {
    LabelState.REQUESTED: _progress(_m("Label requested")),
    LabelState.PURCHASED: _success(_m("Label ready")),
    LabelState.FAILED: _danger(_m("Label rejected")),
    LabelState.IN_DOUBT: _danger(_m("Label not confirmed")),
    LabelState.VOIDED: _neutral(_m("Label voided")),
}
TRACKING: Mapping[str, Badge] = {
    TrackingStatus.CREATED: _neutral(_m("Label requested")),
    TrackingStatus.LABEL_PURCHASED: _info(_m("Waiting for pickup")),
    TrackingStatus.PICKED_UP: _progress(_m("Picked up")),
    TrackingStatus.IN_TRANSIT: _progress(_m("In transit")),
    TrackingStatus.OUT_FOR_DELIVERY: _progress(_m("Out for delivery")),
    TrackingStatus.FAILED_ATTEMPT: _danger(_m("Delivery failed")),
    TrackingStatus.EXCEPTION: _danger(_m("Carrier problem")),
    TrackingStatus.DELIVERED: _success(_m("Delivered")),
    "lost": _danger(_m("Lost")),
    "damaged": _danger(_m("Damaged")),
    TrackingStatus.RTO_INITIATED: _attention(_m("Returning to sender")),
    TrackingStatus.RTO_IN_TRANSIT: _attention(_m("Returning to sender")),
    TrackingStatus.RTO_DELIVERED: _attention(_m("Returned to sender")),
    "return_delivered": _success(_m("Return delivered")),
}
INVOICE: Mapping[str, Badge] = {
    "requested": _progress(_m("Requested")),
    "issued": _success(_m("Issued")),
    "failed": _danger(_m("Failed")),
}
MESSAGE: Mapping[str, Badge] = {
    MessageState.REQUESTED: _progress(_m("Queued")),
    MessageState.SENDING: _progress(_m("Sending")),
    MessageState.SENT: _success(_m("Sent")),
    MessageState.FAILED: _danger(_m("Failed")),
    MessageState.IN_DOUBT: _danger(_m("In doubt")),
}
RECEIPT: Mapping[str, Badge] = {
    ReceiptState.SENT: _success(_m("Sent")),
    ReceiptState.FAILED: _danger(_m("Not delivered")),
    ReceiptState.DELIVERED: _success(_m("Delivered")),
    ReceiptState.READ: _success(_m("Read")),
}
RETURN: Mapping[str, Badge] = {
    ReturnLocation.ADVISED: _neutral(_m("Announced")),
    ReturnLocation.IN_TRANSIT: _progress(_m("In transit")),
    ReturnLocation.ARRIVED: _attention(_m("Arrived")),
    ReturnLocation.RECEIVED: _attention(_m("To inspect")),
    ReturnLocation.INSPECTED: _success(_m("Inspected")),
    ReturnLocation.NOT_RETURNED: _danger(_m("Not returned")),
}
RETURN_MONEY: Mapping[str, Badge] = {
    RefundProgress.PENDING: _neutral(_m("Not due yet")),
    RefundProgress.TRIGGERED: Badge(_m("Refund requested"), "progress", "money"),
    RefundProgress.REFUNDED: Badge(_m("Refunded"), "success", "money"),
    RefundProgress.IN_DOUBT: Badge(_m("Refund to check"), "danger", "money"),
    RefundProgress.DENIED: _neutral(_m("Refund denied")),
}
RETURN_REFUND: Mapping[str, Badge] = {
    RefundState.FAILED: Badge(_m("Refund failed"), "danger", "alert"),
    RefundState.IN_DOUBT: Badge(_m("Refund in doubt"), "danger", "eye"),
}
MODE: Mapping[str, Badge] = {
    Mode.LIVE: _success(_m("Live")),
    Mode.SHADOW: _info(_m("Shadow")),
    Mode.OFF: _neutral(_m("Off")),
}
COMPARISON: Mapping[str, Badge] = {
    Result.SAME: _success(_m("Same")),
    Result.DIFFERENT: _danger(_m("Different")),
    Result.ONLY_OURS: _attention(_m("Only ours")),
    Result.ONLY_THEIRS: Badge(_m("Only theirs"), "attention", "layers"),
    Result.OPEN: Badge(_m("Not comparable yet"), "neutral", "clock"),
}
READINESS: Mapping[str, Badge] = {
    Readiness.READY: _success(_m("Ready")),
    Readiness.ATTENTION: _attention(_m("Needs attention")),
    Readiness.BLOCKED: _danger(_m("Blocks")),
}
FEED: Mapping[str, Badge] = {
    ReadingState.RUNNING: _success(_m("Running")),
    ReadingState.PAUSED: _attention(_m("Paused")),
    ReadingState.DONE: _neutral(_m("Done")),
    ReadingState.CANCELED: _neutral(_m("Canceled")),
}
FILE_TRANSFER: Mapping[str, Badge] = {
    "seen": _info(_m("Seen")),
    "waiting": _info(_m("Waiting")),
    "reading": _info(_m("Being read")),
    "read": _success(_m("Read")),
    "skipped": _neutral(_m("Skipped")),
    "failed": _danger(_m("Failed")),
    "writing": _info(_m("To be written")),
    "written": _success(_m("Written")),
}
STORED_MESSAGE: Mapping[str, Badge] = {
    "waiting": _info(_m("Waiting")),
    "read": _success(_m("Read")),
    "failed": _danger(_m("Failed")),
}
ERROR: Mapping[str, Badge] = {
    "transient": Badge(_m("Temporary"), "attention", "clock"),
    "data": _danger(_m("Invalid data")),
    "auth": Badge(_m("Credentials"), "danger", "plug"),
    "bug": _danger(_m("Internal error")),
}
FEED_LINE: Mapping[str, Badge] = {
    "contradicted": _danger(_m("Discrepancy")),
    "refused": _danger(_m("Rejected")),
    "ignored": Badge(_m("Outdated"), "neutral", "clock"),
}
ACCESS: Mapping[str, Badge] = {
    "active": _success(_m("Active")),
    "inactive": _neutral(_m("Deactivated")),
    "revoked": _neutral(_m("Revoked")),
}
CONDITION: Mapping[str, Badge] = {
    Condition.NEW: _neutral(_m("New")),
    Condition.B_GRADE: _neutral(_m("B-grade")),
    Condition.QUARANTINE: _attention(_m("Quarantine")),
    Condition.DAMAGED: _danger(_m("Damaged")),
    Condition.IN_TRANSIT: _progress(_m("In transit")),
}
MOVEMENT: Mapping[str, Badge] = {
    MovementType.RECEIVED: _neutral(_m("Received")),
    MovementType.RESERVED: _neutral(_m("Reserved")),
    MovementType.RELEASED: _neutral(_m("Released")),
    MovementType.SHIPPED: _neutral(_m("Shipped")),
    MovementType.ADJUSTED: _neutral(_m("Adjusted")),
    MovementType.TRANSFERRED: _neutral(_m("Transferred")),
    MovementType.RETURNED: _neutral(_m("Returned")),
    MovementType.EXPECTED: _neutral(_m("Expected")),
    MovementType.REGRADED: _neutral(_m("Condition changed")),
    MovementType.COUNTED: _neutral(_m("Counted")),
    MovementType.SYNCHRONIZED: _neutral(_m("Synchronized")),
}
GRADE: Mapping[str, Badge] = {
    Grade.NEW: _success(_m("As new")),
    Grade.B_GRADE: _neutral(_m("B-grade")),
    Grade.DAMAGED: _danger(_m("Damaged")),
    Grade.WRONG_ITEM: _attention(_m("Wrong item")),
}
DISPOSITION: Mapping[str, Badge] = {
    Disposition.RESTOCK: _success(_m("Restock")),
    Disposition.QUARANTINE: _attention(_m("Quarantine")),
    Disposition.SCRAP: _danger(_m("Scrap")),
}
SIGN_IN: Mapping[str, Badge] = {
    Standing.CONNECTED: _success(_m("Connected")),
    Standing.SETTINGS: _neutral(_m("Token from the settings")),
    Standing.NEVER: _attention(_m("Not connected")),
    Standing.ENDED: _danger(_m("Connect again")),
}
SUBJECTS: Mapping[str, Mapping[str, Badge]] = {
    "order": ORDER,
    "fulfillment": FULFILLMENT,
    "order_payment": ORDER_PAYMENT,
    "payment": PAYMENT,
    "refund": REFUND,
    "label": LABEL,
    "tracking": TRACKING,
    "invoice": INVOICE,
    "message": MESSAGE,
    "receipt": RECEIPT,
    "return": RETURN,
    "return_money": RETURN_MONEY,
    "mode": MODE,
    "comparison": COMPARISON,
    "sign_in": SIGN_IN,
    "readiness": READINESS,
    "feed": FEED,
    "file_transfer": FILE_TRANSFER,
    "stored_message": STORED_MESSAGE,
    "error": ERROR,
    "feed_line": FEED_LINE,
    "access": ACCESS,
    "condition": CONDITION,
    "movement": MOVEMENT,
    "grade": GRADE,
    "disposition": DISPOSITION,
}


def badge(subject: str, status: object) -> Badge:
    """The badge of a status; one that has none is shown as it is written."""
    key = status.value if isinstance(status, StrEnum) else str(status)
    return SUBJECTS[subject].get(key) or _neutral(key.replace("_", " ").capitalize())


def label(subject: str, status: object) -> str:
    """The word of a status in the user's language, for texts and tables where a badge would be too loud."""
    return i18n.gettext(badge(subject, status).word)


def time_left(found: TimeLeft) -> Badge:
    """How long is left until work should leave: red when late, amber in the last two hours."""
    meaning = "danger" if found.is_late else ("attention" if found.left < _URGENT else "neutral")
    return Badge(found.words(i18n.gettext), meaning, "clock")
