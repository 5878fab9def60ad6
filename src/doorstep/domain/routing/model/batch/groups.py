"""Group what shares something, directly or through others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K")


def connected(items: Iterable[T], keys_of: Callable[[T], set[K]]) -> list[list[T]]:
    """Items that share a key are in one group, in their sequence; so are those that others connect."""
    groups: list[tuple[set[K], list[T]]] = []
    for item in items:
        keys, members = keys_of(item), [item]
        apart = []
        for group in groups:
            if group[0] & keys:
                keys, members = keys | group[0], [*group[1], *members]
            else:
                apart.append(group)
        groups = [*apart, (keys, members)]
    return [members for _, members in groups]
