"""Which of several connections of a kind does some work."""

from __future__ import annotations

import pytest

from doorstep.domain.connections.model import Connection, Kind, Mode, choice
from doorstep.domain.connections.model.choice import Serves
from doorstep.kernel.ids import ConnectionId


def relay(key: str, *channels: str) -> Connection:
    serves = {"channels": channels} if channels else {}
    return Connection(ConnectionId(1), key, Kind.MESSENGERS, "smtp", key, Mode.LIVE, {}, serves)


@pytest.mark.parametrize(
    ("relays", "channel", "chosen"),
    [
        ([relay("all"), relay("north", "shop-north")], "shop-north", "north"),
        ([relay("all"), relay("north", "shop-north")], "shop-south", "all"),
        ([relay("north", "shop-north")], "shop-south", None),
        ([relay("b"), relay("a")], "shop", "a"),
        ([relay("b", "shop"), relay("a", "shop")], "shop", "a"),
        ([], "shop", None),
    ],
)
def test_one_that_is_meant_comes_before_one_for_all(
    relays: list[Connection], channel: str, chosen: str | None
) -> None:
    found = choice.choose(relays, Serves.CHANNELS, channel)
    assert (found.key if found else None) == chosen
