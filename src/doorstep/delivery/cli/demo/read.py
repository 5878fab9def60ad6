"""Read JSON answers, and check their shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doorstep.kernel import errors

Json = dict[str, object]


def rows(answer: Mapping[str, object], name: str) -> list[Json]:
    """A list of objects."""
    found = answer[name]
    if not isinstance(found, list):
        raise errors.Invalid(f"{name} is not a list.")
    return found


def values(answer: Mapping[str, object], name: str) -> Sequence[object]:
    """A list of plain values."""
    found = answer[name]
    return found if isinstance(found, list) else []


def table(answer: Mapping[str, object], name: str) -> dict[str, Json]:
    """An object of objects."""
    found = answer.get(name, {})
    if not isinstance(found, dict):
        raise errors.Invalid(f"{name} is not an object.")
    return found


def text(answer: Mapping[str, object], *path: str) -> str:
    """A value at a path of names; empty if a part of the path is null."""
    found: object = answer
    for name in path:
        if found is None:
            return ""
        if not isinstance(found, Mapping):
            raise errors.Invalid(f"{'.'.join(path)} is missing.")
        found = found[name]
    return "" if found is None else str(found)


def tracking_numbers(order: Mapping[str, object]) -> set[str]:
    """The tracking numbers on a shop order, wherever its fulfillments keep them."""
    found = set()
    for fulfillment in values(order, "fulfillments") if "fulfillments" in order else []:
        if isinstance(fulfillment, Mapping):
            tracking = fulfillment.get("tracking")
            numbers = (
                tracking.get("numbers", [tracking.get("number")]) if isinstance(tracking, Mapping) else []
            )
            found |= {str(number) for number in [*numbers, fulfillment.get("tracking_number")] if number}
    return found


def documents(state: Mapping[str, object], doctype: str) -> list[Json]:
    """The ERP's documents of a type."""
    return list(table(table(state, "documents"), doctype).values())


def tax_kinds(invoice: Mapping[str, object]) -> set[str]:
    """The GST kinds of an invoice."""
    heads = " ".join(str(row.get("account_head")) for row in rows(invoice, "taxes"))
    return {kind for kind in ("CGST", "SGST", "IGST") if kind in heads}


def count(answer: object, name: str) -> int:
    """A whole number of an object."""
    return int(str(answer[name])) if isinstance(answer, Mapping) else 0
