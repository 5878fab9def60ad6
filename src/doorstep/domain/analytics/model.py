"""Derive what screens show from events: time to ship-by, order statuses, and a sentence for every event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.domain.orders.model import HoldReason
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.money import CURRENCIES, Money, text

# Translates a message; without one, sentences stay in English, as the API gives them.
Translate = Callable[[str], str]


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
class TimeLeft:
    """Time left until a parcel should ship; negative when it is late."""

    ship_by: datetime
    left: timedelta

    @property
    def is_late(self) -> bool:
        return self.left < timedelta(0)

    def words(self, translate: Translate = str) -> str:
        """Format the time in its two largest units: 40 min left, 3 h 20 min left, 21 h late, 5 d late."""
        minutes = int(abs(self.left).total_seconds()) // 60
        hours = minutes // 60
        parts = []
        if hours >= 48:  # noqa: PLR2004 - two days
            parts.append(translate(_m("{n} d")).format(n=hours // 24))
        elif hours:
            parts.append(translate(_m("{n} h")).format(n=hours))
        if hours < 6 and (minutes % 60 or not hours):  # noqa: PLR2004 - from there on nobody counts minutes
            parts.append(translate(_m("{n} min")).format(n=minutes % 60))
        sentence = _m("{span} late") if self.is_late else _m("{span} left")
        return translate(sentence).format(span=" ".join(parts))


def time_left(ship_by: datetime | None, *, now: datetime) -> TimeLeft | None:
    """Time left for work that has not shipped; None if there is no such work."""
    return None if ship_by is None else TimeLeft(ship_by, ship_by - now)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a timeline: a sentence about an event, and its data."""

    type: str
    words: str
    actor: str
    trace_id: str
    at: datetime
    data: Mapping[str, object]


_HOLD_WORDS = {
    HoldReason.UNKNOWN_SKU: _m("unknown SKU"),
    HoldReason.BAD_QUANTITY: _m("wrong quantity"),
    HoldReason.UNKNOWN_CURRENCY: _m("unknown currency"),
    HoldReason.TOTALS_DIFFER: _m("totals differ"),
    HoldReason.ADDRESS: _m("address"),
    HoldReason.UNSERVICEABLE: _m("not serviceable"),
    HoldReason.UNPAID: _m("unpaid"),
    HoldReason.NO_LINES: _m("no lines"),
    HoldReason.NOT_RELEASED: _m("not released by the channel"),
    HoldReason.PARTLY_SHIPPED: _m("partly shipped elsewhere"),
    HoldReason.CHANGED_AFTER_RELEASE: _m("changed after release"),
    HoldReason.CANCEL_REQUESTED: _m("the customer asks to cancel"),
    HoldReason.MANUAL: _m("put on hold by a user"),
}

