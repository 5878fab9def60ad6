"""State transitions: allowed by the machine's literal table, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from doorstep.kernel import errors

S = TypeVar("S", bound=StrEnum)


class IllegalMove(errors.Conflict):
    """The transition is not allowed from the current state; `data.allowed_states` lists the states that are."""


def transition(moves: Mapping[S, frozenset[S]], current: S, to: S, *, thing: str) -> S:
    """Return `to` if the table allows it from `current`; raise IllegalMove otherwise."""
    legal = moves[current]
    if to not in legal:
        is_now, wanted = (each.value.replace("_", " ") for each in (current, to))
        raise IllegalMove(
            f"{thing} is already {is_now}."
            if current is to
            else f"{thing} is {is_now}: it cannot become {wanted}.",
            state=current.value,
            allowed_states=sorted(legal),
        )
    return to
