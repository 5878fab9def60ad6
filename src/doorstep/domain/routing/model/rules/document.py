"""The document of a rule set: what a person writes in YAML or in the console, and the JSON Schema comes from.

Run → routing (which orders, in which order) → rule (which locations, chosen how, split how) → what becomes of the rest.
Money is minor units of `currency`; a share is 0.05 for 5 %; a condition is CEL over `order`, `location` and `lane`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from doorstep.domain.routing.model.rules.cases import Case
from doorstep.domain.routing.model.rules.part import Part

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]
Minor = Annotated[int, Meta(ge=0)]


class Measure(StrEnum):
    """What a candidate plan is measured by; the smaller wins unless said otherwise."""

    MISS = "miss"  # probability to miss the promise
    COST = "cost"  # expected money, all components
    PARCELS = "parcels"
    DISTANCE = "distance"  # km of all parcels
    PIECE_DISTANCE = "piece_distance"  # km of all pieces: each comes from the nearest place that has it
    LEAVES = "leaves"  # the day the last parcel leaves
    ARRIVES = "arrives"  # the day the last parcel arrives
    SEQUENCE = "sequence"  # place in the rule's list of codes or groups
    STOCK = "stock"  # pieces of the order's SKUs there (descending: where most is)
    VELOCITY = "velocity"  # pieces of them sold a day there: slow sellers first
    BROKEN_STYLE = "broken_style"  # locations with broken sizes first
    LOAD = "load"  # hours of backlog
    CARBON = "carbon"  # grams of CO2


class Sort(Part, frozen=True):
    """A tier of the choice: plans within `tolerance` of the best (a share of it) go on to the next tier."""

    by: Measure
    tolerance: Share = 0.0
    descending: bool = False


class OrderField(StrEnum):
    """What orders may be sorted by."""

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
    """Which orders a routing takes; everything that is said must hold, nothing said takes all."""

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
    """Which locations a rule asks; everything that is said must hold.

    `safety_stock` pieces are left there by this rule, on top of what availability rules keep. `codes` and `groups` are also
    the sequence that the measure `sequence` counts by.
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
    """How an order may be taken apart.

    none: all lines of the order that are left go into one parcel, or nothing does. lines: lines may part, a line stays whole.
    quantity: a line that nobody can fill whole may part, too. `min_parcel_value_minor` must be reached by every part and by what
    is left. `all_or_nothing`: only if everything is found. `hold_in_stock_part`: what is found of an incomplete order is reserved
    but not released until the rest comes. `keep_together`: lines whose category or style is named by the same entry do not part.
    """

    by: Literal["none", "lines", "quantity"] = "quantity"
    max_parcels: Positive | None = None
    min_parcel_value_minor: Minor = 0
    all_or_nothing: bool = False
    hold_in_stock_part: bool = False
    keep_together: tuple[str, ...] = ()


class Remainder(Part, frozen=True):
    """What becomes of what a rule did not allocate."""

    then: Literal["next_rule", "park", "backorder", "customer_care", "cancel"] = "next_rule"
    queue: str = ""
    auto_cancel_after_days: Positive | None = None
    forget_auto_cancel: bool = False


class Rule(Part, frozen=True):
    """One attempt: these locations, chosen so, split so; then what is left."""

    name: str
    active: bool = True
    locations: Locations = Locations()
    choose: tuple[Sort, ...] = (
        Sort(by=Measure.PARCELS), Sort(by=Measure.COST), Sort(by=Measure.DISTANCE)
    )  # fmt: skip
    split: Split = Split()
    rest: Remainder = Remainder()


class Routing(Part, frozen=True, kw_only=True):
    """Orders of one kind and the rules tried for them, first to last."""

    name: str
    active: bool = True
    orders: Orders = Orders()
    sort: tuple[OrderSort, ...] = ()
    rules: tuple[Rule, ...]


class Release(Part, frozen=True):
    """When planned work is given to its location: at once, after a while of re-planning, or at its measured pick rate."""

    mode: Literal["at_once", "held", "metered"] = "at_once"
    hold_minutes: Annotated[int, Meta(ge=0)] = 0
    horizon_minutes: Positive = 120


class Run(Part, frozen=True, kw_only=True):
    """When routings are run: as facts happen, or by the clock (cron words in `timezone`)."""

    name: str
    active: bool = True
    schedule: str = ""
    timezone: str = "UTC"
    release: Release = Release()
    routings: tuple[Routing, ...]


class Queue(Part, frozen=True):
    """Where orders wait that no rule could serve: whose it is, when they are tried again, when they end.

    An order in a queue with `wakes_on_stock` is tried when its SKUs come; `retry_minutes` is the back-off, its last step repeats.
    """

    name: str
    owner: str
    retry_minutes: tuple[Positive, ...] = ()
    wakes_on_stock: bool = True
    auto_cancel_after_days: Positive | None = None
    told_to_customer: str = ""


class Costs(Part, frozen=True):
    """What things are worth besides the carrier's bill, in minor units."""

    late_minor: Minor = 0
    split_minor: Minor = 0
    reroute_minor: Minor = 0
    backlog_hour_minor: Minor = 0
    last_piece_minor: Minor = 0
    co2_kilo_minor: Minor = 0
    short_piece_minor: Minor = 0


class Rejected(Part, frozen=True):
    """For how long a rejecter is not asked again, and for how much: the line's SKU of this order, the SKU at all, the order."""

    days: Annotated[int, Meta(ge=0)] = 7
    scope: Literal["line", "sku", "order"] = "line"


class RuleSet(Part, frozen=True, kw_only=True):
    """Everything that decides where orders go. Money of `costs` and limits is in `currency`.

    `cases` are the golden cases that this rule set must pass before it may decide.
    """

    name: str
    currency: str = ""
    runs: tuple[Run, ...]
    queues: tuple[Queue, ...] = ()
    costs: Costs = Costs()
    rejected: Rejected = Rejected()
    bundle_customers_orders: bool = True
    look_ahead: bool = True
    cases: tuple[Case, ...] = ()
