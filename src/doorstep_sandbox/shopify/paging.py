"""Build lists and money of GraphQL: connections with cursors, optional limits, money bags."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TypeAlias

from graphql import GraphQLError, GraphQLResolveInfo

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model

Resolver = Callable[..., object]
Info: TypeAlias = "GraphQLResolveInfo[None]"


def utc(moment: str | None) -> str | None:
    return clock.zulu(clock.parse(moment)) if moment else None


def connection(make: Callable[[], Sequence[Json]]) -> Resolver:
    """A paged list; the vendor requires `first` or `last`."""

    def resolve(info: Info, **page: object) -> Json:
        return paged(list(make()), page, info.field_name)

    return resolve


def paged(items: list[Json], page: Json, field: str) -> Json:
    first, last = page.get("first"), page.get("last")
    if first is None and last is None:
        message = f"you must provide one of first or last on {field}"
        raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
    if page.get("reverse"):
        items = [*reversed(items)]
    cursors = [base64.b64encode(str(one["id"]).encode()).decode() for one in items]
    start = cursors.index(page["after"]) + 1 if page.get("after") in cursors else 0
    end = cursors.index(page["before"]) if page.get("before") in cursors else len(items)
    if first is not None:
        end = min(end, start + int(first))
    else:
        start = max(start, end - int(last or 0))
    return {
        "nodes": items[start:end],
        "edges": [{"node": items[at], "cursor": cursors[at]} for at in range(start, end)],
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": cursors[start] if start < end else None,
            "endCursor": cursors[end - 1] if start < end else None,
        },
    }


def limited(make: Callable[[], list[Json]]) -> Resolver:
    """A plain list with an optional `first`."""
    return lambda _info, first=None, **_more: make()[:first]


def bag(value: int, currency: str) -> Json:
    amount = {"amount": model.major(value), "currencyCode": currency}
    return {"shopMoney": amount, "presentmentMoney": amount}
