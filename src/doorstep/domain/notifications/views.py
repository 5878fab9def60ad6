"""Read messages, their receipts, who does not want them, and what customers write."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.notifications import model
from doorstep.domain.notifications.model import DeliveryReceipt
from doorstep.domain.notifications.store import messages as store
from doorstep.domain.notifications.store import replies
from doorstep.domain.notifications.store.messages import Message
from doorstep.domain.notifications.store.replies import Choice, Receipt, Text
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId

__all__ = ["Choice", "Message", "Receipt", "Text"]


def of_order(tx: ReadTx, *, order_id: int) -> list[Message]:
    """An order's messages."""
    return store.select_of_order(tx, order_id=order_id)


def some(tx: ReadTx, *, message_ids: Sequence[int]) -> list[Message]:
    """These messages."""
    return store.select(tx, message_ids=message_ids)


def receipts(tx: ReadTx, *, message_ids: Sequence[int]) -> list[Receipt]:
    """What vendors reported about messages, oldest first."""
    return replies.select_receipts(tx, message_ids=message_ids)


def unknown_receipts(tx: ReadTx, *, connection_id: int, limit: int = 50) -> list[Receipt]:
    """What a vendor reported about messages that we do not know, newest first."""
    return replies.select_unknown_receipts(tx, connection_id=connection_id, limit=limit)


def texts(tx: ReadTx, *, order_id: int) -> list[Text]:
    """What the customer of an order wrote, newest first."""
    return replies.select_texts(tx, order_id=order_id)


def choices(tx: ReadTx, *, addresses: Sequence[str]) -> list[Choice]:
    """Which connections these addresses want messages of, as far as they said so."""
    return replies.select_choices(tx, addresses=addresses)


def opted_out(tx: ReadTx, *, addresses: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of these (connection, address) that want no messages."""
    return replies.select_opted_out(tx, addresses=addresses) if addresses else set()


def with_email(tx: ReadTx, *, keys: Sequence[tuple[int, str, str]]) -> set[tuple[int, str, str]]:
    """Those of these (order, event, template) that have an e-mail already."""
    return store.select_keys_by_email(tx, keys=keys) if keys else set()


def order_of_receipt(tx: ReadTx, *, connection_id: int, seen: DeliveryReceipt) -> OrderId | None:
    """The order of the message that a receipt is about."""
    found = replies.select_order_of_receipt(
        tx,
        connection_id=connection_id,
        provider_id=seen.provider_id,
        message_id=model.message_of(seen.reference),
    )
    return OrderId(found[0]) if found else None


def latest_order(tx: ReadTx, *, address: str) -> OrderId | None:
    """The latest order whose customer was written to at this address."""
    return OrderId(replies.select_latest_order(tx, address=address)) or None
