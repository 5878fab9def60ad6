"""SQL of what comes back about messages: receipts, choices of customers, and what they write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.notifications.model import ContactChoice, CustomerText, DeliveryReceipt
from doorstep.kernel.db import ReadTx, WriteTx


def insert_receipt(
    tx: WriteTx, seen: DeliveryReceipt, *, connection_id: int, message_id: int | None, now: datetime
) -> bool:
    """Keep a receipt; false if it is known."""
    return bool(
        tx.column(
            int,
            """
            INSERT INTO message_receipts (connection_id, provider_id, state, reason, at, received_at, message_id)
            VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (connection_id, provider_id, state) DO NOTHING RETURNING id
            """,
            (connection_id, seen.provider_id, seen.state, seen.reason, seen.at, now, message_id),
        )
    )


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as stored; without a message it is about one that we do not know."""

    message_id: int | None
    provider_id: str
    state: str
    reason: str
    at: datetime


def adopt_receipts(tx: WriteTx, *, message_ids: Sequence[int]) -> list[Receipt]:
    """Receipts that came before the vendor's id was stored find their messages now."""
    return tx.all(
        Receipt,
        """
        UPDATE message_receipts r SET message_id = m.id FROM messages m
         WHERE m.id = ANY(%s) AND r.message_id IS NULL AND r.connection_id = m.connection_id AND r.provider_id = m.provider_id
        RETURNING r.message_id, r.provider_id, r.state, r.reason, r.at
        """,
        (list(message_ids),),
    )


def update_receipt(tx: WriteTx, seen: DeliveryReceipt, *, message_id: int) -> None:
    """Set how far a message is."""
    tx.execute(
        """
        UPDATE messages SET receipt = %s, receipt_at = %s, receipt_reason = %s,
                            provider_id = CASE provider_id WHEN '' THEN %s ELSE provider_id END
         WHERE id = %s
        """,
        (seen.state, seen.at, seen.reason, seen.provider_id, message_id),
    )


def select_receipts(tx: ReadTx, *, message_ids: Sequence[int]) -> list[Receipt]:
    """The receipts of messages, oldest first."""
    return tx.all(
        Receipt,
        "SELECT message_id, provider_id, state, reason, at FROM message_receipts WHERE message_id = ANY(%s) ORDER BY at, id",
        (list(message_ids),),
    )


def select_unknown_receipts(tx: ReadTx, *, connection_id: int, limit: int) -> list[Receipt]:
    """The receipts of a connection about messages that we do not know, newest first."""
    return tx.all(
        Receipt,
        """
        SELECT message_id, provider_id, state, reason, at FROM message_receipts
         WHERE connection_id = %s AND message_id IS NULL ORDER BY at DESC, id DESC LIMIT %s
        """,
        (connection_id, limit),
    )


