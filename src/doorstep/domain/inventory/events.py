"""Events of stock, apart from orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A person or a feed corrected a counter."""

    type: ClassVar[str] = "stock.adjusted"
    stream: ClassVar[str] = "location"
    location_id: int
    sku: str
    condition: str
    change: int
    reason: str


@dataclass(frozen=True, slots=True)
class PublishDue:
    """A sales channel is to get the stock levels that it does not have."""

    type: ClassVar[str] = "stock.publish_due"
    stream: ClassVar[str] = "connection"
    connection_id: int


@dataclass(frozen=True, slots=True)
class Released:
    """Cart reservations of these SKUs ended: orders that wait for them may be routed."""

    type: ClassVar[str] = "stock.released"
    stream: ClassVar[str] = "network"
    skus: tuple[str, ...]
    network_id: int = 1


@dataclass(frozen=True, slots=True)
class RuleChanged:
    """An availability rule was created, changed or switched: the complete rule, with the reason."""

    type: ClassVar[str] = "atp_rule.changed"
    stream: ClassVar[str] = "atp_rule"
    atp_rule_id: int
    version: int
    change: str
    kind: str
    name: str
    value: int
    audience: str
    precedence: int
    active: bool
    skus: tuple[str, ...]
    styles: tuple[str, ...]
    categories: tuple[str, ...]
    locations: tuple[str, ...]
    location_kinds: tuple[str, ...]
    channels: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class SupplyChanged:
    """A line of a purchase order, transfer or the like was announced, changed, received, closed or canceled."""

    type: ClassVar[str] = "supply.changed"
    stream: ClassVar[str] = "supply"
    supply_id: int
    change: str
    document: str
    sku: str
    location_id: int
    quantity: int
    received: int
    eta_date: date
    confidence: int
    state: str


@dataclass(frozen=True, slots=True)
class SellAheadChanged:
    """The sell-ahead policy of a SKU changed."""

    type: ClassVar[str] = "sell_ahead.changed"
    stream: ClassVar[str] = "sell_ahead"
    sell_ahead_id: int
    sku: str
    mode: str
    quantity_limit: int | None
    available_from_date: date | None
    until_date: date | None


@dataclass(frozen=True, slots=True)
class Promised:
    """A short line was promised from incoming supply; without a date when no supply is known yet."""

    type: ClassVar[str] = "promise.made"
    stream: ClassVar[str] = "order"
    order_id: int
    line_no: int
    sku: str
    quantity: int
    promised_date: date | None


@dataclass(frozen=True, slots=True)
class PromiseMoved:
    """A promise moved to other supply, and its date changed; its order is updated next, when it can be locked."""

    type: ClassVar[str] = "promise.supply_changed"
    stream: ClassVar[str] = "supply_promise"
    supply_promise_id: int
    order_id: int
    line_no: int
    sku: str
    old_date: date | None
    new_date: date | None


@dataclass(frozen=True, slots=True)
class PromiseChanged:
    """The promised date of a line changed because its supply did. None: no date any more, or none before."""

    type: ClassVar[str] = "promise.changed"
    stream: ClassVar[str] = "order"
    order_id: int
    line_no: int
    sku: str
    old_date: date | None
    new_date: date | None


@dataclass(frozen=True, slots=True)
class Synced:
    """A feed changed stock levels of a location, `lines` of them; `skus` have more to sell now."""

    type: ClassVar[str] = "stock.synced"
    stream: ClassVar[str] = "location"
    location_id: int
    source: str
    feed_id: int
    lines: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A position with fewer units than orders have reserved; part of DiscrepancyFound."""

    sku: str
    condition: str
    missing: int
    reason: str
    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DiscrepancyFound:
    """A count or feed found less than is reserved: availability of these positions is unknown until they are checked."""

    type: ClassVar[str] = "stock.discrepancy_found"
    stream: ClassVar[str] = "location"
    location_id: int
    cause: str
    positions: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """Goods were received; `skus` have more to sell now."""

    type: ClassVar[str] = "stock.received"
    stream: ClassVar[str] = "location"
    location_id: int
    receipt_id: int
    reference: str
    units: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangedUnits:
    """Units that changed condition; part of StockConditionChanged."""

    sku: str
    before: str
    after: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ConditionChanged:
    """Units were put into another condition; `skus` have more to sell now."""

    type: ClassVar[str] = "stock.condition_changed"
    stream: ClassVar[str] = "location"
    location_id: int
    reason: str
    changes: tuple[ChangedUnits, ...]
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransferDrafted:
    """A transfer was drafted, or suggestions were added to it; nothing moves yet."""

    type: ClassVar[str] = "transfer.drafted"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int


@dataclass(frozen=True, slots=True)
class TransferRequested:
    """The goods are reserved at their origin."""

    type: ClassVar[str] = "transfer.requested"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int


@dataclass(frozen=True, slots=True)
class TransferShipped:
    """The transfer was shipped; of `skus` fewer were sent than requested, so more is free at the origin."""

    type: ClassVar[str] = "transfer.shipped"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int
    units: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransferReceived:
    """A transfer was received: units sent, in excess, and lost."""

    type: ClassVar[str] = "transfer.received"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    destination_id: int
    units: int
    over: int
    lost: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransferCanceled:
    """The transfer was canceled; `skus` are free again at the origin."""

    type: ClassVar[str] = "transfer.canceled"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountOpened:
    """A count was opened at a location; a directed count names the order of the short pick."""

    type: ClassVar[str] = "count.opened"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    kind: str
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class CountSubmitted:
    """A count was submitted; `off` lines differ from the ledger."""

    type: ClassVar[str] = "count.submitted"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    lines: int
    off: int


@dataclass(frozen=True, slots=True)
class CountReopened:
    """A count was reopened, for a reason."""

    type: ClassVar[str] = "count.reopened"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class CountApproved:
    """A count was approved; `skus` have more to sell now."""

    type: ClassVar[str] = "count.approved"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    lines: int
    change: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountCanceled:
    """A count was canceled."""

    type: ClassVar[str] = "count.canceled"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int


@dataclass(frozen=True, slots=True)
class ReplenishmentSet:
    """Replenishment rules were written or removed."""

    type: ClassVar[str] = "replenishment.set"
    stream: ClassVar[str] = "network"
    written: int
    removed: int
    network_id: int = 1


@dataclass(frozen=True, slots=True)
class ImportEnded:
    """An import ended: rows applied, unchanged, or bad. `state` is done, refused or failed."""

    type: ClassVar[str] = "import.ended"
    stream: ClassVar[str] = "import"
    import_id: int
    kind: str
    state: str
    applied: int
    ignored: int
    bad: int
