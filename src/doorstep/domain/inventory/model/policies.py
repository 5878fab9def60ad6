"""Results of the availability rules for a batch of SKUs, each with the rule that decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from doorstep.domain.inventory.model.rules import EVERY_CHANNEL
from doorstep.kernel.message import NOTHING, Message

PICKUP_KINDS = frozenset({"store", "dark_store"})


class Ruling(NamedTuple):
    """A value and the rule that set it; no rule: the default. Yes and no are 1 and 0."""

    value: int
    rule_id: int | None = None
    rule: str = ""


YES, NONE = Ruling(1), Ruling(0)


@dataclass(frozen=True, slots=True)
class NodePolicy:
    """Results for a SKU at a location (for one channel or all): None means the default."""

    may_ship: Ruling = YES
    may_pick_up: Ruling | None = None
    safety_stock: Ruling = NONE


UNRULED = NodePolicy()


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """A row of channel_policies: the threshold of a channel."""

    sku: str
    channel: str
    threshold: int
    threshold_rule: int


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of a SKU for one audience, and how much its orders drew."""

    sku: str
    audience: str
    quantity: int
    used: int
    rule: int

    @property
    def left(self) -> int:
        return max(0, self.quantity - self.used)


@dataclass(frozen=True, slots=True)
class Policies:
    """All results for some SKUs. Built by one view call for a batch; a look-up is a dictionary access."""

    nodes: Mapping[tuple[str, int, str], NodePolicy] = field(default_factory=dict)
    channels: Mapping[tuple[str, str], ChannelPolicy] = field(default_factory=dict)
    pools: Mapping[str, tuple[Pool, ...]] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def node(self, sku: str, location_id: int, channel: str = EVERY_CHANNEL) -> NodePolicy:
        """The results at a location: a row of the channel's own, else the common one, else none."""
        if channel:
            own = self.nodes.get((sku, location_id, channel))
            if own is not None:
                return own
        return self.nodes.get((sku, location_id, EVERY_CHANNEL), UNRULED)

    def may_ship(self, sku: str, location_id: int, channel: str) -> Ruling:
        """Whether this SKU may ship from there for this channel (the location itself must ship, too)."""
        return self.node(sku, location_id, channel).may_ship

    def may_pick_up(self, sku: str, location_id: int, channel: str, *, kind: str) -> Ruling:
        """Whether customers may pick this SKU up there; without a rule at stores and dark stores only."""
        found = self.node(sku, location_id, channel).may_pick_up
        return Ruling(int(kind in PICKUP_KINDS)) if found is None else found

    def safety_stock(self, sku: str, location_id: int, channel: str = EVERY_CHANNEL) -> Ruling:
        """Safety stock there."""
        return self.node(sku, location_id, channel).safety_stock

    def kept_back(self, sku: str, location_id: int, channel: str, *, on_hand: int) -> tuple[int, Message]:
        """Of the units on hand, how many this channel may not use, and why."""
        found = self.node(sku, location_id, channel)
        if not found.may_ship.value:
            rule = found.may_ship.rule
            if not channel:
                return on_hand, Message("does not ship for this channel (%(rule)s)", rule=rule)
            return on_hand, Message("does not ship for %(channel)s (%(rule)s)", channel=channel, rule=rule)
        if found.safety_stock.value:
            return (
                found.safety_stock.value,
                Message(
                    "keeps %(units)s as safety stock (%(rule)s)",
                    units=found.safety_stock.value,
                    rule=found.safety_stock.rule,
                ),
            )
        return 0, NOTHING

    def threshold(self, sku: str, channel: str) -> Ruling:
        """The threshold of this channel in the whole network."""
        found = self.channels.get((sku, channel)) or self.channels.get((sku, EVERY_CHANNEL))
        return NONE if found is None else self._ruling(found.threshold, found.threshold_rule)

    def set_aside(self, sku: str, audiences: Collection[str]) -> int:
        """Units in pools that a buyer of these audiences may not use."""
        return sum(pool.left for pool in self.pools.get(sku, ()) if pool.audience not in audiences)

    def others_pools(self, sku: str, audiences: Collection[str]) -> list[tuple[str, Ruling]]:
        """The same by pool: its audience, what is left, and its rule."""
        return [
            (pool.audience, self._ruling(pool.left, pool.rule))
            for pool in self.pools.get(sku, ())
            if pool.audience not in audiences and pool.left
        ]

    def _ruling(self, value: int, rule_id: int) -> Ruling:
        return Ruling(value, rule_id, self.names.get(rule_id, ""))
