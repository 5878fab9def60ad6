"""What the rules come to for a batch of SKUs: asked by routing and by availability, each answer with the rule that decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from doorstep.domain.inventory.model.rules import EVERY_CHANNEL

PICKUP_KINDS = frozenset({"store", "dark_store"})


class Ruling(NamedTuple):
    """A value and the rule that set it; no rule: the default. Yes and no are 1 and 0."""

    value: int
    rule_id: int | None = None
    rule: str = ""


YES, NONE = Ruling(1), Ruling(0)


@dataclass(frozen=True, slots=True)
class NodePolicy:
    """What was decided for a SKU at a location (for one channel or for all): None is left to the default."""

    may_ship: Ruling = YES
    may_pick_up: Ruling | None = None
    safety_stock: Ruling = NONE


UNRULED = NodePolicy()


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """A row of channel_policies: pieces that the channel leaves over."""

    sku: str
    channel: str
    threshold: int
    threshold_rule: int


@dataclass(frozen=True, slots=True)
class Pool:
    """Pieces of a SKU for one audience, and how many of them its orders took."""

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
    """Everything decided about some SKUs. Built by one view call for a batch; asking costs a dictionary look-up."""

    nodes: Mapping[tuple[str, int, str], NodePolicy] = field(default_factory=dict)
    channels: Mapping[tuple[str, str], ChannelPolicy] = field(default_factory=dict)
    pools: Mapping[str, tuple[Pool, ...]] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def node(self, sku: str, location_id: int, channel: str = EVERY_CHANNEL) -> NodePolicy:
        """All that was decided there: a row of the channel's own, else the common one, else nothing."""
        if channel:
            own = self.nodes.get((sku, location_id, channel))
            if own is not None:
                return own
        return self.nodes.get((sku, location_id, EVERY_CHANNEL), UNRULED)

    def may_ship(self, sku: str, location_id: int, channel: str) -> Ruling:
        """Whether parcels of this channel may leave there with this SKU (the location itself must ship, too)."""
        return self.node(sku, location_id, channel).may_ship

    def may_pick_up(self, sku: str, location_id: int, channel: str, *, kind: str) -> Ruling:
        """Whether customers may collect this SKU there; without a rule at stores and dark stores only."""
        found = self.node(sku, location_id, channel).may_pick_up
        return Ruling(int(kind in PICKUP_KINDS)) if found is None else found

    def safety_stock(self, sku: str, location_id: int, channel: str = EVERY_CHANNEL) -> Ruling:
        """Pieces that stay on the shelf there."""
        return self.node(sku, location_id, channel).safety_stock

    def threshold(self, sku: str, channel: str) -> Ruling:
        """Pieces that this channel leaves over in the whole network."""
        found = self.channels.get((sku, channel)) or self.channels.get((sku, EVERY_CHANNEL))
        return NONE if found is None else self._ruling(found.threshold, found.threshold_rule)

    def set_aside(self, sku: str, audiences: Collection[str]) -> int:
        """Pieces that a buyer of these audiences may not touch."""
        return sum(pool.left for pool in self.pools.get(sku, ()) if pool.audience not in audiences)

    def others_pools(self, sku: str, audiences: Collection[str]) -> list[tuple[str, Ruling]]:
        """The same, pool by pool: whose it is, and what is left of it by which rule."""
        return [
            (pool.audience, self._ruling(pool.left, pool.rule))
            for pool in self.pools.get(sku, ())
            if pool.audience not in audiences and pool.left
        ]

    def _ruling(self, value: int, rule_id: int) -> Ruling:
        return Ruling(value, rule_id, self.names.get(rule_id, ""))
