"""Share stock pools among order lines of their audience, first come, first served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorstep.domain.inventory.model.policies import Pool

LineKey = tuple[int, int]
DrawKey = tuple[int, int, str, str]


@dataclass(frozen=True, slots=True)
class Taker:
    """An order line that wants units, and the pools it may use."""

    line: LineKey
    sku: str
    audiences: frozenset[str]
    quantity: int


def share(takers: Sequence[Taker], pools: Sequence[Pool], had: Mapping[DrawKey, int]) -> dict[DrawKey, int]:
    """What each line draws from each pool, given what these lines `had` before (0: all returned).

    A line keeps what it had as long as it wants it, takes from pools in the order of their audiences' names, and what it had of
    a removed pool counts towards what it wants.
    """
    left = {(pool.sku, pool.audience): pool.quantity - pool.used for pool in pools}
    result: dict[DrawKey, int] = {}
    missing: list[int] = []
    for taker in takers:
        wants = taker.quantity
        for key in sorted(key for key in had if key[:2] == taker.line and key[2] == taker.sku):
            result[key] = min(had[key], wants)
            wants -= result[key]
            if key[2:] in left:
                left[key[2:]] += had[key] - result[key]
        missing.append(wants)
    for taker, wants in zip(takers, missing, strict=True):
        still = wants
        for audience in sorted(taker.audiences):
            taken = max(0, min(still, left.get((taker.sku, audience), 0)))
            if taken:
                key = (*taker.line, taker.sku, audience)
                result[key] = result.get(key, 0) + taken
                left[taker.sku, audience] -= taken
                still -= taken
    return result
