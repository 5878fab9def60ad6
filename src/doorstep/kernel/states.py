"""State transitions: allowed by the machine's literal table, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from doorstep.kernel import errors

S = TypeVar("S", bound=StrEnum)


class IllegalMove(errors.Conflict):
    """The transition is not allowed from the current state; `data.legal` lists what is."""


def transition(moves: Mapping[S, frozenset[S]], current: S, to: S, *, thing: str) -> S:
    """Return `to` if the table allows it from `current`; raise IllegalMove otherwise."""
    legal = moves[current]
    if to not in legal:
        ways = ", ".join(sorted(legal)) or "nothing, it is final"
        raise IllegalMove(
            f"{thing} is {current.value}; it cannot become {to.value} (possible: {ways}).",
            state=current.value,
            legal=sorted(legal),
        )
    return to
