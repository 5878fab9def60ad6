"""What warehouses report about fulfillment orders: lines by our reference, never more than there is."""

from __future__ import annotations

import pytest

from doorstep.domain.fulfillment.model import WorkLine
from doorstep.domain.fulfillment.model.warehouse import CartonLine, check_units, is_all, units_of
from doorstep.kernel import errors
from doorstep.kernel.ids import Sku

LINES = (WorkLine(1, Sku("A"), 2), WorkLine(2, Sku("B"), 1))


def test_units_are_counted_by_line() -> None:
    lines = [CartonLine("1", 1), CartonLine("1", 1), CartonLine("2", 0)]
    assert units_of(lines) == {1: 2}
    for wrong in ("", "x", "²"):
        with pytest.raises(errors.Invalid, match="has no line"):
            units_of([CartonLine(wrong, 1)])


def test_more_than_there_is_is_refused() -> None:
    check_units(LINES, {1: 2, 2: 1}, doing="ships")
    for units in ({1: 3}, {3: 1}, {1: -1}):
        with pytest.raises(errors.Invalid, match="The warehouse ships"):
            check_units(LINES, units, doing="ships")
    assert is_all(LINES, {1: 2, 2: 1})
    assert not is_all(LINES, {1: 2})
