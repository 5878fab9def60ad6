"""Small rules of stock work, without a database."""

from __future__ import annotations

import pytest
from tests.builders import JACKET, NOON, SHIRT

from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.claims import Claim, ClaimOutcome, LedgerState, Verdict, classify
from doorstep.domain.inventory.model.counts import CountLine, Tolerance
from doorstep.domain.inventory.model.imports import BadFile, Import, ImportKind, ImportState, text_of
from doorstep.domain.inventory.model.reasons import StockConditionChange
from doorstep.domain.inventory.model.receiving import Delivery, compare_with_document
from doorstep.domain.inventory.model.replenishment import Source, StockLevel, suggest
from doorstep.domain.inventory.model.transfers import (
    Transfer,
    TransferLine,
    TransferLineResult,
    TransferReceiptLine,
    TransferState,
    compare_with_shipped,
)
from doorstep.kernel.ids import ImportId, LocationId, TransferId

A, B = LocationId(1), LocationId(2)


@pytest.mark.parametrize(
    ("quantity", "seen", "verdict"),
    [
        (8, LedgerState(10, 0, 0, 0, None), Verdict(ClaimOutcome.APPLIED, -2, 0)),
        (10, LedgerState(6, 0, 0, -4, None), Verdict(ClaimOutcome.UNCHANGED, 0, 0)),
        (3, LedgerState(6, 6, 3, 0, None), Verdict(ClaimOutcome.CONTRADICTED, 0, 3, "Units found: 3, reserved: 6, missing: 3.")),
        (6, LedgerState(6, 6, 3, 0, None), Verdict(ClaimOutcome.APPLIED, 0, 0)),
    ],
)  # fmt: skip
def test_a_claim_is_compared_with_the_system_quantity(
    quantity: int, seen: LedgerState, verdict: Verdict
) -> None:
    assert classify(Claim(SHIRT, A, Condition.NEW, quantity, NOON), seen) == verdict


def test_an_uncounted_line_has_no_variance() -> None:
    assert CountLine(SHIRT, Condition.NEW).variance is None
    assert CountLine(SHIRT, Condition.NEW, counted=3).variance is None
    assert Tolerance().covers(CountLine(SHIRT, Condition.NEW, counted=3, expected=3))


def test_a_transfer_line_that_has_not_arrived_stays_open() -> None:
    lines = (TransferLine(SHIRT, 4, 4, 0), TransferLine(JACKET, 2, 2, 0))
    transfer = Transfer(TransferId(1), A, B, TransferState.SHIPPED, 3, None, lines)
    assert compare_with_shipped(transfer, [TransferReceiptLine(SHIRT, 4)], closes=False) == [
        TransferLineResult(SHIRT, 4, 0, 0)
    ]
    assert compare_with_shipped(transfer, [], closes=True) == [
        TransferLineResult(SHIRT, 0, 0, 4),
        TransferLineResult(JACKET, 0, 0, 2),
    ]


def received(*lines: TransferReceiptLine, is_bound: bool = True) -> list[tuple[Condition, int, int, str]]:
    """A delivery of a transfer of four shirts."""
    delivery = Delivery(A, lines, transfer_id=TransferId(7), is_bound_to_document=is_bound)
    found = compare_with_document(delivery, {SHIRT: 4})
    return [(each.condition, each.expected, each.received, each.reason) for each in found]


def test_surplus_of_who_may_not_add_stock_goes_to_quarantine() -> None:
    new, held, why = Condition.NEW, Condition.QUARANTINE, "More than transfer 7"
    assert received(TransferReceiptLine(SHIRT, 4)) == [(new, 4, 4, "")]
    assert received(TransferReceiptLine(SHIRT, 6)) == [(new, 4, 4, ""), (held, 0, 2, why)]
    both = (TransferReceiptLine(SHIRT, 4), TransferReceiptLine(SHIRT, 2, Condition.B_GRADE, "stain"))
    assert received(*both) == [(new, 4, 4, ""), (held, 0, 2, "stain")]
    assert received(TransferReceiptLine(SHIRT, 9, Condition.DAMAGED)) == [(Condition.DAMAGED, 4, 9, "")]
    assert received(TransferReceiptLine(SHIRT, 6), is_bound=False) == [(new, 4, 6, "")]


@pytest.mark.parametrize(
    ("before", "after", "makes_sellable"),
    [
        ("quarantine", "new", True),
        ("damaged", "b_grade", True),
        ("new", "b_grade", False),
        ("new", "damaged", False),
    ],
)
def test_a_change_of_condition_may_make_units_sellable(
    before: str, after: str, *, makes_sellable: bool
) -> None:
    change = StockConditionChange(SHIRT, A, Condition(before), Condition(after), 1)
    assert change.makes_sellable is makes_sellable


def test_a_draft_belongs_to_both_of_its_locations() -> None:
    draft = Transfer(TransferId(1), A, B, TransferState.DRAFT, 1, None, ())
    assert [draft.acting_locations(each) for each in ("change", "cancel", "request")] == [
        (A, B),
        (A, B),
        (A,),
    ]
    requested = Transfer(TransferId(1), A, B, TransferState.REQUESTED, 2, None, ())
    assert requested.acting_locations("cancel") == (A,)


def test_text_is_utf_8_with_or_without_its_mark() -> None:
    assert list(text_of(["\ufeffsku\n".encode(), "blå\n".encode()])) == ["sku\n", "blå\n"]
    with pytest.raises(BadFile, match="Line 2 is not text in UTF-8"):
        list(text_of([b"sku\n", b"\xff\n"]))


@pytest.mark.parametrize(
    ("state", "checked", "applied", "percent"),
    [("checking", 40, 0, 10), ("applying", 100, 0, 25), ("applying", 100, 40, 55), ("done", 100, 100, 100)],
)
def test_checking_is_the_first_quarter_of_a_file(
    state: str, checked: int, applied: int, percent: int
) -> None:
    file = Import(
        id=ImportId(1), kind=ImportKind.STOCK, state=ImportState(state), whole=False, source="file", as_of=NOON,
        file_name="a.csv", loaded=99, last_line=100, checked_to=checked, applied_to=applied, applied=0, ignored=0,
        bad=0, error="", actor="cli", created_at=NOON, finished_at=None,
    )  # fmt: skip
    assert file.percent == percent


def test_a_place_whose_source_has_nothing_to_spare_waits() -> None:
    stock = StockLevel(SHIRT, B, A, 5, 9, 0, 0, 0, 0)
    assert suggest([stock], [Source(SHIRT, A, 7, 3, 4)]) == []
    assert suggest([stock], []) == []
    assert [each.quantity for each in suggest([stock], [Source(SHIRT, A, 8, 0, 4)])] == [4]
