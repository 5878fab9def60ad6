"""Filters and pages of both order searches. A page token carries the whole query and ends after a while."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from doorstep_sandbox.amazon import errors
from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json, compact

LARGEST_PAGE = 100
PAGE_TOKEN_SECONDS = 900
# Amazon answers only what is at least two minutes old.
SETTLED_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Names:
    """How a version of the API calls its parameters."""

    created_after: str
    created_before: str
    updated_after: str
    updated_before: str
    statuses: str
    marketplaces: str
    fulfilled_by: str
    page_size: str
    token: str


CURRENT = Names(
    "createdAfter",
    "createdBefore",
    "lastUpdatedAfter",
    "lastUpdatedBefore",
    "fulfillmentStatuses",
    "marketplaceIds",
    "fulfilledBy",
    "maxResultsPerPage",
    "paginationToken",
)
V0 = Names(
    "CreatedAfter",
    "CreatedBefore",
    "LastUpdatedAfter",
    "LastUpdatedBefore",
    "OrderStatuses",
    "MarketplaceIds",
    "FulfillmentChannels",
    "MaxResultsPerPage",
    "NextToken",
)


@dataclass(frozen=True, slots=True)
class Page:
    """Orders, the next token (or none), and the end of the time that was searched: by which field, and when."""

    orders: list[Json]
    token: str | None
    by_update: bool
    until: str


def page(orders: Iterable[Json], query: Mapping[str, str], names: Names, settings: Json) -> Page:
    """Raises VendorError for a wrong query and for a token that has ended."""
    token = query.get(names.token)
    held = _opened(token, names, settings) if token else _checked(query, names, settings)
    field = "updated_at" if held["by_update"] else "placed_at"
    found = sorted(
        (order for order in orders if _fits(order, held, field)), key=lambda each: _key(each, field)
    )
    rest = [order for order in found if _key(order, field) > tuple(held["after"])]
    shown = rest[: held["size"]]
    following = None
    if len(rest) > len(shown):
        ends_at = clock.epoch() + int(settings.get("page_token_seconds", PAGE_TOKEN_SECONDS))
        series = settings.get("page_token_series", 0)
        following = _sealed({**held, "after": _key(shown[-1], field), "ends_at": ends_at, "series": series})
    return Page(shown, following, held["by_update"], held["until"])


def _key(order: Json, field: str) -> tuple[str, str]:
    return order[field], order["id"]


def _fits(order: Json, held: Json, field: str) -> bool:
    return (
        held["since"] <= order[field] <= held["until"]
        and (not held["statuses"] or order["status"] in held["statuses"])
        and (not held["marketplaces"] or order["marketplace"] in held["marketplaces"])
        and (not held["fulfilled_by"] or order["fulfilled_by"] in held["fulfilled_by"])
    )


def _checked(query: Mapping[str, str], names: Names, settings: Json) -> Json:
    created, updated = query.get(names.created_after), query.get(names.updated_after)
    if bool(created) == bool(updated):
        raise errors.invalid(f"Exactly one of {names.created_after} and {names.updated_after} is required.")
    latest = clock.now() - dt.timedelta(seconds=float(settings.get("settled_seconds", SETTLED_SECONDS)))
    before = query.get(names.updated_before if updated else names.created_before)
    until = _moment(before) if before else latest
    if until > latest:
        raise errors.invalid(f"{names.updated_before} must be at least two minutes before the request.")
    since = _moment(updated or created or "")
    if since > until and before:
        raise errors.invalid("The end of the time must not be before its start.")
    size = query.get(names.page_size, str(LARGEST_PAGE))
    if not size.isdecimal() or not 1 <= int(size) <= LARGEST_PAGE:
        raise errors.invalid(f"{names.page_size} must be between 1 and {LARGEST_PAGE}.")
    return {
        "by_update": bool(updated),
        "since": clock.zulu(since),
        "until": clock.zulu(until),
        "statuses": split(query.get(names.statuses)),
        "marketplaces": split(query.get(names.marketplaces)),
        "fulfilled_by": split(query.get(names.fulfilled_by)),
        "size": int(size),
        "after": ["", ""],
    }


def split(text: str | None) -> list[str]:
    """A list in a query: separated by commas."""
    return [value for value in (text or "").split(",") if value]


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid(f"{text!r} is not a date in ISO 8601 format.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _sealed(held: Json) -> str:
    return base64.urlsafe_b64encode(compact(held)).decode()


def _opened(token: str, names: Names, settings: Json) -> Json:
    try:
        held: Json = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise errors.invalid(f"{names.token} is invalid.") from None
    if held["ends_at"] <= clock.epoch() or held["series"] != settings.get("page_token_series", 0):
        raise errors.invalid(f"{names.token} has expired.")
    return held
