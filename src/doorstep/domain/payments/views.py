"""Read payments and refunds."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.payments import store
from doorstep.domain.payments.store import Payment, Refund
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId

__all__ = ["Payment", "Refund"]


def of_order(tx: ReadTx, *, order_id: int) -> list[Payment]:
    """An order's payments."""
    return store.select_of_order(tx, order_id=order_id)


def order_of(tx: ReadTx, *, gateway: str, external_id: str) -> OrderId | None:
    """The order that a payment is matched to, by the gateway's id."""
    found = store.select_order(tx, gateway=gateway, external_id=external_id)
    return OrderId(found[0]) if found else None


def refunded(tx: ReadTx, *, refund_ids: Sequence[int]) -> dict[int, Payment]:
    """The payment that each refund is, or will be, made of: the one that actions.choose_tender takes."""
    return store.select_refunded(tx, refund_ids=refund_ids)


def by_ids(tx: ReadTx, *, payment_ids: Sequence[int]) -> list[Payment]:
    """These payments."""
    return store.select_payments(tx, payment_ids=payment_ids)


def refunds(tx: ReadTx, *, order_id: int) -> list[Refund]:
    """An order's refunds."""
    return store.select_refunds(tx, order_id=order_id)


def refund(tx: ReadTx, *, refund_id: int) -> Refund:
    """One refund; raises NotFound."""
    found = store.select_refund(tx, refund_id=refund_id)
    if found is None:
        raise errors.NotFound(f"There is no refund {refund_id}.")
    return found


def refund_by_reference(tx: ReadTx, *, reference: str) -> Refund | None:
    """One refund by our reference, if it is ours."""
    return store.select_refund_by_reference(tx, reference=reference)
