"""SQL of payments and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.payments.model import PaymentSnapshot, RefundState
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ConnectionId, OrderId, PaymentId, RefundId, ReturnId


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as stored; `external_id` is None while only the channel has reported it.

    `channel_id` is the sales channel of the order, `gateway_connection_id` the gateway's connection that reported it.
    """

    id: PaymentId
    order_id: OrderId | None
    gateway: str
    external_id: str | None
    order_reference: str
    status: str
    method: str
    amount_minor: int
    refunded_minor: int
    currency: str
    at: datetime
    channel_id: ConnectionId | None
    gateway_connection_id: ConnectionId | None


_PAYMENT = """id, order_id, gateway, external_id, order_reference, status, method, amount_minor, refunded_minor, currency, at,
       channel_id, gateway_connection_id"""


def lock_by_external(tx: WriteTx, *, gateway: str, external_id: str) -> Payment | None:
    """A payment by its gateway's id, locked."""
    return tx.one(
        Payment,
        f"SELECT {_PAYMENT} FROM payments WHERE gateway = %s AND external_id = %s FOR NO KEY UPDATE",
        (gateway, external_id),
    )


def claim_open(
    tx: WriteTx,
    *,
    gateways: Sequence[str],
    open_since: datetime,
    not_before: datetime,
    at: datetime,
    limit: int,
) -> list[Payment]:
    """Mark payments of orders that have stayed open since then as looked up, and return them."""
    return tx.all(
        Payment,
        f"""
        UPDATE payments SET looked_up_at = %(at)s WHERE id IN (
            SELECT id FROM payments WHERE status IN ('pending', 'authorized') AND external_id IS NOT NULL
               AND order_id IS NOT NULL AND at BETWEEN %(first)s AND %(open)s AND gateway = ANY(%(gateways)s)
               AND (looked_up_at IS NULL OR looked_up_at < %(open)s)
             ORDER BY at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING {_PAYMENT}
        """,
        {"gateways": list(gateways), "open": open_since, "first": not_before, "at": at, "limit": limit},
    )


def lock_without_external_id(tx: WriteTx, *, order_id: int, gateway: str) -> Payment | None:
    """An order's payment that only the channel has reported, locked."""
    return tx.one(
        Payment,
        f"""
        SELECT {_PAYMENT} FROM payments WHERE order_id = %s AND gateway = %s AND external_id IS NULL
         ORDER BY id LIMIT 1 FOR NO KEY UPDATE
        """,
        (order_id, gateway),
    )


def lock_of_order(tx: WriteTx, *, order_id: int) -> list[Payment]:
    """An order's payments, locked, oldest first."""
    return tx.all(
        Payment,
        f"SELECT {_PAYMENT} FROM payments WHERE order_id = %s ORDER BY id FOR NO KEY UPDATE",
        (order_id,),
    )


def select_order(tx: ReadTx, *, gateway: str, external_id: str) -> list[int]:
    """The order of a payment, by the gateway's id; empty if the payment is unknown or unmatched."""
    return tx.column(
        int,
        "SELECT order_id FROM payments WHERE gateway = %s AND external_id = %s AND order_id IS NOT NULL",
        (gateway, external_id),
    )


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Payment]:
    """An order's payments, oldest first."""
    return tx.all(Payment, f"SELECT {_PAYMENT} FROM payments WHERE order_id = %s ORDER BY id", (order_id,))


def select_refunded(tx: ReadTx, *, refund_ids: Sequence[int]) -> dict[int, Payment]:
    """The payment that each refund is made of: its own, else the first captured one with enough left, else the first."""
    rows = tx.rows(
        """
        SELECT DISTINCT ON (r.id) r.id, p.id AS payment_id FROM refunds r JOIN payments p ON p.order_id = r.order_id
         WHERE r.id = ANY(%s)
         ORDER BY r.id, p.id IS NOT DISTINCT FROM r.payment_id DESC,
               (p.status = 'captured' AND p.external_id IS NOT NULL
                AND p.amount_minor - p.refunded_minor >= r.amount_minor) DESC, p.id
        """,
        (list(refund_ids),),
    )
    payment_of = {int(str(row["id"])): int(str(row["payment_id"])) for row in rows}
    payments = {each.id: each for each in select_payments(tx, payment_ids=list(payment_of.values()))}
    return {refund_id: payments[PaymentId(payment_id)] for refund_id, payment_id in payment_of.items()}


