"""Which of several connections of a kind does some work: one that is meant for it before one that serves all."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from doorstep.domain.connections.model.connector import Connection


class Serves(StrEnum):
    """What a connection can be limited to: keys of sales channels (messengers, payment gateways), names of legal entities (ERPs)."""

    CHANNELS = "channels"
    LEGAL_ENTITIES = "legal_entities"


def choose(connections: Sequence[Connection], by: Serves, value: str) -> Connection | None:
    """The connection for this channel or legal entity; of several that are equally meant, the first by key."""
    meant = [each for each in connections if value in each.serves.get(by, ())]
    for_all = [each for each in connections if not each.serves.get(by)]
    return next(iter(sorted(meant, key=_key) or sorted(for_all, key=_key)), None)


def _key(connection: Connection) -> str:
    return connection.key
