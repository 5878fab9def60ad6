"""Claims on a SKU without a location: cart reservations, and commitments to waiting orders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.domain.inventory.model.ledger import Condition, Position
from doorstep.domain.inventory.model.policies import Policies
from doorstep.domain.inventory.model.rules import audiences
from doorstep.kernel import errors
from doorstep.kernel.ids import Sku

DEFAULT_TTL = timedelta(minutes=10)
LONGEST_TTL = timedelta(hours=24)
LONGEST_KEEP = timedelta(days=7)

# A SKU in a condition: what stock is counted by.
Part = tuple[Sku, Condition]


class HoldState(StrEnum):
    """How a cart reservation ended, or that it is active."""

    HELD = "held"
    CONSUMED = "consumed"
    LAPSED = "lapsed"
    DROPPED = "dropped"


HOLD_MOVES: dict[HoldState, frozenset[HoldState]] = {
    HoldState.HELD: frozenset({HoldState.CONSUMED, HoldState.LAPSED, HoldState.DROPPED}),
    HoldState.CONSUMED: frozenset(),
    HoldState.LAPSED: frozenset(),
    HoldState.DROPPED: frozenset(),
}


class NetworkMovementType(StrEnum):
    """Why a network counter changed."""

    HELD = "held"
    LAPSED = "lapsed"
    DROPPED = "dropped"
    CONSUMED = "consumed"
    COMMITTED = "committed"
    UNCOMMITTED = "uncommitted"


# The effect of a movement of quantity q on (held, committed).
NETWORK_EFFECTS: dict[NetworkMovementType, tuple[int, int]] = {
    NetworkMovementType.HELD: (1, 0),
    NetworkMovementType.LAPSED: (-1, 0),
    NetworkMovementType.DROPPED: (-1, 0),
    NetworkMovementType.CONSUMED: (-1, 0),
    NetworkMovementType.COMMITTED: (0, 1),
    NetworkMovementType.UNCOMMITTED: (0, -1),
}


@dataclass(frozen=True, slots=True)
class NetworkMovement:
    """A movement of network counters; `cause` is a path (hold/web/cart-7, order/12/line/1)."""

    type: NetworkMovementType
    sku: Sku
    condition: Condition
    quantity: int
    cause: str
    occurred_at: datetime
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """Held and committed units of a SKU in a condition."""

    held: int = 0
    committed: int = 0


@dataclass(frozen=True, slots=True)
class HoldLine:
    """Units of a sellable SKU; `parts` has its components (kits, B-grade SKUs)."""

    sku: Sku
    quantity: int
    parts: Mapping[Part, int]


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """A cart's request; repeated with the same channel and reference it replaces the earlier one."""

    channel: str
    reference: str
    lines: Sequence[HoldLine]
    ttl: timedelta = DEFAULT_TTL

    @property
    def key(self) -> tuple[str, str]:
        return self.channel, self.reference

    @property
    def cause(self) -> str:
        return f"hold/{self.channel}/{self.reference}"


@dataclass(frozen=True, slots=True)
class CartReservation:
    """An active reservation row: units of one component, for what the customer sees as `line_sku`."""

    id: int
    channel: str
    reference: str
    line_sku: str
    sku: Sku
    condition: Condition
    quantity: int
    expires_at: datetime

    @property
    def part(self) -> Part:
        return self.sku, self.condition


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that cannot be reserved, and how many could be."""

    sku: Sku
    wanted: int
    available: int


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """The result of a request: reserved until then, or nothing of it, and why."""

    request: HoldRequest
    expires_at: datetime | None
    refused: tuple[Refusal, ...] = ()


def check_request(request: HoldRequest) -> None:
    """Raise Invalid for impossible requests."""
    if not request.reference.strip():
        raise errors.Invalid("Enter the id of the cart or checkout as the reference.", field="reference")
    if not request.lines:
        raise errors.Invalid("Enter at least one line to reserve.", field="lines")
    if any(line.quantity < 1 for line in request.lines):
        raise errors.Invalid("Enter a quantity of at least 1.", field="lines")
    if not timedelta(0) < request.ttl <= LONGEST_TTL:
        raise errors.Invalid("A reservation lasts from 1 second to 24 hours.", field="ttl_seconds")


def free(positions: Iterable[Position], asked: Mapping[Part, Requested]) -> dict[Part, int]:
    """Free units: available everywhere, less held, less committed; may be negative."""
    total = {part: -each.held - each.committed for part, each in asked.items()}
    for position in positions:
        part = (position.sku, position.condition)
        total[part] = total.get(part, 0) + position.available
    return total


@dataclass(frozen=True, slots=True)
class Selling:
    """What may be sold at all: locations that ship, and the rules."""

    locations: Collection[int]
    policies: Policies = field(default_factory=Policies)

    def kept(
        self, requests: Iterable[HoldRequest], positions: Iterable[Position]
    ) -> dict[tuple[str, Part], int]:
        """Units that each channel may not use: safety stock, other audiences' pools, thresholds."""
        ruled = {
            (each.channel, part): part[0] if part[1] is Condition.NEW else line.sku
            for each in requests
            for line in each.lines
            for part in line.parts
        }
        total = {
            (channel, part): self.policies.threshold(sku, channel).value
            + self.policies.set_aside(sku, audiences(channel=channel, group=""))
            for (channel, part), sku in ruled.items()
        }
        lying: dict[Part, list[Position]] = {}
        for position in positions:
            lying.setdefault((position.sku, position.condition), []).append(position)
        for (channel, part), sku in ruled.items():
            total[channel, part] += sum(
                self._stays(sku, channel, position) for position in lying.get(part, ())
            )
        return total

    def _stays(self, sku: Sku, channel: str, position: Position) -> int:
        node = self.policies.node(sku, position.location_id, channel)
        if position.location_id not in self.locations or not node.may_ship.value:
            return position.available
        return min(position.available, node.safety_stock.value)


