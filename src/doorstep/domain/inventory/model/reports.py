"""What warehouses of partners report about stock: counts, changes, goods that came. Locations are named as they name them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model.ledger import Condition


@dataclass(frozen=True, slots=True)
class ReportedUnits:
    """Units of a SKU in a condition: what is there, or the change."""

    sku: str
    quantity: int
    condition: Condition = Condition.NEW


@dataclass(frozen=True, slots=True)
class StockReport:
    """What is there as of a time, or what changed. `key` makes it count once.

    `is_complete`: what it does not name is not there.
    """

    location: str
    key: str
    as_of: datetime
    lines: tuple[ReportedUnits, ...]
    is_change: bool = False
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class GoodsReport:
    """Goods that came. `document` is the number that announced them, if one did; `closes`: nothing more of it comes."""

    location: str
    key: str
    received_at: datetime
    lines: tuple[ReportedUnits, ...]
    document: str = ""
    closes: bool = False