def select_opted_out(tx: ReadTx, *, addresses: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of these (connection, address) that want no messages."""
    rows = tx.rows(
        """
        SELECT connection_id, address FROM message_choices
          JOIN unnest(%s::bigint[], %s::text[]) AS k(connection_id, address) USING (connection_id, address)
         WHERE is_opted_out
        """,
        ([each[0] for each in addresses], [each[1] for each in addresses]),
    )
    return {(int(str(row["connection_id"])), str(row["address"])) for row in rows}


def upsert_choice(tx: WriteTx, choice: ContactChoice, *, connection_id: int, by: str) -> None:
    """Store a choice unless a newer one is known."""
    tx.execute(
        """
        INSERT INTO message_choices AS c (connection_id, address, is_opted_out, source, changed_at, changed_by)
        VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (connection_id, address) DO UPDATE
           SET (is_opted_out, source, changed_at, changed_by)
               = (EXCLUDED.is_opted_out, EXCLUDED.source, EXCLUDED.changed_at, EXCLUDED.changed_by)
         WHERE c.changed_at < EXCLUDED.changed_at
        """,
        (connection_id, choice.address, choice.is_opted_out, choice.source, choice.at, by),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """Who does not want messages of a connection, since when, and who said so."""

    connection: str
    address: str
    is_opted_out: bool
    source: str
    changed_at: datetime
    changed_by: str


def lock_choice(tx: WriteTx, *, connection_id: int, address: str) -> Choice | None:
    """The choice of one address, locked."""
    return tx.one(
        Choice,
        """
        SELECT c.key AS connection, m.address, m.is_opted_out, m.source, m.changed_at, m.changed_by
          FROM message_choices m JOIN connections c ON c.id = m.connection_id
         WHERE (m.connection_id, m.address) = (%s, %s) FOR NO KEY UPDATE OF m
        """,
        (connection_id, address),
    )


def select_choices(tx: ReadTx, *, addresses: Sequence[str]) -> list[Choice]:
    """The choices of these addresses, of all connections."""
    return tx.all(
        Choice,
        """
        SELECT c.key AS connection, m.address, m.is_opted_out, m.source, m.changed_at, m.changed_by
          FROM message_choices m JOIN connections c ON c.id = m.connection_id
         WHERE m.address = ANY(%s) ORDER BY c.key, m.address
        """,
        (list(addresses),),
    )


def insert_text(tx: WriteTx, seen: CustomerText, *, connection_id: int, order_id: int | None) -> list[int]:
    """Store what a customer wrote, once; the id of a new one. The word that ends messages needs nobody to read it."""
    return tx.column(
        int,
        """
        INSERT INTO customer_texts (connection_id, external_id, address, name, text, sent_at, order_id, handled_at, handled_by)
        VALUES (%s, %s, %s, %s, %s, %s, %s, CASE WHEN %s THEN %s::timestamptz END, CASE WHEN %s THEN 'system' ELSE '' END)
            ON CONFLICT (connection_id, external_id) DO NOTHING RETURNING id
        """,
        (connection_id, seen.external_id, seen.address, seen.name, seen.text, seen.at, order_id, seen.opts_out, seen.at,
         seen.opts_out),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """What a customer wrote; somebody has handled it, or nobody yet."""

    id: int
    connection_id: int
    address: str
    name: str
    text: str
    sent_at: datetime
    handled_at: datetime | None
    handled_by: str


def select_texts(tx: ReadTx, *, order_id: int) -> list[Text]:
    """What the customer of an order wrote, newest first."""
    return tx.all(
        Text,
        """
        SELECT id, connection_id, address, name, text, sent_at, handled_at, handled_by FROM customer_texts
         WHERE order_id = %s ORDER BY sent_at DESC, id DESC
        """,
        (order_id,),
    )


def update_handled(tx: WriteTx, *, order_id: int, by: str, at: datetime) -> int:
    """Everything that the customer of an order wrote is handled; how many texts that were."""
    return len(
        tx.column(
            int,
            """
            UPDATE customer_texts SET handled_at = %s, handled_by = %s WHERE order_id = %s AND handled_at IS NULL
            RETURNING id
            """,
            (at, by, order_id),
        )
    )


def select_order_of_receipt(
    tx: ReadTx, *, connection_id: int, provider_id: str, message_id: int | None
) -> list[int]:
    """The order of the message that a receipt is about."""
    return tx.column(
        int,
        """
        SELECT order_id FROM messages WHERE connection_id = %s AND medium <> 'email'
           AND (id = %s OR (%s::bigint IS NULL AND provider_id = %s)) ORDER BY id LIMIT 1
        """,
        (connection_id, message_id, message_id, provider_id),
    )


def select_latest_order(tx: ReadTx, *, address: str) -> int:
    """The latest order whose customer was written to at this address; 0 if there is none."""
    return tx.value(
        int,
        "SELECT coalesce(max(order_id), 0) FROM messages WHERE recipient = %s AND medium <> 'email'",
        (address,),
    )
