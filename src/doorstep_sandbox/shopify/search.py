"""Shopify's search syntax, as far as order polling needs it: terms joined by AND, comparisons of times."""

from __future__ import annotations

import re

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model

TERM = re.compile(r"""(\w+):(>=|<=|>|<)?(?:'([^']*)'|"([^"]*)"|(\S+))""")
INSTANTS = {"created_at": "created_at", "updated_at": "updated_at", "processed_at": "created_at"}
SORT = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "PROCESSED_AT": "created_at", "ID": "id"}


def orders(found: list[Json], query: str | None, sort_key: str) -> list[Json]:
    """Unknown terms are ignored, as the vendor does (with a warning)."""
    terms = [
        (match[1], match[2] or "", match[3] or match[4] or match[5] or "")
        for match in TERM.finditer(query or "")
    ]
    kept = [one for one in found if all(_holds(one, *term) for term in terms)]
    return sorted(kept, key=lambda one: (str(one[SORT.get(sort_key, "id")]), one["id"]))


def by_sku(query: str | None, sku: str) -> bool:
    wanted = [match[3] or match[4] or match[5] for match in TERM.finditer(query or "") if match[1] == "sku"]
    return not wanted or sku in wanted


def _holds(one: Json, field: str, sign: str, value: str) -> bool:
    if field in INSTANTS:
        left, right = clock.parse(one[INSTANTS[field]]), clock.parse(value)
        return {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right}.get(
            sign, left == right
        )
    if field == "name":
        return bool(one["name"].lstrip("#") == value.lstrip("#"))
    if field == "id":
        return str(one["id"]) == value
    if field == "financial_status":
        return bool(one["financial_status"] == value)
    if field == "fulfillment_status":
        return (model.fulfillment_status(one) or "unfulfilled") == value
    return True