def select_payments(tx: ReadTx, *, payment_ids: Sequence[int]) -> list[Payment]:
    """These payments, in the order of their ids."""
    return tx.all(
        Payment, f"SELECT {_PAYMENT} FROM payments WHERE id = ANY(%s) ORDER BY id", (list(payment_ids),)
    )


def update_gateway_connection(tx: WriteTx, *, payment_id: int, connection_id: int) -> None:
    """Remember which connection reported a payment."""
    tx.execute("UPDATE payments SET gateway_connection_id = %s WHERE id = %s", (connection_id, payment_id))


@dataclass(frozen=True, slots=True)
class ReportedPayment:
    """A payment as the sales channel reports it; `is_new` if it is the order's first snapshot."""

    order_id: int
    channel_id: int
    gateway: str
    order_reference: str
    status: str
    method: str
    amount_minor: int
    currency: str
    at: datetime
    is_new: bool = False


def lock_references(tx: WriteTx, references: Sequence[str]) -> None:
    """Lock the payments of these orders until the end of this transaction, in one order."""
    tx.execute(
        """
        SELECT pg_advisory_xact_lock(hashtext('payments of an order'), k.key)
          FROM (SELECT DISTINCT hashtext(r) AS key FROM unnest(%s::text[]) AS r ORDER BY 1) k
        """,
        (sorted(set(references)),),
    )


def copy_reported(tx: WriteTx, reported: Sequence[ReportedPayment]) -> None:
    """Store reported payments of orders that have none yet."""
    tx.copy(
        "COPY payments (order_id, channel_id, gateway, order_reference, status, method, amount_minor, currency, at) FROM STDIN",
        [
            (
                each.order_id, each.channel_id, each.gateway, each.order_reference, each.status, each.method,
                each.amount_minor, each.currency, each.at,
            )
            for each in reported
        ],
    )  # fmt: skip


def insert_reported(tx: WriteTx, reported: Sequence[ReportedPayment]) -> None:
    """Store a reported payment, unless the order has one of that gateway."""
    tx.execute(
        """
        INSERT INTO payments (order_id, channel_id, gateway, order_reference, status, method, amount_minor, currency, at)
        SELECT DISTINCT ON (t.order_id, t.gateway) t.*
          FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[],
                      %s::timestamptz[])
               AS t(order_id, channel_id, gateway, order_reference, status, method, amount_minor, currency, at)
         WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = t.order_id AND p.gateway = t.gateway)
         ORDER BY t.order_id, t.gateway
        """,
        (
            [each.order_id for each in reported],
            [each.channel_id for each in reported],
            [each.gateway for each in reported],
            [each.order_reference for each in reported],
            [each.status for each in reported],
            [each.method for each in reported],
            [each.amount_minor for each in reported],
            [each.currency for each in reported],
            [each.at for each in reported],
        ),
    )


@dataclass(frozen=True, slots=True)
class Match:
    """An unmatched payment and an order that it may be for; unclear if an order of another channel has the same id."""

    payment_id: PaymentId
    order_id: OrderId
    channel_id: int
    is_clear: bool


def select_matches(tx: ReadTx, reported: Sequence[ReportedPayment]) -> list[Match]:
    """Payments that came before these orders, of their channel or of one that the payment does not name."""
    return tx.all(
        Match,
        """
        SELECT DISTINCT p.id AS payment_id, t.order_id, t.channel_id,
               p.channel_id IS NOT NULL OR NOT EXISTS (
                   SELECT FROM orders o WHERE o.external_id = t.reference AND o.id <> t.order_id) AS is_clear
          FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS t(order_id, channel_id, reference)
          JOIN payments p ON p.order_id IS NULL AND p.order_reference = t.reference
           AND (p.channel_id IS NULL OR p.channel_id = t.channel_id)
         ORDER BY payment_id, order_id
        """,
        (
            [each.order_id for each in reported],
            [each.channel_id for each in reported],
            [each.order_reference for each in reported],
        ),
    )


