"""Compare shipments with the fulfillments that the order's channel has, whoever made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from doorstep.domain.connections.actions import comparisons as actions
from doorstep.domain.connections.actions.comparisons import Comparison, Deed
from doorstep.domain.connections.model import Mode
from doorstep.domain.connections.model.comparison import (
    Compared,
    Fact,
    Facts,
    Operation,
    Result,
    compare,
    matched,
)
from doorstep.domain.connections.views import comparisons as views
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import SHOWN_ONLY
from doorstep.domain.orders.views import Order, StoredFulfillment
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.flows.comparison import facts
from doorstep.flows.context import Context
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import Message

OPERATIONS = frozenset(
    {
        Operation.CONFIRM_SHIPMENT,
        Operation.REPORT_DELIVERY,
        Operation.BUY_LABEL,
        Operation.SEND_TO_WAREHOUSE,
    }
)
_SILENT_FOR = timedelta(days=1)
_NOT_SHIPPED = Message("The channel has the order without a fulfillment for these units.")
_NO_NEWS = Message("The channel has said nothing of the order since.")
_NOT_DELIVERED = Message("The channel has the fulfillment, and does not say that it was delivered.")
_CANCELED = Message("The order is canceled at the channel.")
_OTHERS = Message("The channel has a fulfillment that Doorstep did not plan so.")


def compare_orders(
    context: Context, tx: WriteTx, *, order_ids: Sequence[OrderId], read_at: Mapping[OrderId, datetime]
) -> None:
    """Compare everything of these orders. `read_at`: when the channel was asked for an order just now."""
    orders.lock_all(tx, order_ids=set(order_ids))
    known: dict[int, list[Comparison]] = {}
    for each in views.of_orders(tx, order_ids=order_ids):
        known.setdefault(each.order_id or 0, []).append(each)
    reported: dict[int, list[StoredFulfillment]] = {}
    for fulfillment in order_views.reported_fulfillments(tx, order_ids=order_ids):
        if not fulfillment.is_void:
            reported.setdefault(fulfillment.order_id, []).append(fulfillment)
    for order in order_views.orders(tx, order_ids=order_ids):
        order_id = OrderId(order.header.id)
        news_at = max(order.header.version_at, read_at.get(order_id, order.header.version_at))
        one = _Order(context, tx, order, news_at, reported.get(order_id, []))
        one.compare(known.get(order_id, []))
    orders.mark_compared(tx, order_ids=order_ids)


class _Order:
    """One order: what the channel has of it, beside our calls."""

    def __init__(
        self,
        context: Context,
        tx: WriteTx,
        order: Order,
        news_at: datetime,
        reported: Sequence[StoredFulfillment],
    ) -> None:
        self._context, self._tx, self._order, self._news_at = context, tx, order, news_at
        self._now = context.clock.now()
        self._reported = reported
        self._theirs = [facts.of_fulfillment(order, each) for each in reported]

    def compare(self, known: Sequence[Comparison]) -> None:
        """Compare the kept calls of the order, then list what only others did."""
        kept = [each for each in known if each.delivery_id is not None and each.operation in OPERATIONS]
        confirmations = [each for each in kept if each.operation is Operation.CONFIRM_SHIPMENT]
        of_reference = self._confirmed(confirmations)
        for operation in (Operation.BUY_LABEL, Operation.SEND_TO_WAREHOUSE):
            alike = [each for each in kept if each.operation is operation]
            for each, index in zip(alike, matched([each.ours for each in alike], self._theirs), strict=True):
                self._record(each, self._against(each, index))
        for each in kept:
            if each.operation is Operation.REPORT_DELIVERY:
                self._record(each, self._delivery(each, of_reference.get(each.reference)))
        used = {index for index in of_reference.values() if index is not None}
        self._only_theirs(known, used)

    def _confirmed(self, confirmations: Sequence[Comparison]) -> dict[str, int | None]:
        """Compare shipments that were to be confirmed; gives the fulfillment of each shipment by its reference."""
        ours: dict[str, Facts] = {each.reference: each.ours for each in confirmations}
        for shipment in parcels.of_order(self._tx, order_id=self._order.header.id):
            if shipment.direction is Direction.OUTBOUND and shipment.tracking_number:
                said = facts.confirmed(
                    self._tx, channel_id=self._order.header.connection_id, shipment=shipment
                )
                ours.setdefault(shipment.reference, said)
        found = dict(zip(ours, matched(list(ours.values()), self._theirs), strict=True))
        for each in confirmations:
            self._record(each, self._against(each, found[each.reference]))
        return found

    def _record(self, each: Comparison, found: Compared) -> None:
        """Store the result; a call that was sent or discarded keeps the one it had then."""
        actions.record(self._tx, deed=each.deed, found=found, at=self._now)

    def _against(self, each: Comparison, index: int | None) -> Compared:
        """A call against the fulfillment that is the same deed, or the lack of one."""
        if index is not None:
            return compare(each.ours, self._theirs[index])
        if self._order.header.canceled_at is not None:
            theirs = {Fact.STATE: "canceled"}
            return Compared(Result.DIFFERENT, theirs, (Fact.STATE,), _CANCELED)
        if self._news_at > each.occurred_at or self._now - each.occurred_at >= _SILENT_FOR:
            return Compared(Result.ONLY_OURS, reason=_NOT_SHIPPED)
        return Compared(Result.OPEN, reason=_NO_NEWS)

    def _delivery(self, each: Comparison, index: int | None) -> Compared:
        if index is not None and not self._theirs[index].get(Fact.DELIVERED_ON):
            return Compared(Result.OPEN, self._theirs[index], reason=_NOT_DELIVERED)
        return self._against(each, index)

    def _only_theirs(self, known: Sequence[Comparison], used: set[int]) -> None:
        """List fulfillments of a channel in shadow mode that are none of our shipments; forget those that are by now."""
        found: set[str] = set()
        channel = self._context.partners.connection(self._order.header.connection_id)
        if channel.mode is Mode.SHADOW and self._order.header.handling not in SHOWN_ONLY:
            for index, each in enumerate(self._reported):
                if index not in used:
                    found.add(each.external_id)
                    at = each.shipped_at or each.reported_at
                    deed = Deed(
                        channel.id, Operation.CONFIRM_SHIPMENT, each.external_id, None, each.order_id, at, {}
                    )
                    theirs = Compared(Result.ONLY_THEIRS, self._theirs[index], reason=_OTHERS)
                    actions.record(self._tx, deed=deed, found=theirs, at=self._now)
        before = [each for each in known if each.delivery_id is None and each.reference not in found]
        actions.forget(self._tx, ids=[each.id for each in before])
