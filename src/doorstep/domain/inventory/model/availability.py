"""Available to promise: one answer from counters, rules, reservations and supply, with its explanation.

Units count if their location may ship them (or hand them over) to the requesting channel. Cart reservations, commitments,
the channel's threshold and other audiences' pools are subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.policies import NONE, Policies, Ruling
from doorstep.domain.inventory.model.rules import audiences
from doorstep.kernel import errors
from doorstep.kernel.i18n import mark
from doorstep.kernel.ids import LocationId, Sku

# The components of one unit of a sellable SKU; a SKU that is missing here is its own component, new.
Part = tuple[Sku, Condition, int]
Parts = Mapping[Sku, tuple[Part, ...]]
Key = tuple[str, str]
# Counters of one SKU in one condition at one location: location id, on hand, reserved, and how many of the reserved a
# count or feed did not find. A plain tuple, because there are many: a batch of 1,000 SKUs has 12,000.
LocationStock = tuple[int, int, int, int]


class Method(StrEnum):
    """How the customer gets it."""

    SHIP = "ship"
    PICKUP = "pickup"


class Status(StrEnum):
    """Whether availability is known; if not, nothing can be promised."""

    KNOWN = "known"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """How many of a SKU may this channel promise (to this group, from this location, until this date)?"""

    sku: Sku
    channel: str = ""
    group: str = ""
    location_id: LocationId | None = None
    method: Method = Method.SHIP
    by_date: date | None = None
    min_confidence: int = 0

    def __post_init__(self) -> None:
        if self.method is Method.PICKUP and self.location_id is None:
            raise errors.Invalid("Choose a location for pickup.", field="location")


@dataclass(frozen=True, slots=True)
class Node:
    """A location as availability sees it; `stale` says why its stock is not known now (empty: it is)."""

    id: int
    code: str
    name: str
    kind: str
    ships: bool
    active: bool
    stale: str = ""
    updated_at: datetime | None = None
    latitude: float = 0.0
    longitude: float = 0.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What the network is committed to already.

    `waiting` units of `committed` are promised from incoming supply, so that they need no stock on hand; `arrived` units came
    for promises of lines that are not committed. `undated` promises have no supply yet.
    """

    held: int = 0
    committed: int = 0
    waiting: int = 0
    arrived: int = 0
    undated: int = 0


@dataclass(frozen=True, slots=True)
class Incoming:
    """What one line of a document brings beyond the promises built on it."""

    sku: str
    supply_id: int
    document: str
    location_id: int
    eta_date: date
    free: int
    confidence: int


@dataclass(frozen=True, slots=True)
class AvailabilityInputs:
    """Everything that answers need, read at one instant."""

    at: datetime
    nodes: Mapping[int, Node]
    stock: Mapping[Key, tuple[LocationStock, ...]]
    demand: Mapping[Key, Demand] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)
    incoming: Mapping[str, tuple[Incoming, ...]] = field(default_factory=dict)


class Share(NamedTuple):
    """What one location adds to an answer. `left_out` and `unknown` say why it adds nothing."""

    location_id: int
    code: str
    name: str
    on_hand: int
    reserved: int
    safety_stock: Ruling
    counted: int
    left_out: str
    rule: Ruling
    unknown: str


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """How an answer was computed, for one component of the SKU (most SKUs have one: themselves)."""

    sku: Sku
    condition: Condition
    quantity: int
    locations: tuple[Share, ...]
    held: int
    committed: int
    threshold: Ruling
    pools: tuple[tuple[str, Ruling], ...]
    incoming: tuple[Incoming, ...]
    backordered: int
    free: int
    unknown: tuple[str, ...]

    @property
    def on_hand(self) -> int:
        return sum(location.on_hand for location in self.locations)


@dataclass(frozen=True, slots=True)
class Availability:
    """The answer. `quantity` is None when unknown; `known_quantity` is what the known locations alone would give.

    `threshold` and `pools` are those of a kit itself, beside its components' own; `together` are the kits whose components
    are at one location (None for other SKUs). `as_of`: the oldest update it depends on.
    """

    question: Question
    status: Status
    quantity: int | None
    known_quantity: int
    because: tuple[str, ...]
    as_of: datetime
    parts: tuple[PartAnswer, ...]
    together: int | None = None
    threshold: Ruling = NONE
    pools: tuple[tuple[str, Ruling], ...] = ()


def parts_of(sku: Sku, parts: Parts) -> tuple[Part, ...]:
    """What a SKU consists of; by default itself."""
    return parts.get(sku) or ((sku, Condition.NEW, 1),)