def attach(tx: WriteTx, matches: Sequence[Match]) -> list[Payment]:
    """Attach payments to their orders; returns them."""
    return tx.all(
        Payment,
        f"""
        WITH attached AS (
            UPDATE payments p SET order_id = t.order_id, channel_id = t.channel_id
              FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS t(payment_id, order_id, channel_id)
             WHERE p.id = t.payment_id RETURNING p.*)
        SELECT {_PAYMENT} FROM attached ORDER BY id
        """,
        (
            [each.payment_id for each in matches],
            [each.order_id for each in matches],
            [each.channel_id for each in matches],
        ),
    )


def link(
    tx: WriteTx, *, payment_id: int, order_id: int | None, order_reference: str, channel_id: int | None
) -> None:
    """Set the order of a payment (or the name of one that is still to come); it replaces what the channel reported."""
    tx.execute(
        """
        WITH named AS (
            UPDATE payments SET order_id = %s, order_reference = coalesce(nullif(%s, ''), order_reference),
                   channel_id = coalesce(%s, channel_id)
             WHERE id = %s RETURNING order_id, gateway)
        DELETE FROM payments reported USING named
         WHERE reported.order_id = named.order_id AND reported.gateway = named.gateway AND reported.external_id IS NULL
        """,
        (order_id, order_reference, channel_id, payment_id),
    )


def insert_observed(
    tx: WriteTx,
    *,
    order_id: int | None,
    channel_id: int | None,
    gateway_connection_id: int | None,
    seen: PaymentSnapshot,
) -> PaymentId | None:
    """Store a payment that the gateway reported first; None if another process stored it meanwhile."""
    found = tx.column(
        int,
        """
        INSERT INTO payments (order_id, channel_id, gateway_connection_id, gateway, external_id, order_reference, status,
                              method, payer, amount_minor, currency, at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (gateway, external_id) WHERE external_id IS NOT NULL DO NOTHING RETURNING id
        """,
        (
            order_id,
            channel_id,
            gateway_connection_id,
            seen.gateway,
            seen.external_id,
            seen.order_reference,
            seen.status.value,
            seen.method,
            seen.payer,
            seen.amount_minor,
            seen.currency,
            seen.at,
        ),
    )
    return PaymentId(found[0]) if found else None


def update_observed(tx: WriteTx, *, payment_id: int, seen: PaymentSnapshot) -> None:
    """Apply what the gateway reports of a payment."""
    tx.execute(
        """
        UPDATE payments SET external_id = %s, status = %s, method = %s, payer = %s, amount_minor = %s, currency = %s, at = %s,
               order_reference = CASE WHEN %s = '' THEN order_reference ELSE %s END
         WHERE id = %s
        """,
        (
            seen.external_id,
            seen.status.value,
            seen.method,
            seen.payer,
            seen.amount_minor,
            seen.currency,
            seen.at,
            seen.order_reference,
            seen.order_reference,
            payment_id,
        ),
    )


