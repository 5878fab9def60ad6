"""SQL of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.types.json import Jsonb

from doorstep.domain.notifications.model import EMAIL, MessageState
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import MessageId, OrderId


@dataclass(frozen=True, slots=True)
class Message:
    """A message as stored."""

    id: MessageId
    order_id: OrderId
    event_key: str
    template: str
    connection_id: int
    recipient: str
    name: str
    subject: str
    body_text: str
    body_html: str
    state: MessageState
    provider_id: str
    error: str
    medium: str
    variables: dict[str, str]
    event_data: dict[str, object]
    receipt: str

    @property
    def key(self) -> tuple[int, str, str]:
        """What makes it unique."""
        return self.order_id, self.event_key, self.template


_MESSAGE = """id, order_id, event_key, template, connection_id, recipient, name, subject, body_text, body_html, state,
    provider_id, error, medium, variables, event_data, receipt"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to send once for an event."""

    order_id: OrderId
    event_key: str
    template: str
    connection_id: int
    recipient: str
    name: str
    subject: str
    body_text: str
    body_html: str
    medium: str = EMAIL
    variables: Mapping[str, str] = field(default_factory=dict)
    event_data: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, str, str]:
        """What makes it unique."""
        return self.order_id, self.event_key, self.template


def insert(tx: WriteTx, drafts: Sequence[Draft], *, at: datetime) -> list[int]:
    """Store the intents to send; an intent that exists stays as it is. Returns the ids of the new ones."""
    return tx.column(
        int,
        """
        INSERT INTO messages (order_id, event_key, template, connection_id, recipient, name, subject, body_text, body_html,
                              medium, variables, event_data, requested_at)
        SELECT d.*, %s FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[],
                                   %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[]) AS d
            ON CONFLICT (order_id, event_key, template) DO NOTHING
        RETURNING id
        """,
        (
            at,
            [draft.order_id for draft in drafts],
            [draft.event_key for draft in drafts],
            [draft.template for draft in drafts],
            [draft.connection_id for draft in drafts],
            [draft.recipient for draft in drafts],
            [draft.name for draft in drafts],
            [draft.subject for draft in drafts],
            [draft.body_text for draft in drafts],
            [draft.body_html for draft in drafts],
            [draft.medium for draft in drafts],
            [Jsonb(draft.variables) for draft in drafts],
            [Jsonb(draft.event_data) for draft in drafts],
        ),
    )


def lock_by_events(tx: WriteTx, drafts: Sequence[Draft]) -> list[Message]:
    """The messages of events, locked in order of their ids."""
    return tx.all(
        Message,
        f"""
        SELECT {_MESSAGE} FROM messages m
          JOIN unnest(%s::bigint[], %s::text[], %s::text[]) AS d(order_id, event_key, template)
         USING (order_id, event_key, template) ORDER BY id FOR NO KEY UPDATE OF m
        """,
        (
            [draft.order_id for draft in drafts],
            [draft.event_key for draft in drafts],
            [draft.template for draft in drafts],
        ),
    )


def lock_for_receipt(
    tx: WriteTx, *, connection_id: int, provider_id: str, message_id: int | None
) -> Message | None:
    """The message that a receipt is about, locked: by its id, else by the vendor's."""
    return tx.one(
        Message,
        f"""
        SELECT {_MESSAGE} FROM messages WHERE connection_id = %s AND medium <> 'email'
           AND (id = %s OR (%s::bigint IS NULL AND provider_id = %s))
         ORDER BY id LIMIT 1 FOR NO KEY UPDATE
        """,
        (connection_id, message_id, message_id, provider_id),
    )


def lock(tx: WriteTx, *, message_ids: Sequence[int]) -> list[Message]:
    """These messages, locked in order of their ids."""
    return tx.all(
        Message,
        f"SELECT {_MESSAGE} FROM messages WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        (list(message_ids),),
    )


def select(tx: ReadTx, *, message_ids: Sequence[int]) -> list[Message]:
    """These messages."""
    return tx.all(
        Message, f"SELECT {_MESSAGE} FROM messages WHERE id = ANY(%s) ORDER BY id", (list(message_ids),)
    )


def update(tx: WriteTx, errors: Mapping[MessageId, str], *, state: MessageState) -> None:
    """Set the state of messages, each with its error."""
    tx.execute(
        """
        UPDATE messages m SET state = %s, error = e.error FROM unnest(%s::bigint[], %s::text[]) AS e(id, error)
         WHERE m.id = e.id
        """,
        (state.value, list(errors), list(errors.values())),
    )


def update_sent(tx: WriteTx, provider_ids: Mapping[MessageId, str], *, at: datetime) -> None:
    """Mark messages as sent."""
    tx.execute(
        """
        UPDATE messages m SET state = 'sent', provider_id = p.provider_id, sent_at = %s, error = ''
          FROM unnest(%s::bigint[], %s::text[]) AS p(id, provider_id) WHERE m.id = p.id
        """,
        (at, list(provider_ids), list(provider_ids.values())),
    )


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Message]:
    """An order's messages, oldest first."""
    return tx.all(Message, f"SELECT {_MESSAGE} FROM messages WHERE order_id = %s ORDER BY id", (order_id,))


def select_keys_by_email(tx: ReadTx, *, keys: Sequence[tuple[int, str, str]]) -> set[tuple[int, str, str]]:
    """Those of these (order, event, template) that have an e-mail already."""
    rows = tx.rows(
        """
        SELECT order_id, event_key, template FROM messages
          JOIN unnest(%s::bigint[], %s::text[], %s::text[]) AS k(order_id, event_key, template)
         USING (order_id, event_key, template) WHERE medium = 'email'
        """,
        ([key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]),
    )
    return {(int(str(row["order_id"])), str(row["event_key"]), str(row["template"])) for row in rows}