_SENTENCES = {
    "order.placed": _m("Placed through {channel}: {lines} lines, {money}"),
    "order.updated_by_channel": _m("The channel changed the order: {changes}"),
    "order.held": _m("Held: {reasons}"),
    "order.approved": _m("All checks passed"),
    "order.replanned": _m("Re-planned together with other orders: {locations}"),
    "order.allocated": _m("Allocated to {locations}"),
    "order.short": _m("Backordered: {skus}"),
    "promise.made": _m("Promised from incoming supply: {quantity} × {sku} {promised_date}"),
    "promise.supply_changed": _m("Promised date of {sku} moved to {new_date} (was {old_date})"),
    "atp_rule.changed": _m("Availability rule {name} {change}: {reason}"),
    "supply.changed": _m("{document} {change}: {quantity} × {sku} on {eta_date}"),
    "sell_ahead.changed": _m("Sell-ahead of {sku}: {mode}"),
    "promise.changed": _m("Promised date of {sku} changed to {new_date} (was {old_date})"),
    "order.canceled": _m("Canceled: {reason}"),
    "order.completed": _m("Completed: all units are delivered"),
    "order.note_added": _m("Note added"),
    "fulfillment.released": _m("Released to {location}"),
    "fulfillment.recall_requested": _m("Recall requested from {location}: {why}"),
    "fulfillment.recall_declined": _m("{location} declined the recall: {note}"),
    "fulfillment.warehouse_requested": _m("To be sent to the warehouse {location}"),
    "fulfillment.warehouse_cancel_requested": _m("Warehouse {location} is asked to stop: {reason}"),
    "fulfillment.warehouse_cancel_declined": _m("Warehouse {location} cannot stop any more: {note}"),
    "fulfillment.accepted": _m("{location} accepted the work"),
    "fulfillment.picked": _m("{location} picked all units"),
    "fulfillment.packed": _m("{location} packed the parcel"),
    "fulfillment.overdue": _m("{location} has not accepted the work for {open_minutes} open minutes"),
    "fulfillment.rejected": _m("{location} rejected the work: {reason} {note}"),
    "shipment.label_requested": _m("{direction} label requested"),
    "shipment.label_purchased": _m("{direction} label bought from {carrier}: {tracking_number}"),
    "shipment.label_in_doubt": _m("Label purchase not confirmed: {reason}"),
    "shipment.label_failed": _m("{direction} label not bought: {carrier_reason}"),
    "shipment.dispatched": _m("Parcel {tracking_number} shipped"),
    "shipment.tracked": _m("Parcel: {status}"),
    "shipment.delivered": _m("Parcel {tracking_number} delivered"),
    "shipment.tracking_due": _m("The carrier is asked for scans: none came for long"),
    "payment.lookup_due": _m("The payment gateway {gateway} is asked for payment {external_id}"),
    "connection.mapped": _m("Name mapped: {source} is {target}"),
    "connection.connected": _m("{connection} was connected at the vendor: {account}"),
    "stock.publish_due": _m("Stock levels are sent to a sales channel"),
    "payment.captured": _m("Payment of {money} captured"),
    "payment.unclear": _m(
        "Payment {payment_id} may be for this order or for one of another channel with the same id"
    ),
    "refund.requested": _m("Refund of {money} requested"),
    "refund.credited": _m("Refund of {money} paid"),
    "refund.in_doubt": _m("Refund in doubt: {reason}"),
    "refund.failed": _m("The gateway declined the refund: {reason}"),
    "return.created": _m("Return {number} announced: {reason}"),
    "return.in_transit": _m("Return {number} in transit"),
    "return.arrived": _m("Return {number} arrived"),
    "return.received": _m("Return {number} received at {location}"),
    "return.inspected": _m("Return {number} inspected"),
    "return.refunded": _m("Return {number} refunded"),
    "invoice.requested": _m("{kind} requested"),
    "invoice.issued": _m("{kind} {number} issued"),
    "message.requested": _m("Notification by {medium} requested: {template}"),
    "message.sent": _m("Notification by {medium} sent: {template}"),
    "message.failed": _m("Notification by {medium} not delivered: {template}, {reason}"),
    "message.receipt": _m("Notification by {medium}: {template}, {receipt}"),
    "message.in_doubt": _m("Notification by {medium} in doubt: {template}"),
    "message.received": _m("The customer wrote"),
    "message.opted_out": _m("The customer wants no more messages: {source}"),
    "message.opted_in": _m("The customer gets messages again: {source}"),
    "channel.updated": _m("{channel} updated: {what}"),
    "rules.drafted": _m("Rule set {name} drafted: {why}"),
    "rules.activated": _m("Rule set {name} activated: {why}"),
    "rules.rolled_back": _m("Rule set {name} rolled back to version {restores}: {why}"),
    "rules.trial_started": _m("{kind} trial of rule set {name}: {why}"),
    "rules.trial_stopped": _m("{kind} trial of rule set {name} ended: {why}"),
    "network.configured": _m("Calendars, shifts or rates changed: {note}"),
    "carrier.outage_started": _m("Carrier outage at {carrier}: {reason}"),
    "carrier.outage_ended": _m("Carrier outage at {carrier} ended"),
    "location.created": _m("Location {code} created"),
    "location.changed": _m("Location {code} changed"),
    "location.closed": _m("Location {code} closed: {reason}"),
    "location.reopened": _m("Location {code} reopened"),
    "location.paused": _m("Location paused: {reason}"),
    "location.resumed": _m("Location resumed"),
    "stock.adjusted": _m("{sku} adjusted by {change}: {reason}"),
    "stock.released": _m("Cart reservations released: {skus}"),
    "stock.received": _m("{units} units received: {reference}"),
    "stock.condition_changed": _m("Condition of {skus} changed: {reason}"),
    "stock.synced": _m("{source} updated {lines} stock levels"),
    "stock.discrepancy_found": _m("Reserved units were not found: {cause}"),
    "transfer.drafted": _m("Transfer drafted"),
    "transfer.requested": _m("Transfer requested"),
    "transfer.shipped": _m("Transfer shipped with {units} units"),
    "transfer.received": _m("Transfer received. Units: {units}, lost: {lost}, over: {over}"),
    "transfer.canceled": _m("Transfer canceled"),
    "count.opened": _m("{kind} count opened"),
    "count.submitted": _m("Count submitted: {lines} lines, variances: {off}"),
    "count.reopened": _m("Count reopened: {reason}"),
    "count.approved": _m("Count approved. Lines: {lines}, change in units: {change}"),
    "count.canceled": _m("Count canceled"),
    "replenishment.set": _m("Replenishment rules: {written} saved, {removed} removed"),
    "import.ended": _m("{kind} import ended. Rows applied: {applied}, rejected: {bad}"),
}
# How a message reaches the customer, in sentences.
MEDIA = {"email": _m("e-mail"), "whatsapp": _m("WhatsApp"), "sms": _m("SMS")}
# The sentence when the given number is 1.
_SINGULAR = {
    "order.placed": ("lines", _m("Placed through {channel}: 1 line, {money}")),
    "count.submitted": ("lines", _m("Count submitted: 1 line, variances: {off}")),
    "stock.received": ("units", _m("1 unit received: {reference}")),
    "stock.synced": ("lines", _m("{source} updated 1 stock level")),
    "transfer.shipped": ("units", _m("Transfer shipped with 1 unit")),
}