def answer(question: Question, parts: tuple[Part, ...], inputs: AvailabilityInputs) -> Availability:
    """How many may be promised: as many as the scarcest component allows, at least 0.

    A kit ships in one parcel: only components at the same location count.
    """
    found = tuple(_part(question, part, inputs) for part in parts)
    threshold, pools = _kept_back(question, question.sku, inputs.policies)
    if any(_ruled_as(question.sku, part.sku, part.condition) == question.sku for part in found):
        threshold, pools = NONE, ()  # its component has subtracted them already
    kept = threshold.value + sum(ruling.value for _, ruling in pools)
    together = _together(question, found) if sum(part.quantity for part in found) > 1 else None
    scarcest = min(part.free // part.quantity for part in found)
    known = max(0, (scarcest if together is None else min(scarcest, together)) - kept)
    because = tuple(dict.fromkeys(sentence for part in found for sentence in part.unknown))
    return Availability(
        question=question,
        status=Status.UNKNOWN if because else Status.KNOWN,
        quantity=None if because else known,
        known_quantity=known,
        because=because,
        as_of=_as_of(found, inputs),
        parts=found,
        together=together,
        threshold=threshold,
        pools=pools,
    )


def _together(question: Question, parts: tuple[PartAnswer, ...]) -> int:
    """How many kits can be assembled per location, with what arrives there by the requested date."""
    at: list[dict[int, int]] = []
    for part in parts:
        here: dict[int, int] = {}
        for location_id, units in (
            *((location.location_id, location.counted) for location in part.locations),
            *((each.location_id, each.free) for each in part.incoming),
        ):
            if question.location_id in (None, location_id):
                here[location_id] = here.get(location_id, 0) + units
        at.append({location_id: units // part.quantity for location_id, units in here.items()})
    return sum(min(here.get(location_id, 0) for here in at) for location_id in at[0])


def _ruled_as(sold: Sku, part: Sku, condition: Condition) -> Sku:
    """The SKU whose rules apply: its own; B-grade units follow the SKU they are sold as."""
    return part if condition is Condition.NEW else sold


def _part(question: Question, part: Part, inputs: AvailabilityInputs) -> PartAnswer:
    sku, condition, units = part
    ruled_as = _ruled_as(question.sku, sku, condition)
    levels = inputs.stock.get((sku, condition), ())
    locations = tuple(_share(question, stock, ruled_as, inputs) for stock in levels)
    demand = inputs.demand.get((sku, condition), Demand())
    threshold, pools = _kept_back(question, ruled_as, inputs.policies)
    incoming = _coming(question, ruled_as, inputs) if condition is Condition.NEW else ()
    committed = demand.committed - demand.waiting + demand.arrived
    kept = threshold.value + sum(ruling.value for _, ruling in pools)
    coming = _net(incoming, demand.undated)
    free = sum(location.counted for location in locations) + coming - demand.held - committed - kept
    unknown = [location for location in locations if location.unknown]
    if question.location_id is not None:
        here = [location for location in locations if location.location_id == question.location_id]
        local = sum(location.counted for location in here)
        local += sum(each.free for each in incoming if each.location_id == question.location_id)
        unknown = [location for location in here if location.unknown] or (unknown if free < local else [])
        free = min(free, local)
    return PartAnswer(
        sku=sku,
        condition=condition,
        quantity=units,
        locations=locations,
        held=demand.held,
        committed=committed,
        threshold=threshold,
        pools=pools,
        incoming=incoming,
        backordered=sum(each.free for each in incoming) - coming,
        free=free,
        unknown=tuple(location.unknown for location in unknown),
    )


def _net(incoming: tuple[Incoming, ...], undated: int) -> int:
    """What arrives beyond our own open commitments: those without supply of their own are served first."""
    return max(0, sum(each.free for each in incoming) - undated) if incoming else 0


def _kept_back(
    question: Question, sku: Sku, policies: Policies
) -> tuple[Ruling, tuple[tuple[str, Ruling], ...]]:
    """The channel's threshold, and the pools of others."""
    mine = audiences(channel=question.channel, group=question.group)
    return policies.threshold(sku, question.channel), tuple(policies.others_pools(sku, mine))


def _share(question: Question, stock: LocationStock, ruled_as: Sku, inputs: AvailabilityInputs) -> Share:
    location_id, on_hand, reserved, missing = stock
    node, policies = inputs.nodes[location_id], inputs.policies
    safety = policies.safety_stock(ruled_as, node.id, question.channel)
    left_out, rule = _left_out(question, node, ruled_as, policies)
    unknown = "" if left_out else _why_unknown(node, reserved, missing)
    counted = 0 if left_out or unknown else max(0, on_hand - reserved - safety.value)
    where = (node.id, node.code, node.name)
    return Share(*where, on_hand, reserved, safety, counted, left_out, rule, unknown)


def _left_out(question: Question, node: Node, ruled_as: Sku, policies: Policies) -> tuple[str, Ruling]:
    """Why a location does not count (empty: it does), and the rule that says so."""
    if not node.active:
        return mark("closed"), NONE
    at_counter = question.method is Method.PICKUP and node.id == question.location_id
    if not at_counter and not node.ships:
        return mark("does not ship parcels"), NONE
    for sku in (ruled_as,) if ruled_as == question.sku else (ruled_as, question.sku):
        if at_counter:
            ruling = policies.may_pick_up(sku, node.id, question.channel, kind=node.kind)
        else:
            ruling = policies.may_ship(sku, node.id, question.channel)
        if not ruling.value:
            return (
                mark("no pickup of this SKU")
                if at_counter
                else mark("may not ship this SKU for this channel")
            ), ruling
    return "", NONE


def _why_unknown(node: Node, reserved: int, missing: int) -> str:
    if node.stale:
        return node.stale
    if missing:
        return f"{node.name}: {missing} of {reserved} reserved units were not found: count them."
    return ""


def _coming(question: Question, sku: Sku, inputs: AvailabilityInputs) -> tuple[Incoming, ...]:
    """Supply that arrives by the requested date, where it counts."""
    if question.by_date is None:
        return ()
    return tuple(
        each
        for each in inputs.incoming.get(sku, ())
        if each.eta_date <= question.by_date
        and each.confidence >= question.min_confidence
        and not _left_out(question, inputs.nodes[each.location_id], sku, inputs.policies)[0]
    )


def _as_of(parts: tuple[PartAnswer, ...], inputs: AvailabilityInputs) -> datetime:
    updated = [
        inputs.nodes[location.location_id].updated_at
        for part in parts
        for location in part.locations
        if not location.left_out
    ]
    return min((at for at in updated if at is not None), default=inputs.at)
