"""The payment gateway port."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.payments.model import PaymentSnapshot, RefundRequest, RefundResult


class PaymentGateway(Protocol):
    """A payment gateway. Raises kernel errors; Unavailable.maybe_done says whether money may have moved."""

    def payment(self, *, external_id: str) -> PaymentSnapshot:
        """Read one payment."""
        ...

    def capture(self, *, external_id: str, amount_minor: int, currency: str) -> PaymentSnapshot:
        """Capture an authorized payment; changes nothing if it is captured already."""
        ...

    def refund(self, request: RefundRequest) -> RefundResult:
        """Refund once: request.reference is the idempotency key."""
        ...

    def find_refund(self, request: RefundRequest) -> RefundResult | None:
        """The refund made earlier under request.reference, if any; asked before any repeat."""
        ...
