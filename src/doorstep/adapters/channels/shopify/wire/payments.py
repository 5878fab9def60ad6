"""Map the order_transactions/create webhook to a payment snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from doorstep.domain.payments import model as payments
from doorstep.kernel import parsing

_TAKEN = {
    "sale": payments.PaymentStatus.CAPTURED,
    "capture": payments.PaymentStatus.CAPTURED,
    "authorization": payments.PaymentStatus.AUTHORIZED,
}
_FAILED = frozenset({"failure", "error"})


class Details(msgspec.Struct, kw_only=True):
    payment_method_name: str | None = None
    credit_card_company: str | None = None


class Transaction(msgspec.Struct, kw_only=True):
    """`authorization` is the gateway's own id of the payment, if the gateway gives one to Shopify."""

    id: int | str
    order_id: int | str
    kind: str
    status: str
    amount: Decimal
    currency: str
    created_at: datetime
    gateway: str | None = None
    authorization: str | None = None
    processed_at: datetime | None = None
    payment_details: Details | None = None


def parse(body: bytes) -> Sequence[payments.PaymentSnapshot]:
    """Parse one payment; nothing for refunds, voids and change. Raises Invalid."""
    transaction = parsing.read(body, Transaction)
    if transaction.kind not in _TAKEN:
        return ()
    details = transaction.payment_details or Details()
    return (
        payments.PaymentSnapshot(
            gateway=transaction.gateway or "",
            external_id=transaction.authorization or str(transaction.id),
            order_reference=str(transaction.order_id),
            status=_status(transaction),
            amount_minor=parsing.minor_units(transaction.amount, transaction.currency, at="amount"),
            currency=transaction.currency,
            method=details.payment_method_name or details.credit_card_company or "",
            at=transaction.processed_at or transaction.created_at,
        ),
    )


def _status(transaction: Transaction) -> payments.PaymentStatus:
    if transaction.status == "success":
        return _TAKEN[transaction.kind]
    return payments.PaymentStatus.FAILED if transaction.status in _FAILED else payments.PaymentStatus.PENDING
