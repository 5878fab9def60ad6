"""What happens to stock outside of orders, in the past tense."""

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
class Released:
    """Carts let go of these SKUs: orders that wait for them may be routed."""

    type: ClassVar[str] = "stock.released"
    stream: ClassVar[str] = "network"
    skus: tuple[str, ...]
    network_id: int = 1


@dataclass(frozen=True, slots=True)
class RuleChanged:
    """A rule of availability was made, changed or switched: the whole rule as it is now, with the reason."""

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
    """Somebody decided whether a SKU may be sold before it is here."""

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
    """A short line was promised from supply to come; without a date when no supply is known yet."""

    type: ClassVar[str] = "promise.made"
    stream: ClassVar[str] = "order"
    order_id: int
    line_no: int
    sku: str
    quantity: int
    promised_date: date | None


@dataclass(frozen=True, slots=True)
class PromiseMoved:
    """A promise found another place, and its line another day; its order is told next, when it can be locked."""

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
    """Supply slipped, fell away or came sooner: the line's day changed. None: no day any more, or none before."""

    type: ClassVar[str] = "promise.changed"
    stream: ClassVar[str] = "order"
    order_id: int
    line_no: int
    sku: str
    old_date: date | None
    new_date: date | None


@dataclass(frozen=True, slots=True)
class Synced:
    """A feed changed so many counters of a location; `skus` are those of which there is more to sell now."""

    type: ClassVar[str] = "stock.synced"
    stream: ClassVar[str] = "location"
    location_id: int
    source: str
    feed_id: int
    lines: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A position where fewer pieces are than orders have reserved; part of Contradicted."""

    sku: str
    condition: str
    missing: int
    reason: str
    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DiscrepancyFound:
    """A count or a feed found less than is reserved: what these positions promise is unknown until people have looked."""

    type: ClassVar[str] = "stock.discrepancy_found"
    stream: ClassVar[str] = "location"
    location_id: int
    cause: str
    positions: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """Goods came through the door; `skus` are those of which there is more to sell now."""

    type: ClassVar[str] = "stock.received"
    stream: ClassVar[str] = "location"
    location_id: int
    receipt_id: int
    reference: str
    pieces: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Regrade:
    """Pieces that changed condition; part of Regraded."""

    sku: str
    before: str
    after: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Regraded:
    """Somebody looked at pieces and put them into another condition; `skus` can be sold more now."""

    type: ClassVar[str] = "stock.condition_changed"
    stream: ClassVar[str] = "location"
    location_id: int
    reason: str
    changes: tuple[Regrade, ...]
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransferDrafted:
    """A transfer was written down, or suggestions were added to it; nothing moves yet."""

    type: ClassVar[str] = "transfer.drafted"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int


@dataclass(frozen=True, slots=True)
class TransferRequested:
    """The goods are tied up at their origin."""

    type: ClassVar[str] = "transfer.requested"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int


@dataclass(frozen=True, slots=True)
class TransferShipped:
    """The goods are on the road; of `skus` fewer left than were asked for, so that more is free at the origin."""

    type: ClassVar[str] = "transfer.shipped"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int
    pieces: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransferReceived:
    """Goods of a transfer came; so many were sent, came over and above, and are lost."""

    type: ClassVar[str] = "transfer.received"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    destination_id: int
    pieces: int
    over: int
    lost: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransferCanceled:
    """Nothing will be moved; `skus` are free again at the origin."""

    type: ClassVar[str] = "transfer.canceled"
    stream: ClassVar[str] = "transfer"
    transfer_id: int
    origin_id: int
    destination_id: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountOpened:
    """Somebody is to count at a location; a directed count names the order that missed something."""

    type: ClassVar[str] = "count.opened"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    kind: str
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class CountHandedIn:
    """The pieces are counted; `off` lines differ from the ledger."""

    type: ClassVar[str] = "count.submitted"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    lines: int
    off: int


@dataclass(frozen=True, slots=True)
class CountSentBack:
    """The count is to be done again, for a reason."""

    type: ClassVar[str] = "count.reopened"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class CountApproved:
    """The ledger follows the count; `skus` are those of which there is more to sell now."""

    type: ClassVar[str] = "count.approved"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int
    lines: int
    change: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountCanceled:
    """Nothing follows from this count."""

    type: ClassVar[str] = "count.canceled"
    stream: ClassVar[str] = "count"
    count_id: int
    location_id: int


@dataclass(frozen=True, slots=True)
class ReplenishmentSet:
    """Somebody decided how much places should hold: so many rules were written or removed."""

    type: ClassVar[str] = "replenishment.set"
    stream: ClassVar[str] = "network"
    written: int
    removed: int
    network_id: int = 1


@dataclass(frozen=True, slots=True)
class ImportEnded:
    """A file has been worked: so many rows applied, said nothing new, or were bad. `state` is done, refused or failed."""

    type: ClassVar[str] = "import.ended"
    stream: ClassVar[str] = "import"
    import_id: int
    kind: str
    state: str
    applied: int
    ignored: int
    bad: int
