"""Check acceptance limits for a draft rule set, relative to the active one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from doorstep.domain.routing.model.lab.measures import KEYS, Compared
from doorstep.kernel import errors

_GATE = re.compile(r"^\s*([a-z0-9]+)\s*<=\s*([0-9]+(?:\.[0-9]+)?)\s*$")


@dataclass(frozen=True, slots=True)
class Gate:
    """A limit: the maximum of a measure as a ratio to its current value."""

    key: str
    most: float


def read(text: str) -> list[Gate]:
    """Parse limits like cost<=1.00,splits<=1.02. Raises Invalid."""
    return [_read(each) for each in text.split(",") if each.strip()]


def _read(text: str) -> Gate:
    found = _GATE.match(text)
    if found is None or found[1] not in KEYS:
        raise errors.Invalid(
            f"{text.strip()!r} is not a valid limit: write it as cost<=1.02, of {', '.join(KEYS)}.",
            field="must",
        )
    return Gate(found[1], float(found[2]))


def broken(gates: Iterable[Gate], compared: Sequence[Compared]) -> list[str]:
    """The exceeded limits, as sentences."""
    by_key = {each.measure.key: each for each in compared}
    return [_words(gate, by_key[gate.key]) for gate in gates if not _holds(gate, by_key[gate.key])]


def _holds(gate: Gate, found: Compared) -> bool:
    return found.ratio is not None and found.ratio <= gate.most


def _words(gate: Gate, found: Compared) -> str:
    if found.ratio is None:
        return f"{found.measure.label} was 0 before and is {found.after:,.4g} now."
    return (
        f"{found.measure.label} is {found.ratio:.4f} times the current value; the limit is {gate.most:.4f}."
    )
