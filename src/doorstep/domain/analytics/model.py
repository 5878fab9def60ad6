"""Derive what screens show from events: time to ship-by, order statuses, and a sentence for every event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.domain.orders.model import HoldReason
from doorstep.kernel.money import CURRENCIES, Money, text


class OrderView(StrEnum):
    """The saved views of the order list."""

    ALL = "all"
    ATTENTION = "attention"
    HELD = "held"
    UNALLOCATED = "unallocated"
    IN_FULFILLMENT = "in_fulfillment"
    LATE = "late"
    RETURNS = "returns"


class ReturnStage(StrEnum):
    """The columns of the returns page."""

    ARRIVING = "arriving"
    TO_INSPECT = "to_inspect"
    IN_DOUBT = "in_doubt"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Slack:
    """Time left until a parcel should ship; negative when it is late."""

    ship_by: datetime
    left: timedelta

    @property
    def is_late(self) -> bool:
        return self.left < timedelta(0)

    @property
    def words(self) -> str:
        """Format the time in its two largest units: 40 min left, 3 h 20 min left, 21 h late, 5 d late."""
        minutes = int(abs(self.left).total_seconds()) // 60
        hours = minutes // 60
        if hours >= 48:  # noqa: PLR2004 - two days
            span = f"{hours // 24} d"
        elif hours >= 6:  # noqa: PLR2004 - from here on nobody counts minutes
            span = f"{hours} h"
        else:
            parts = (
                f"{hours} h" if hours else "",
                f"{minutes % 60} min" if minutes % 60 or not hours else "",
            )
            span = " ".join(part for part in parts if part)
        return f"{span} late" if self.is_late else f"{span} left"


def slack(ship_by: datetime | None, *, now: datetime) -> Slack | None:
    """Time left for work that has not shipped; None if there is no such work."""
    return None if ship_by is None else Slack(ship_by, ship_by - now)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a timeline: a sentence about an event, and its data."""

    type: str
    words: str
    actor: str
    trace_id: str
    at: datetime
    data: Mapping[str, object]


_HOLD_WORDS = {
    HoldReason.UNKNOWN_SKU: "unknown SKU",
    HoldReason.BAD_QUANTITY: "wrong quantity",
    HoldReason.UNKNOWN_CURRENCY: "unknown currency",
    HoldReason.TOTALS_DIFFER: "totals differ",
    HoldReason.ADDRESS: "address",
    HoldReason.UNSERVICEABLE: "not serviceable",
    HoldReason.UNPAID: "unpaid",
    HoldReason.NO_LINES: "no lines",
    HoldReason.CHANGED_AFTER_RELEASE: "changed after release",
    HoldReason.MANUAL: "put on hold by a user",
}