def update_reported(tx: WriteTx, reported: Sequence[ReportedPayment]) -> None:
    """Apply a newer report of the channel, before the gateway's."""
    tx.execute(
        """
        UPDATE payments p SET status = t.status FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS t(order_id, gateway, status)
         WHERE p.order_id = t.order_id AND p.gateway = t.gateway AND p.external_id IS NULL AND p.status <> t.status
        """,
        (
            [each.order_id for each in reported],
            [each.gateway for each in reported],
            [each.status for each in reported],
        ),
    )


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as stored."""

    id: RefundId
    order_id: OrderId
    return_id: ReturnId | None
    payment_id: PaymentId | None
    reference: str
    amount_minor: int
    currency: str
    reason: str
    state: RefundState
    external_id: str
    error: str
    requested_at: datetime
    credited_at: datetime | None


_REFUND = """id, order_id, return_id, payment_id, reference, amount_minor, currency, reason, state, external_id, error,
    requested_at, credited_at"""


@dataclass(frozen=True, slots=True)
class RefundIntent:
    """A refund that is owed."""

    order_id: OrderId
    return_id: ReturnId | None
    payment_id: PaymentId | None
    amount_minor: int
    currency: str
    reason: str


def insert_refund(tx: WriteTx, intent: RefundIntent, *, at: datetime) -> RefundId | None:
    """Store a refund; None if the return has its refund already."""
    found = tx.column(
        int,
        """
        WITH fresh AS (SELECT nextval(pg_get_serial_sequence('refunds', 'id')) AS id)
        INSERT INTO refunds (id, order_id, return_id, payment_id, reference, amount_minor, currency, reason, requested_at)
        OVERRIDING SYSTEM VALUE
        SELECT id, %s, %s, %s, 'DSREFUND-' || lpad(id::text, 8, '0'), %s, %s, %s, %s FROM fresh
        ON CONFLICT DO NOTHING RETURNING id
        """,
        (
            intent.order_id,
            intent.return_id,
            intent.payment_id,
            intent.amount_minor,
            intent.currency,
            intent.reason,
            at,
        ),
    )
    return RefundId(found[0]) if found else None


def lock_refund(tx: WriteTx, *, refund_id: int) -> Refund | None:
    """One refund, locked."""
    return tx.one(Refund, f"SELECT {_REFUND} FROM refunds WHERE id = %s FOR NO KEY UPDATE", (refund_id,))


def select_refund(tx: ReadTx, *, refund_id: int) -> Refund | None:
    """One refund."""
    return tx.one(Refund, f"SELECT {_REFUND} FROM refunds WHERE id = %s", (refund_id,))


def select_refund_by_reference(tx: ReadTx, *, reference: str) -> Refund | None:
    """One refund by our own reference."""
    return tx.one(Refund, f"SELECT {_REFUND} FROM refunds WHERE reference = %s", (reference,))


def select_refunds(tx: ReadTx, *, order_id: int) -> list[Refund]:
    """An order's refunds."""
    return tx.all(Refund, f"SELECT {_REFUND} FROM refunds WHERE order_id = %s ORDER BY id", (order_id,))


def update_refund_payment(tx: WriteTx, *, refund_id: int, payment_id: int) -> None:
    """Set the payment that is refunded."""
    tx.execute("UPDATE refunds SET payment_id = %s WHERE id = %s", (payment_id, refund_id))


def mark_requested(tx: WriteTx, *, refund_id: int, at: datetime) -> bool:
    """Mark as requested; returns whether it was requested before."""
    return tx.value(
        bool,
        """
        UPDATE refunds r SET called_at = %s, state = 'requested' FROM refunds old
         WHERE r.id = %s AND old.id = r.id RETURNING old.called_at IS NOT NULL
        """,
        (at, refund_id),
    )


def update_refund(tx: WriteTx, *, refund_id: int, state: RefundState, error: str) -> None:
    """Set the state of a refund."""
    tx.execute("UPDATE refunds SET state = %s, error = %s WHERE id = %s", (state.value, error, refund_id))


@dataclass(frozen=True, slots=True)
class Credit:
    """A successful refund."""

    refund_id: RefundId
    external_id: str
    arrived_at: datetime | None
    credited_at: datetime


def update_credited(tx: WriteTx, credit: Credit) -> None:
    """Mark as refunded; the payment has that much less left."""
    tx.execute(
        """
        WITH done AS (
            UPDATE refunds SET state = 'succeeded', external_id = %s, arrived_at = %s, credited_at = %s, error = ''
             WHERE id = %s RETURNING payment_id, amount_minor)
        UPDATE payments p SET refunded_minor = p.refunded_minor + done.amount_minor FROM done WHERE p.id = done.payment_id
        """,
        (credit.external_id, credit.arrived_at, credit.credited_at, credit.refund_id),
    )
