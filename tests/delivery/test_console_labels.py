"""Words of values: every value of an enum or a Literal has its own, in the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import get_args, get_type_hints

import pytest

from doorstep.delivery.console import labels
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.inventory.model.claims import ClaimOutcome
from doorstep.domain.network.model import LocationKind
from doorstep.domain.routing.model import rules

TABLES: Mapping[str, type[StrEnum]] = {
    "reject_reason": RejectReason,
    "count_result": ClaimOutcome,
    "location_kind": LocationKind,
    "measure": rules.Measure,
}


@pytest.mark.parametrize("table", TABLES)
def test_every_value_has_a_word(table: str) -> None:
    words = [labels.label(table, each) for each in TABLES[table]]
    assert all(("_" not in word and word[0].isupper()) or word == "3PL" for word in words), words
    assert len(set(words)) == len(words)


def test_every_option_of_a_rule_has_a_word() -> None:
    options = [
        str(value)
        for part in (rules.Split, rules.Remainder, rules.Release, rules.Rejected)
        for kind in get_type_hints(part).values()
        for value in get_args(kind)
        if isinstance(value, str)
    ]
    assert set(options) <= set(labels.RULE_OPTIONS)


def test_a_document_is_named_by_kind_and_number() -> None:
    assert labels.document("purchase_order PO-7") == "Purchase order PO-7"
    assert labels.document("") == ""


@pytest.mark.parametrize(
    ("count", "unit", "words"), [(1, "orders", "1 order"), (0, "lines", "0 lines"), (2, "units", "2 units")]
)
def test_a_shift_counts_in_words(count: int, unit: str, words: str) -> None:
    assert labels.shift_units(count, unit) == words