@dataclass(frozen=True, slots=True)
class EventNames:
    """Names for the keys and codes in events: of channels by connection key, of locations by code."""

    channels: Mapping[str, str]
    locations: Mapping[str, str]


CODES = EventNames({}, {})


def describe(
    event_type: str,
    data: Mapping[str, object],
    translate: Translate = str,
    names: EventNames = CODES,
    amount: Callable[[int, str], str] | None = None,
) -> str:
    """The sentence for an event; an unknown type is shown by its name. Without `names` keys and codes stay as they are."""
    known = {key: _text_of(key, value, translate) for key, value in data.items()}
    if event_type.startswith("message."):
        known.setdefault("medium", _text_of("medium", "email", translate))  # events of older versions
    if "total_minor" in data or "amount_minor" in data:
        minor = data.get("total_minor", data.get("amount_minor"))
        known["money"] = (amount or _amount)(int(str(minor)), str(data.get("currency")))
    sentence = _SENTENCES.get(event_type)
    if sentence is None:
        return event_type.replace(".", " ").replace("_", " ").capitalize()
    counter, singular = _SINGULAR.get(event_type, ("", sentence))
    if known.get(counter) == "1":
        sentence = singular
    if "channel" in known:
        known["channel"] = names.channels.get(known["channel"], known["channel"])
    for key in {"location", "locations"} & known.keys():
        codes = known[key].split(", ")
        known[key] = ", ".join(names.locations.get(code, code) for code in codes)
    return translate(sentence).format_map(_MissingAsEmpty(known)).strip().rstrip(":").strip()


def _amount(minor: int, currency: str) -> str:
    """Format an amount; an unknown currency (such an order is on hold) is shown as received."""
    return str(Money(minor, currency)) if currency in CURRENCIES else f"{text(minor, currency)} {currency}"


class _MissingAsEmpty(dict[str, str]):
    """An old event may lack a field that was added later; its sentence is then shorter, not an error."""

    def __missing__(self, key: str) -> str:
        return ""


def _text_of(key: str, value: object, translate: Translate) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_text_of(key, each, translate) for each in value)
    text = "" if value is None else str(value)
    if key.endswith("_date"):
        return text or translate(_m("no date"))
    if key == "medium":
        return translate(MEDIA.get(text, text))
    if key == "reasons":
        return translate(hold_label(text))
    if key in {"kind", "direction"}:
        return translate(text.replace("_", " ").capitalize())
    return (
        translate(text.replace("_", " "))
        if key in {"reason", "receipt", "source", "status", "template", "what"}
        else text
    )


def hold_label(reason: str) -> str:
    """The label of a hold reason, in English."""
    return _HOLD_WORDS.get(HoldReason(reason), reason) if reason in set(HoldReason) else reason