_SENTENCES = {
    "order.placed": "Placed through {channel}: {lines} lines, {money}",
    "order.updated_by_channel": "The channel changed the order: {changes}",
    "order.held": "Held: {reasons}",
    "order.approved": "Approved: every check passed",
    "order.replanned": "Re-planned together with other orders: {locations}",
    "order.allocated": "Allocated to {locations}",
    "order.short": "Backordered: {skus}",
    "promise.made": "Promised from incoming supply: {quantity} × {sku} {promised_date}",
    "promise.supply_changed": "Promised date of {sku} moved to {new_date} (was {old_date})",
    "atp_rule.changed": "Availability rule {name} {change}: {reason}",
    "supply.changed": "{document} {change}: {quantity} × {sku} on {eta_date}",
    "sell_ahead.changed": "Sell-ahead of {sku}: {mode}",
    "promise.changed": "Promised date of {sku} changed to {new_date} (was {old_date})",
    "order.canceled": "Canceled: {reason}",
    "order.completed": "Completed: all units are delivered",
    "order.note_added": "Note added",
    "fulfillment.released": "Released to {location}",
    "fulfillment.recall_requested": "Recall requested from {location}: {why}",
    "fulfillment.recall_declined": "{location} declined the recall: {note}",
    "fulfillment.accepted": "{location} accepted the work",
    "fulfillment.picked": "{location} picked all units",
    "fulfillment.packed": "{location} packed the parcel",
    "fulfillment.overdue": "{location} has not accepted the work for {open_minutes} open minutes ({stage})",
    "fulfillment.rejected": "{location} rejected the work: {reason} {note}",
    "shipment.label_requested": "{direction} label requested",
    "shipment.label_purchased": "{direction} label bought from {carrier}: {tracking_number}",
    "shipment.label_in_doubt": "Label purchase in doubt: {reason}",
    "shipment.dispatched": "Parcel {tracking_number} dispatched",
    "shipment.tracked": "Parcel: {status}",
    "shipment.delivered": "Parcel {tracking_number} delivered",
    "payment.captured": "Payment of {money} captured",
    "payment.unclear": "Payment {payment_id} may be for this order or for one of another channel with the same id",
    "refund.requested": "Refund of {money} requested",
    "refund.credited": "Refund of {money} paid",
    "refund.in_doubt": "Refund in doubt: {reason}",
    "refund.failed": "The gateway declined the refund: {reason}",
    "return.created": "Return {number} announced: {reason}",
    "return.in_transit": "Return {number} in transit",
    "return.arrived": "Return {number} arrived",
    "return.received": "Return {number} received at {location}",
    "return.inspected": "Return {number} inspected",
    "return.refunded": "Return {number} refunded",
    "invoice.requested": "{kind} requested",
    "invoice.issued": "{kind} {number} issued",
    "message.sent": "Notification sent: {template}",
    "message.in_doubt": "Notification in doubt: {template}",
    "channel.updated": "{channel} updated: {what}",
    "rules.drafted": "Rule set {name} drafted: {why}",
    "rules.activated": "Rule set {name} activated: {why}",
    "rules.rolled_back": "Rule set {name} rolled back to version {restores}: {why}",
    "rules.trial_started": "{kind} trial of rule set {name}: {why}",
    "rules.trial_stopped": "{kind} trial of rule set {name} ended: {why}",
    "network.configured": "Calendars, shifts or rates changed: {note}",
    "carrier.outage_started": "Carrier outage at {carrier}: {reason}",
    "carrier.outage_ended": "Carrier outage at {carrier} ended",
    "location.created": "Location {code} created",
    "location.changed": "Location {code} changed",
    "location.closed": "Location {code} closed: {reason}",
    "location.reopened": "Location {code} reopened",
    "location.paused": "Location paused: {reason}",
    "location.resumed": "Location resumed",
    "stock.adjusted": "{sku} adjusted by {change}: {reason}",
    "stock.released": "Cart reservations released: {skus}",
    "stock.received": "{pieces} units received: {reference}",
    "stock.condition_changed": "Condition of {skus} changed: {reason}",
    "stock.synced": "{source} updated {lines} stock levels",
    "stock.discrepancy_found": "Reserved units were not found: {cause}",
    "transfer.drafted": "Transfer drafted",
    "transfer.requested": "Transfer requested",
    "transfer.shipped": "Transfer shipped with {pieces} units",
    "transfer.received": "Transfer received: {pieces} units, {lost} lost, {over} over",
    "transfer.canceled": "Transfer canceled",
    "count.opened": "{kind} count opened",
    "count.submitted": "Count submitted: {off} of {lines} lines differ",
    "count.reopened": "Count reopened: {reason}",
    "count.approved": "Count approved: {lines} lines, {change} units",
    "count.canceled": "Count canceled",
    "replenishment.set": "Replenishment rules: {written} saved, {removed} removed",
    "import.ended": "{kind} import: {applied} rows applied, {bad} rejected",
}


def words_of(event_type: str, data: Mapping[str, object]) -> str:
    """The sentence for an event; a type without one is shown by its name, so that nothing is hidden."""
    known = {key: _spoken(key, value) for key, value in data.items()}
    if "total_minor" in data or "amount_minor" in data:
        minor = data.get("total_minor", data.get("amount_minor"))
        known["money"] = _amount(int(str(minor)), str(data.get("currency")))
    sentence = _SENTENCES.get(event_type)
    if sentence is None:
        return event_type.replace(".", " ").replace("_", " ").capitalize()
    if event_type == "order.placed" and known.get("lines") == "1":
        sentence = sentence.replace("{lines} lines", "1 line")
    return sentence.format_map(_Forgiving(known)).strip().rstrip(":").strip()


def _amount(minor: int, currency: str) -> str:
    """Format an amount; an unknown currency (such an order is on hold) is shown as received."""
    return str(Money(minor, currency)) if currency in CURRENCIES else f"{text(minor, currency)} {currency}"


class _Forgiving(dict[str, str]):
    """An old event may lack a field that was added later; its sentence is then shorter, not an error."""

    def __missing__(self, key: str) -> str:
        return ""


def _spoken(key: str, value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_spoken(key, each) for each in value)
    text = "" if value is None else str(value)
    if key.endswith("_date"):
        return text or "no date"
    if key == "reasons":
        return hold_words(text)
    if key in {"kind", "direction"}:
        return text.replace("_", " ").capitalize()
    return text.replace("_", " ") if key in {"reason", "status", "template", "what"} else text


def hold_words(reason: str) -> str:
    """The label of a hold reason."""
    return _HOLD_WORDS.get(HoldReason(reason), reason) if reason in set(HoldReason) else reason
