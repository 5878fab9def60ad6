"""Returned units are credited against the invoices that have them, never beyond one, in whatever portions they come back."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.invoicing.model import Credited, Invoiced, credited

SHIRTS, JACKETS = 1, 2


def test_units_of_two_invoices_are_credited_against_both() -> None:
    invoices = [
        Invoiced("INV-1", {SHIRTS: 1}),
        Invoiced("INV-2", {JACKETS: 1}),
        Invoiced("INV-3", {SHIRTS: 2}),
    ]
    assert credited(invoices, line_no=SHIRTS, quantity=2, earlier=0) == [
        Credited("INV-1", 1, 0),
        Credited("INV-3", 1, 1),
    ]
    assert credited(invoices, line_no=SHIRTS, quantity=1, earlier=2) == [Credited("INV-3", 1, 2)]


def test_units_that_were_not_invoiced_are_not_credited() -> None:
    assert credited([Invoiced("INV-1", {SHIRTS: 1})], line_no=SHIRTS, quantity=3, earlier=1) == []
    assert credited([], line_no=SHIRTS, quantity=1, earlier=0) == []


@given(st.lists(st.integers(0, 5), max_size=4), st.lists(st.integers(1, 4), max_size=8))
def test_all_returns_together_credit_each_invoice_with_what_it_has(
    invoiced: list[int], returned: list[int]
) -> None:
    invoices = [Invoiced(f"INV-{number}", {SHIRTS: units}) for number, units in enumerate(invoiced)]
    found = Counter[str]()
    earlier = 0
    for quantity in returned:
        parts = credited(invoices, line_no=SHIRTS, quantity=quantity, earlier=earlier)
        assert sum(part.quantity for part in parts) == max(0, min(quantity, sum(invoiced) - earlier))
        found.update({part.reference: part.quantity for part in parts})
        earlier += quantity
    assert all(found[each.reference] <= each.units[SHIRTS] for each in invoices)
    assert sum(found.values()) == min(sum(invoiced), sum(returned))
