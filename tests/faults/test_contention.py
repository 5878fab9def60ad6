"""Ten SKUs and everybody at once: no call fails, no message is lost, and the ledger is exact."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.builders import Retailer
from tests.faults import buyers, contention

from doorstep.domain.inventory import views as stock


@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_no_call_fails_beside_workers_on_the_same_stock(retailer: Retailer, seconds: int) -> None:
    buyers.till(retailer.app)
    contention.stock_up(retailer)
    answers = contention.rush(retailer, seconds=seconds)
    statuses = Counter[int]()
    for (_, status), count in answers.items():
        statuses[status] += count
    assert set(statuses) <= {200, 201, 409}, answers
    assert statuses[200] + statuses[201] > 5 * seconds
    retailer.settle()
    assert retailer.read(stock.drift) == []
    assert retailer.dead_letters() == []
