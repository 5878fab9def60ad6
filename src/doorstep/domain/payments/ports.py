"""What payments need from the outside: gateways."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.payments.model import PaymentSnapshot, RefundRequest, RefundResult


class PaymentGateway(Protocol):
    """A payment gateway. Raises kernel errors; Unavailable.maybe_done says whether money may have moved."""

    def payment(self, *, external_id: str) -> PaymentSnapshot:
        """Read one payment."""
        ...

    def capture(self, *, external_id: str, amount_minor: int, currency: str) -> PaymentSnapshot:
        """Take authorised money; harmless when it is captured already."""
        ...

    def refund(self, request: RefundRequest) -> RefundResult:
        """Give money back once: request.reference is the idempotency key."""
        ...

    def find_refund(self, request: RefundRequest) -> RefundResult | None:
        """The refund made earlier under request.reference, if there is one; asked before any repeat."""
        ...
