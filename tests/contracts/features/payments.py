"""Features of payments.ports.PaymentGateway."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contracts import stage

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
