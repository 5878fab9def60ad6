"""Find the invoices that returned units are credited against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An invoice: its reference and its units by order line."""

    reference: str
    units: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Credited:
    """Units of an order line to credit against an invoice; `earlier` units of the line are credited before them."""

    reference: str
    quantity: int
    earlier: int


def credited(invoices: Sequence[Invoiced], *, line_no: int, quantity: int, earlier: int) -> list[Credited]:
    """Divide returned units of a line over its invoices, oldest first, after `earlier` units were credited.

    No invoice is credited for more units than it has; units beyond all invoices are left out.
    """
    parts: list[Credited] = []
    begin = 0
    for invoice in invoices:
        end = begin + invoice.units.get(line_no, 0)
        first, last = max(begin, earlier), min(end, earlier + quantity)
        if first < last:
            parts.append(Credited(invoice.reference, last - first, first))
        begin = end
    return parts
