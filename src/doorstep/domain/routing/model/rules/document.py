"""Define the document of a rule set: written in YAML or in the console, and the source of the JSON Schema.

Run → routing (which orders, in which sequence) → rule (which locations, how to choose, how to split) → the remainder.
Money is minor units of `currency`; a share is 0.05 for 5 %; a condition is CEL over `order`, `location` and `lane`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from doorstep.domain.routing.model.rules.cases import Case
from doorstep.domain.routing.model.rules.part import Part

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]
Minor = Annotated[int, Meta(ge=0)]


class Measure(StrEnum):
    """A measure of candidate plans; the smaller value wins unless `descending`."""

    MISS = "miss"  # probability to miss the promise
    COST = "cost"  # expected money, all components
    PARCELS = "parcels"
    DISTANCE = "distance"  # km of all parcels
    UNIT_DISTANCE = "unit_distance"  # km of all units: each comes from the nearest location that has it
    LEAVES = "leaves"  # the day the last parcel leaves
    ARRIVES = "arrives"  # the day the last parcel arrives
    SEQUENCE = "sequence"  # position in the rule's list of codes or groups
    STOCK = "stock"  # units of the order's SKUs there (descending: the most stock)
    VELOCITY = "velocity"  # units of them sold a day there: slow sellers first
    BROKEN_STYLE = "broken_style"  # locations with broken sizes first
    LOAD = "load"  # hours of backlog
    CARBON = "carbon"  # grams of CO2


class Sort(Part, frozen=True):
    """A tier of the choice: plans within `tolerance` of the best (a share of it) pass to the next tier."""

    by: Measure
    tolerance: Share = 0.0
    descending: bool = False


class OrderField(StrEnum):
    """The sort keys of orders."""

    PRIORITY = "priority"
    SHIP_BEFORE = "ship_before"
    SHIP_AFTER = "ship_after"
    PLACED = "placed"
    DELIVERY_DAYS = "delivery_days"
    VALUE = "value"


class OrderSort(Part, frozen=True):
    """Which orders are served first."""

    by: OrderField
    descending: bool = False


class Orders(Part, frozen=True):
    """The orders of a routing; all given conditions must hold, none given takes all."""

    queues: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    min_priority: int | None = None
    promised_within_days: int | None = None
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    min_value_minor: Minor | None = None
    max_value_minor: Minor | None = None
    payments: tuple[Literal["prepaid", "on_delivery"], ...] = ()
    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    when: str = ""


class Locations(Part, frozen=True):
    """The locations of a rule; all given conditions must hold.

    `safety_stock` units are kept there by this rule, in addition to availability rules. `codes` and `groups` are also
    the sequence of the measure `sequence`.
    """

    codes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    not_groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    within_km: float | None = None
    within_miles: float | None = None
    safety_stock: Annotated[int, Meta(ge=0)] = 0
    open_now: bool = False
    before_cut_off: bool = False
    in_time: bool = False
    ignore_capacity: bool = False
    when: str = ""


class Split(Part, frozen=True):
    """How an order may be split.

    none: all remaining lines go into one parcel, or nothing does. lines: lines may be separated, a line is not split.
    quantity: a line that no location can fill may be split, too. `min_parcel_value_minor` is the minimum value of every part and
    of the remainder. `all_or_nothing`: only if everything is available. `hold_in_stock_part`: available units of an incomplete
    order are reserved but not released until the rest is available. `keep_together`: lines whose category or style is in the
    same entry are not separated.
    """

    by: Literal["none", "lines", "quantity"] = "quantity"
    max_parcels: Positive | None = None
    min_parcel_value_minor: Minor = 0
    all_or_nothing: bool = False
    hold_in_stock_part: bool = False
    keep_together: tuple[str, ...] = ()


class Remainder(Part, frozen=True):
    """What happens to lines that a rule did not allocate."""

    then: Literal["next_rule", "queue", "backorder", "customer_care", "cancel"] = "next_rule"
    queue: str = ""
    auto_cancel_after_days: Positive | None = None
    forget_auto_cancel: bool = False


class Rule(Part, frozen=True):
    """One attempt: locations, choice, split, and what happens to the remainder."""

    name: str
    active: bool = True
    locations: Locations = Locations()
    choose: tuple[Sort, ...] = (
        Sort(by=Measure.PARCELS), Sort(by=Measure.COST), Sort(by=Measure.DISTANCE)
    )  # fmt: skip
    split: Split = Split()
    remainder: Remainder = Remainder()


class Routing(Part, frozen=True, kw_only=True):
    """A group of orders and the rules that are tried for them, first to last."""

    name: str
    active: bool = True
    orders: Orders = Orders()
    sort: tuple[OrderSort, ...] = ()
    rules: tuple[Rule, ...]


class Release(Part, frozen=True):
    """When planned work is released to its location: at once, after a hold, or at its measured pick rate."""

    mode: Literal["at_once", "held", "metered"] = "at_once"
    hold_minutes: Annotated[int, Meta(ge=0)] = 0
    horizon_minutes: Positive = 120


class Run(Part, frozen=True, kw_only=True):
    """When routings run: on events, or on a schedule (cron expression in `timezone`)."""

    name: str
    active: bool = True
    schedule: str = ""
    timezone: str = "UTC"
    release: Release = Release()
    routings: tuple[Routing, ...]


class Queue(Part, frozen=True):
    """An exception queue for orders that no rule could serve: its owner, its retries, its end.

    An order in a queue with `wakes_on_stock` is retried when its SKUs arrive; `retry_minutes` is the back-off, its last value
    repeats.
    """

    name: str
    owner: str
    retry_minutes: tuple[Positive, ...] = ()
    wakes_on_stock: bool = True
    auto_cancel_after_days: Positive | None = None
    customer_message: str = ""


class Costs(Part, frozen=True):
    """Costs besides the carrier's rates, in minor units."""

    late_minor: Minor = 0
    split_minor: Minor = 0
    reroute_minor: Minor = 0
    backlog_hour_minor: Minor = 0
    last_unit_minor: Minor = 0
    co2_kilo_minor: Minor = 0
    short_unit_minor: Minor = 0


class Rejected(Part, frozen=True):
    """How long a location that rejected work is excluded, and from what: the line's SKU of this order, the SKU, the order."""

    days: Annotated[int, Meta(ge=0)] = 7
    scope: Literal["line", "sku", "order"] = "line"


class RuleSet(Part, frozen=True, kw_only=True):
    """The complete configuration of routing. Money of `costs` and limits is in `currency`.

    `cases` are the test cases that must pass before activation. RENAMED has earlier names of fields, for error messages.
    """

    RENAMED: ClassVar[Mapping[str, str]] = {
        "rest": "remainder",
        "pieces": "units",
        "piece_minor": "unit_minor",
        "room": "free_capacity",
        "places": "locations",
        "only_places": "only_locations",
        "told_to_customer": "customer_message",
        "last_piece_minor": "last_unit_minor",
        "short_piece_minor": "short_unit_minor",
        "look_ahead": "scarcity_prices",
    }

    name: str
    currency: str = ""
    runs: tuple[Run, ...]
    queues: tuple[Queue, ...] = ()
    costs: Costs = Costs()
    rejected: Rejected = Rejected()
    bundle_customers_orders: bool = True
    scarcity_prices: bool = True
    cases: tuple[Case, ...] = ()
