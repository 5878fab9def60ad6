"""The contract of payments.ports.PaymentGateway, for every gateway found."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.contracts import stage
from tests.contracts.conftest import Open

from doorstep.domain.connections import model as connections
from doorstep.domain.payments import model as payments
from doorstep.domain.payments import ports
from doorstep.kernel import ids, money

KIND = connections.Kind.PAYMENTS
PAID = 239700


def refund(context: Mapping[str, str]) -> payments.RefundRequest:
    return payments.RefundRequest(
        refund_id=ids.RefundId(7),
        reference="refund-7",
        payment_external_id=context["payment"],
        amount=money.Money(79900, "INR"),
        reason="Size issue",
        order_number="#2041",
    )


def _capture(gateway: ports.PaymentGateway, context: Mapping[str, str]) -> payments.PaymentSnapshot:
    return gateway.capture(external_id=context["payment"], amount_minor=PAID, currency="INR")


FEATURES = {
    "payment": stage.Feature(
        act=lambda gateway, context: gateway.payment(external_id=context["payment"]),
        good=lambda seen: (seen.amount_minor, seen.currency, seen.order_reference) == (PAID, "INR", "5600"),
        reads=True,
    ),
    "capture": stage.Feature(act=_capture, good=lambda seen: seen.status is payments.PaymentStatus.CAPTURED),
    "refund": stage.Feature(
        act=lambda gateway, context: gateway.refund(refund(context)),
        find=lambda gateway, context: gateway.find_refund(refund(context)),
        good=lambda result: result.state is payments.RefundState.SUCCEEDED,
    ),
}
CASES = stage.cases(KIND, FEATURES)


def test_features_are_known() -> None:
    assert stage.undeclared(KIND, FEATURES) == set()


@pytest.mark.parametrize("case", CASES)
def test_happy_answer(open_stage: Open, case: stage.Case) -> None:
    stage.happy(open_stage(case.connector), case)


@pytest.mark.parametrize("fault", stage.Fault)
@pytest.mark.parametrize("case", CASES)
def test_fault(open_stage: Open, case: stage.Case, fault: stage.Fault) -> None:
    stage.faulty(open_stage(case.connector), case, fault)


@pytest.mark.parametrize("case", CASES)
def test_same_key_twice(open_stage: Open, case: stage.Case) -> None:
    stage.twice(open_stage(case.connector), case)
