"""Words of values that are shown as plain text: one table per kind of value, each word in the catalog."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from enum import StrEnum

from doorstep.domain.connections.model import Kind
from doorstep.domain.connections.model.comparison import Fact, Operation
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.model.readiness import Topic
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.fulfillment.model.warehouse import WarehouseState
from doorstep.domain.inventory.model.claims import ClaimOutcome
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.domain.network.model import LocationKind
from doorstep.domain.routing.model.rules import Measure
from doorstep.kernel import i18n
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural

LOCATION_KINDS: Mapping[str, str] = {
    LocationKind.WAREHOUSE: _m("Warehouse"),
    LocationKind.STORE: _m("Store"),
    LocationKind.DARK_STORE: _m("Dark store"),
    LocationKind.THIRD_PARTY: _m("3PL"),
}
ALL_OF_KIND: Mapping[str, str] = {
    LocationKind.WAREHOUSE: _m("All warehouses"),
    LocationKind.STORE: _m("All stores"),
    LocationKind.DARK_STORE: _m("All dark stores"),
    LocationKind.THIRD_PARTY: _m("All 3PLs"),
}
SUPPLY_KINDS: Mapping[str, str] = {
    SupplyKind.PURCHASE_ORDER: _m("Purchase order"),
    SupplyKind.TRANSFER: _m("Transfer"),
    SupplyKind.ASN: _m("Advance shipping notice"),
    SupplyKind.PRODUCTION: _m("Production order"),
}
MAP_KINDS: Mapping[str, str] = {
    MapKind.GATEWAY: _m("Payment gateway"),
    MapKind.SKU: _m("Product"),
    MapKind.LOCATION: _m("Location"),
    MapKind.METHOD: _m("Shipping method"),
    MapKind.STATUS: _m("Parcel status"),
    MapKind.CARRIER: _m("Carrier"),
    MapKind.TAX: _m("Tax"),
}
REJECT_REASONS: Mapping[str, str] = {
    RejectReason.NOT_IN_STOCK: _m("Not found"),
    RejectReason.DAMAGED: _m("Damaged"),
    RejectReason.MISMATCH: _m("Wrong item on the shelf"),
    RejectReason.STORE_CLOSED: _m("Location is closed"),
    RejectReason.RECALLED: _m("Recalled by operations"),
    RejectReason.NO_CAPACITY: _m("No time or people today"),
    RejectReason.NOT_ACCEPTED: _m("Not accepted in time"),
}
COUNT_RESULTS: Mapping[str, str] = {
    ClaimOutcome.APPLIED: _m("Posted"),
    ClaimOutcome.UNCHANGED: _m("No variance"),
    ClaimOutcome.IGNORED: _m("Outdated"),
    ClaimOutcome.CONTRADICTED: _m("Reserved units not found"),
    ClaimOutcome.REFUSED: _m("Rejected"),
}
CONNECTION_KINDS: Mapping[str, str] = {
    Kind.CHANNELS: _m("Channel"),
    Kind.CARRIERS: _m("Carrier"),
    Kind.PAYMENTS: _m("Payments"),
    Kind.ERP: _m("ERP"),
    Kind.MESSENGERS: _m("Messages"),
    Kind.WAREHOUSES: _m("Warehouse"),
}
OPERATIONS: Mapping[str, str] = {
    Operation.CONFIRM_SHIPMENT: _m("Confirm shipment"),
    Operation.REPORT_DELIVERY: _m("Report delivery"),
    Operation.APPROVE_RETURN: _m("Approve return"),
    Operation.CLOSE_RETURN: _m("Close return"),
    Operation.PUBLISH_STOCK: _m("Publish stock level"),
    Operation.BUY_LABEL: _m("Buy label"),
    Operation.POST_DOCUMENT: _m("Post document"),
    Operation.REFUND: _m("Refund"),
    Operation.SEND_MESSAGE: _m("Send message"),
    Operation.SEND_TO_WAREHOUSE: _m("Send to warehouse"),
    Operation.CANCEL_AT_WAREHOUSE: _m("Cancel at warehouse"),
}
# What both sides of a comparison may say.
FACTS: Mapping[str, str] = {
    Fact.TRACKING_NUMBER: _m("Tracking number"),
    Fact.UNITS: _m("Units"),
    Fact.CARRIER: _m("Carrier"),
    Fact.WEIGHT: _m("Weight"),
    Fact.DELIVERED_ON: _m("Delivered on"),
    Fact.AMOUNT: _m("Amount"),
    Fact.DOCUMENT: _m("Document"),
    Fact.LEVEL: _m("Level"),
    Fact.STATE: _m("State"),
    Fact.SUBJECT: _m("Subject"),
}
# What a line of the go-live report is about.
TOPICS: Mapping[str, str] = {
    Topic.SETTINGS: _m("Settings"),
    Topic.CREDENTIALS: _m("Credentials"),
    Topic.TEST: _m("Test"),
    Topic.ADDRESS: _m("Webhook address"),
    Topic.WEBHOOKS: _m("Messages"),
    Topic.FEEDS: _m("Feeds"),
    Topic.HISTORY: _m("History"),
    Topic.NAMES: _m("Names"),
    Topic.ORDERS: _m("Held orders"),
    Topic.FAILURES: _m("Failures"),
    Topic.LIMITS: _m("Limits"),
    Topic.STOCK: _m("Stock levels"),
    Topic.COMPARISON: _m("Comparison"),
    Topic.UNSENT: _m("Kept calls"),
    Topic.TWICE: _m("Same account"),
}
# What a warehouse of a partner has of a fulfillment order.
WAREHOUSE_STATES: Mapping[str, str] = {
    WarehouseState.REQUESTED: _m("It is sent there in a moment."),
    WarehouseState.SENT: _m("It is sent; the warehouse has not acknowledged it."),
    WarehouseState.ACKNOWLEDGED: _m("The warehouse has acknowledged it."),
    WarehouseState.FAILED: _m("It could not be sent: see the dead letters."),
    WarehouseState.REFUSED: _m("The warehouse does not do it."),
    WarehouseState.CANCELING: _m("The warehouse is asked to stop and has not answered."),
    WarehouseState.TOO_LATE: _m("The warehouse can no longer stop it."),
    WarehouseState.CANCELED: _m("The warehouse does not ship it."),
    WarehouseState.SHIPPED: _m("The warehouse has shipped it."),
}
# What an event, or a call for it, is about.
SUBJECTS: Mapping[str, str] = {
    "order": _m("Order"),
    "location": _m("Location"),
    "transfer": _m("Transfer"),
    "count": _m("Count"),
    "import": _m("Import"),
    "network": _m("Network"),
    "rules": _m("Rule set"),
    "atp_rule": _m("Availability rule"),
    "sell_ahead": _m("Sell-ahead policy"),
    "supply": _m("Incoming supply"),
    "supply_promise": _m("Backorder"),
}
MEASURES: Mapping[str, str] = {
    Measure.MISS: _m("Risk of missing the promise"),
    Measure.COST: _m("Cost"),
    Measure.PARCELS: _m("Parcels"),
    Measure.DISTANCE: _m("Distance of the parcels"),
    Measure.UNIT_DISTANCE: _m("Distance of the items"),
    Measure.LEAVES: _m("Ship date"),
    Measure.ARRIVES: _m("Delivery date"),
    Measure.SEQUENCE: _m("Order of the list"),
    Measure.STOCK: _m("Stock"),
    Measure.VELOCITY: _m("Sales per day"),
    Measure.BROKEN_STYLE: _m("Broken sizes"),
    Measure.LOAD: _m("Backlog"),
    Measure.CARBON: _m("CO₂"),
}
RULE_OPTIONS: Mapping[str, str] = {
    "prepaid": _m("prepaid"),
    "on_delivery": _m("cash on delivery"),
    "none": _m("not at all"),
    "lines": _m("by line"),
    "quantity": _m("by quantity"),
    "next_rule": _m("try the next rule"),
    "queue": _m("put in a queue"),
    "backorder": _m("backorder"),
    "customer_care": _m("send to customer care"),
    "cancel": _m("cancel"),
    "at_once": _m("at once"),
    "held": _m("at the end of the hold"),
    "metered": _m("by the capacity of the location"),
    "line": _m("order line"),
    "sku": _m("SKU"),
    "order": _m("order"),
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "location_kind": LOCATION_KINDS,
    "reject_reason": REJECT_REASONS,
    "count_result": COUNT_RESULTS,
    "subject": SUBJECTS,
    "connection_kind": CONNECTION_KINDS,
    "operation": OPERATIONS,
    "fact": FACTS,
    "topic": TOPICS,
    "warehouse_state": WAREHOUSE_STATES,
    "measure": MEASURES,
    "rule_option": RULE_OPTIONS,
}
_SHIFT_UNITS = {
    "orders": plural("{n} order", "{n} orders"),
    "lines": plural("{n} line", "{n} lines"),
    "units": plural("{n} unit", "{n} units"),
}


def label(table: str, value: object) -> str:
    """The word of a value in the user's language; a value that has none is shown as it is."""
    key = value.value if isinstance(value, StrEnum) else str(value)
    return i18n.gettext(TABLES[table].get(key, key))


def document(text: str) -> str:
    """A supply document that is stored as kind and number: Purchase order PO-7."""
    kind, _space, number = text.partition(" ")
    return f"{i18n.gettext(SUPPLY_KINDS.get(kind, kind))} {number}".strip()


_SHORT_DAYS = {
    "mon": _m("Mon"),
    "tue": _m("Tue"),
    "wed": _m("Wed"),
    "thu": _m("Thu"),
    "fri": _m("Fri"),
    "sat": _m("Sat"),
    "sun": _m("Sun"),
}


def day_ranges(days: Iterable[str]) -> str:
    """Weekdays, following ones together: Mon-Sat; Mon, Wed-Fri."""
    wanted = set(days)
    runs = [list(run) for has, run in itertools.groupby(_SHORT_DAYS, key=wanted.__contains__) if has]
    names = [[i18n.gettext(_SHORT_DAYS[day]) for day in run] for run in runs]
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in names)


def shift_units(count: int, unit: str) -> str:
    """How much of a shift's capacity: 3 orders, 1 unit."""
    return i18n.counted(count, *_SHIFT_UNITS[unit])