def needs(lines: Iterable[HoldLine]) -> dict[Part, int]:
    """Units per component, summed over lines and kits that share it."""
    total: dict[Part, int] = {}
    for line in lines:
        for part, units in line.parts.items():
            total[part] = total.get(part, 0) + units * line.quantity
    return total


@dataclass(slots=True)
class HoldDecider:
    """Decides reservations one after the other, on what is free and what each cart has already.

    `kept` says what a channel may not use: what its orders would not get, its carts must not reserve.
    """

    left: dict[Part, int]
    held: dict[tuple[str, str], dict[Part, int]] = field(default_factory=dict)
    kept: Mapping[tuple[str, Part], int] = field(default_factory=dict)

    def decide(self, request: HoldRequest) -> tuple[Refusal, ...]:
        """Grant a request completely (nothing refused), or refuse it and change nothing."""
        wanted, mine = needs(request.lines), self.held.get(request.key, {})
        more = {part: quantity - mine.get(part, 0) for part, quantity in wanted.items()}
        lacking = {
            part for part, quantity in more.items() if quantity > max(self._free(request.channel, part), 0)
        }
        if lacking:
            return tuple(
                Refusal(line.sku, line.quantity, self._could(request.channel, line, mine, wanted))
                for line in request.lines
                if not lacking.isdisjoint(line.parts)
            )
        for part in wanted.keys() | mine.keys():
            self.left[part] = self.left.get(part, 0) - wanted.get(part, 0) + mine.get(part, 0)
        self.held[request.key] = wanted
        return ()

    def _free(self, channel: str, part: Part) -> int:
        return self.left.get(part, 0) - self.kept.get((channel, part), 0)

    def _could(
        self, channel: str, line: HoldLine, mine: Mapping[Part, int], wanted: Mapping[Part, int]
    ) -> int:
        """How many of a line could be reserved, with all other lines as requested."""
        return min(
            max(0, self._free(channel, part) + mine.get(part, 0) - (wanted[part] - units * line.quantity))
            // units
            for part, units in line.parts.items()
        )


@dataclass(frozen=True, slots=True)
class Commitment:
    """Units that an order line still waits for."""

    order_id: int
    line_no: int
    sku: Sku
    condition: Condition
    quantity: int

    @property
    def key(self) -> tuple[int, int, Sku, Condition]:
        return self.order_id, self.line_no, self.sku, self.condition

    @property
    def cause(self) -> str:
        return f"order/{self.order_id}/line/{self.line_no}"


def recommit(
    standing: Iterable[Commitment], wanted: Iterable[Commitment], at: datetime
) -> list[NetworkMovement]:
    """The movements from the current to the wanted commitments; none where they agree."""
    change: dict[tuple[int, int, Sku, Condition], int] = {}
    causes: dict[tuple[int, int, Sku, Condition], str] = {}
    for sign, each in (*((-1, each) for each in standing), *((1, each) for each in wanted)):
        change[each.key] = change.get(each.key, 0) + sign * each.quantity
        causes[each.key] = each.cause
    return [
        NetworkMovement(
            NetworkMovementType.COMMITTED if quantity > 0 else NetworkMovementType.UNCOMMITTED,
            sku,
            condition,
            abs(quantity),
            causes[order_id, line_no, sku, condition],
            at,
            order_id,
        )
        for (order_id, line_no, sku, condition), quantity in sorted(change.items())
        if quantity
    ]
