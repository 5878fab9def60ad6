"""Explain an availability answer step by step, from all stock to what may be promised."""

from __future__ import annotations

from typing import NamedTuple

from doorstep.domain.inventory.model.availability import PartAnswer, Share
from doorstep.domain.inventory.model.policies import NONE, Ruling


class Step(NamedTuple):
    """One step of the explanation: units subtracted (negative) or present, why, and by which rule."""

    words: str
    units: int
    rule: Ruling = NONE


def waterfall(part: PartAnswer) -> list[Step]:
    """From all stock to what may be promised. The steps add up to `free` of the whole network (an answer for one location
    is at most that, and at most what is there).
    """
    steps = [Step("On hand everywhere", part.on_hand)]
    for location in part.locations:
        steps += _steps_of(location)
    steps += [Step(f"Incoming: {each.document}", each.free) for each in part.incoming if each.free]
    asked = (
        ("Reserved for backorders first", part.backordered),
        ("Reserved by carts and checkouts", part.held),
        ("Committed to unallocated orders", part.committed),
    )
    steps += [Step(words, -units) for words, units in asked if units]
    if part.threshold.value:
        steps.append(Step("Threshold of this channel", -part.threshold.value, part.threshold))
    steps += [Step(f"Set aside for {audience}", -ruling.value, ruling) for audience, ruling in part.pools]
    return steps


def _steps_of(location: Share) -> list[Step]:
    """A location's units that do not count, and why."""
    if location.left_out:
        return (
            [Step(f"{location.name}: {location.left_out}", -location.on_hand, location.rule)]
            if location.on_hand
            else []
        )
    if location.unknown:
        return [Step(location.unknown, -location.on_hand)] if location.on_hand else []
    steps = []
    if location.reserved:
        steps.append(Step(f"{location.name}: reserved for orders", -location.reserved))
    safety = location.on_hand - location.reserved - location.counted
    if safety:
        steps.append(Step(f"{location.name}: safety stock", -safety, location.safety_stock))
    return steps
