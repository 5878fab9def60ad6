"""Explain an availability answer step by step, from all stock to what may be promised."""

from __future__ import annotations

from typing import NamedTuple

from doorstep.domain.inventory.model.availability import PartAnswer, Share
from doorstep.domain.inventory.model.policies import NONE, Ruling
from doorstep.kernel.message import Message, written


class Step(NamedTuple):
    """One step of the explanation: units subtracted (negative) or present, why, and by which rule."""

    words: Message
    units: int
    rule: Ruling = NONE


def waterfall(part: PartAnswer) -> list[Step]:
    """From all stock to what may be promised. The steps add up to `free` of the whole network (an answer for one location
    is at most that, and at most what is there).
    """
    steps = [Step(Message("On hand everywhere"), part.on_hand)]
    for location in part.locations:
        steps += _steps_of(location)
    steps += [
        Step(Message("Incoming: %(document)s", document=each.document), each.free)
        for each in part.incoming
        if each.free
    ]
    asked = (
        (Message("Reserved for backorders first"), part.backordered),
        (Message("Reserved by carts and checkouts"), part.held),
        (Message("Committed to unallocated orders"), part.committed),
    )
    steps += [Step(words, -units) for words, units in asked if units]
    if part.threshold.value:
        steps.append(Step(Message("Threshold of this channel"), -part.threshold.value, part.threshold))
    steps += [
        Step(Message("Set aside for %(audience)s", audience=audience), -ruling.value, ruling)
        for audience, ruling in part.pools
    ]
    return steps


def _steps_of(location: Share) -> list[Step]:
    """A location's units that do not count, and why."""
    if location.left_out:
        why = Message("%(location)s: %(reason)s", location=location.name, reason=Message(location.left_out))
        return [Step(why, -location.on_hand, location.rule)] if location.on_hand else []
    if location.unknown:
        return [Step(written(location.unknown), -location.on_hand)] if location.on_hand else []
    steps = []
    if location.reserved:
        steps.append(
            Step(Message("%(location)s: reserved for orders", location=location.name), -location.reserved)
        )
    safety = location.on_hand - location.reserved - location.counted
    if safety:
        steps.append(
            Step(
                Message("%(location)s: safety stock", location=location.name), -safety, location.safety_stock
            )
        )
    return steps
