"""A payment gateway in memory. A real client sends the same calls through its http.Session."""

from __future__ import annotations

import dataclasses

from doorstep.domain.payments import model as payments
from doorstep.kernel import errors, http
from doorstep.kernel.http import fake_partner


class Client:
    """Payments by id, and refunds by our reference."""

    def __init__(self, session: http.Session) -> None:
        self.partner = fake_partner.Partner(session)
        self.payments: dict[str, payments.PaymentSnapshot] = {}
        self.refunds: dict[str, payments.RefundResult] = {}

    def payment(self, external_id: str) -> payments.PaymentSnapshot:
        """Read a payment."""
        return self.partner.call(lambda: self._known(external_id), reads=True)

    def capture(self, external_id: str) -> payments.PaymentSnapshot:
        """Capture a payment."""

        def work() -> payments.PaymentSnapshot:
            taken = dataclasses.replace(self._known(external_id), status=payments.PaymentStatus.CAPTURED)
            self.payments[external_id] = taken
            return taken

        return self.partner.call(work)

    def refund(self, request: payments.RefundRequest) -> payments.RefundResult:
        """Refund a payment, or return the refund made under this reference."""

        def work() -> payments.RefundResult:
            self._known(request.payment_external_id)
            made = payments.RefundResult(
                external_id=f"refund-{len(self.refunds) + 1}",
                state=payments.RefundState.SUCCEEDED,
                arrived=True,
            )
            return self.refunds.setdefault(request.reference, made)

        return self.partner.call(work)

    def find_refund(self, reference: str) -> payments.RefundResult | None:
        """The refund made under a reference."""
        return self.partner.call(lambda: self.refunds.get(reference), reads=True)

    def _known(self, external_id: str) -> payments.PaymentSnapshot:
        if external_id not in self.payments:
            raise errors.NotFound("The gateway does not know this payment.")
        return self.payments[external_id]
