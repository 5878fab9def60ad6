"""What screens derive from facts: ship-by slack, headlines from counters, and every fact in a person's words."""

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
    """How long is left until a parcel should leave; negative when it is late."""

    ship_by: datetime
    left: timedelta

    @property
    def is_late(self) -> bool:
        return self.left < timedelta(0)

    @property
    def words(self) -> str:
        """The units that matter: 40 min left, 3 h 20 min left, 21 h late, 5 d late."""
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
    """The slack of work that is still to leave; None where nothing waits."""
    return None if ship_by is None else Slack(ship_by, ship_by - now)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a timeline: what happened, in words, with the data behind it."""

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
    HoldReason.MANUAL: "held by a person",
}

_SENTENCES = {
    "order.placed": "Placed through {channel}: {lines} lines, {money}",
    "order.updated_by_channel": "The channel changed the order: {changes}",
    "order.held": "Held: {reasons}",
    "order.approved": "Approved: every check passed",
    "order.replanned": "Planned again with other orders: {locations}",
    "order.allocated": "Allocated to {locations}",
    "order.short": "Short of {skus}: waiting for stock",
    "promise.made": "Promised from supply that is to come: {quantity} × {sku} {promised_date}",
    "promise.supply_changed": "Promise of {sku} moved to {new_date} (was {old_date})",
    "atp_rule.changed": "Availability rule {name} {change}: {reason}",
    "supply.changed": "{document} {change}: {quantity} × {sku} on {eta_date}",
    "sell_ahead.changed": "{sku} sold ahead: {mode}",
    "promise.changed": "Another day for {sku}: {new_date} (was {old_date})",
    "order.canceled": "Canceled: {reason}",
    "order.completed": "Completed: everything wanted is delivered",
    "order.note_added": "Note added",
    "fulfillment.released": "{location} was given the work",
    "fulfillment.recall_requested": "{location} was asked to give the work back: {why}",
    "fulfillment.recall_declined": "{location} keeps the work: {note}",
    "fulfillment.accepted": "{location} accepted the work",
    "fulfillment.picked": "{location} picked every piece",
    "fulfillment.packed": "{location} closed the box",
    "fulfillment.overdue": "{location} has let the work lie for {open_minutes} open minutes ({stage})",
    "fulfillment.rejected": "{location} rejected the work: {reason} {note}",
    "shipment.label_requested": "{direction} label requested",
    "shipment.label_purchased": "{direction} label bought from {carrier}: {tracking_number}",
    "shipment.label_in_doubt": "Nobody can say whether the label was bought: {reason}",
    "shipment.dispatched": "Parcel {tracking_number} left the building",
    "shipment.tracked": "Parcel: {status}",
    "shipment.delivered": "Parcel {tracking_number} delivered",
    "payment.captured": "Payment of {money} arrived",
    "refund.requested": "Refund of {money} is due",
    "refund.credited": "Refund of {money} credited",
    "refund.in_doubt": "Nobody can say whether the refund moved: {reason}",
    "refund.failed": "The gateway refused the refund: {reason}",
    "return.created": "Return {number} announced: {reason}",
    "return.in_transit": "Return {number} is on its way",
    "return.arrived": "Return {number} arrived",
    "return.received": "Return {number} received at {location}",
    "return.inspected": "Return {number} inspected",
    "return.refunded": "Return {number}: returned and refunded",
    "invoice.requested": "{kind} requested",
    "invoice.issued": "{kind} {number} issued",
    "message.sent": "Customer told: {template}",
    "message.in_doubt": "Nobody can say whether this message went out: {template}",
    "channel.updated": "{channel} told: {what}",
    "rules.drafted": "Rule set {name} drafted: {why}",
    "rules.activated": "Rule set {name} decides from now on: {why}",
    "rules.rolled_back": "Rule set {name} rolled back to version {restores}: {why}",
    "rules.trial_started": "{kind} trial of rule set {name}: {why}",
    "rules.trial_stopped": "{kind} trial of rule set {name} ended: {why}",
    "network.configured": "Calendars, shifts or tariffs changed: {note}",
    "carrier.outage_started": "{carrier} gets no parcels: {reason}",
    "carrier.outage_ended": "{carrier} gets parcels again",
    "location.created": "Location {code} created",
    "location.changed": "Location {code} changed",
    "location.closed": "Location {code} closed: {reason}",
    "location.reopened": "Location {code} reopened",
    "location.paused": "Nothing is routed to the location: {reason}",
    "location.resumed": "The location gets work again",
    "stock.adjusted": "{sku} corrected by {change}: {reason}",
    "stock.released": "Carts let go of {skus}",
    "stock.received": "{pieces} pieces received: {reference}",
    "stock.condition_changed": "Condition of {skus} changed: {reason}",
    "stock.synced": "{source} told of {lines} positions",
    "stock.discrepancy_found": "Reserved pieces were not found: {cause}",
    "transfer.drafted": "Transfer drafted",
    "transfer.requested": "Transfer requested",
    "transfer.shipped": "Transfer left with {pieces} pieces",
    "transfer.received": "Transfer received: {pieces} pieces, {lost} lost, {over} over",
    "transfer.canceled": "Transfer canceled",
    "count.opened": "A {kind} count was opened",
    "count.submitted": "Count handed in: {off} of {lines} lines are off",
    "count.reopened": "Count sent back: {reason}",
    "count.approved": "Count approved: {lines} lines, {change} pieces",
    "count.canceled": "Count canceled",
    "replenishment.set": "Replenishment rules: {written} written, {removed} removed",
    "import.ended": "File of {kind}: {applied} rows applied, {bad} refused",
}


def words_of(event_type: str, data: Mapping[str, object]) -> str:
    """The sentence for a fact; a type without one is told by its name, so that nothing is hidden."""
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
    """Money in words; a currency that we do not know (such an order is held) is told as it came."""
    return str(Money(minor, currency)) if currency in CURRENCIES else f"{text(minor, currency)} {currency}"


class _Forgiving(dict[str, str]):
    """An old fact may lack a field that was added later; its sentence is then shorter, not an error."""

    def __missing__(self, key: str) -> str:
        return ""


def _spoken(key: str, value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_spoken(key, each) for each in value)
    text = "" if value is None else str(value)
    if key.endswith("_date"):
        return text or "no day"
    if key == "reasons":
        return hold_words(text)
    if key in {"kind", "direction"}:
        return text.replace("_", " ").capitalize()
    return text.replace("_", " ") if key in {"reason", "status", "template", "what"} else text


def hold_words(reason: str) -> str:
    """A hold's reason in two words."""
    return _HOLD_WORDS.get(HoldReason(reason), reason) if reason in set(HoldReason) else reason
