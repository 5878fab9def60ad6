"""What one write transaction has locked, and in which order it may; nothing outside the database happens in one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

_thread = threading.local()
_NOTHING: frozenset[object] = frozenset()


class Kind(IntEnum):
    """What is locked, in the order in which every transaction locks (ARCHITECTURE.md, "Locks")."""

    ORDER = 1
    SKU = 2


class LockOrderError(RuntimeError):
    """A transaction locked in another order than the others, or in two steps: two of them can wait for each other."""


@dataclass(slots=True)
class Locks:
    """What a transaction has locked, by kind. `is_checked` makes a lock out of order an error, as in tests."""

    is_checked: bool = False
    held: Mapping[Kind, frozenset[object]] = field(default_factory=dict)

    def missing(self, kind: Kind, keys: Iterable[str] | Iterable[int]) -> list[object]:
        """Those of the keys that are not locked yet, once each. The caller waits for them, and then adds them."""
        mine = self.held.get(kind, _NOTHING)
        fresh: list[object] = [key for key in dict.fromkeys(keys) if key not in mine]
        if fresh and self.is_checked:
            self._check(kind, fresh)
        return fresh

    def add(self, kind: Kind, keys: Iterable[object]) -> None:
        """These are locked now."""
        self.held = {**self.held, kind: self.held.get(kind, _NOTHING).union(keys)}

    def _check(self, kind: Kind, fresh: list[object]) -> None:
        later = [each.name for each in Kind if each > kind and self.held.get(each)]
        if later:
            raise LockOrderError(f"{kind.name} {fresh} is locked after {', '.join(later)}.")
        mine = self.held.get(kind)
        if mine and (kind is Kind.SKU or min(map(_number, fresh)) < max(map(_number, mine))):
            raise LockOrderError(
                f"{kind.name} {fresh} is locked after {sorted(map(str, mine))}: lock them at once."
            )


def _number(key: object) -> int:
    return int(str(key))


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """This thread has a write transaction open, as long as the block runs."""
    before = getattr(_thread, "is_writing", False)
    _thread.is_writing = True
    try:
        yield
    finally:
        _thread.is_writing = before


def refuse_in_transaction(what: str) -> None:
    """Raise where this thread has a write transaction open: it may run again, and `what` would then happen twice."""
    if getattr(_thread, "is_writing", False):
        raise RuntimeError(f"{what} is called inside a transaction: call it before or after.")
