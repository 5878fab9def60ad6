"""Compare the calls that were kept in shadow mode, a few at a time: by stored facts, and by look-ups at partners."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.connections.actions import comparisons as actions
from doorstep.domain.connections.actions.comparisons import Comparison
from doorstep.domain.connections.model import Connection, Feature, Kind
from doorstep.domain.connections.model.comparison import Compared, Operation, Result
from doorstep.domain.connections.views import comparisons as views
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows.comparison import calls, look_ups, shipments
from doorstep.flows.context import Context
from doorstep.kernel import errors, jobs, log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import Message, written

_AT_ONCE = 200  # of each connection
_CALLS_AT_ONCE = 20  # look-ups for each connection and run; its own rate limits hold beside that
_NOBODY_SAYS = Message("The partner does not say what other systems did.")
_log = log.get("comparison")


def compare_due(context: Context) -> int:
    """Periodic: compare what is due; returns how many calls."""
    with context.db.read() as tx:
        kept = jobs.count_shadowed(tx)
    for connection in (each for kind in Kind for each in context.partners.of_kind(kind)):
        if connection.key in kept:
            context.db.transact(functools.partial(_add, connection, context.clock.now()), actor="system")
    with context.db.read() as tx:
        due = views.due(tx, now=context.clock.now(), limit=_AT_ONCE)
        fulfilled = order_views.newly_fulfilled(tx, limit=_AT_ONCE)
    run = _Run(context)
    by_order = set(fulfilled)
    for each in due:
        if each.operation in look_ups.LOOK_UPS and run.looked_up(each):
            continue
        if each.operation in shipments.OPERATIONS and each.order_id is not None:
            by_order.add(OrderId(each.order_id))
        elif each.operation in {Operation.SEND_MESSAGE, Operation.CANCEL_AT_WAREHOUSE}:
            run.record(each, Compared(Result.OPEN, reason=_NOBODY_SAYS), again=False)
    run.compare_levels([each for each in due if each.operation is Operation.PUBLISH_STOCK])
    run.compare_orders(sorted(by_order))
    return len(due)


def _add(connection: Connection, now: datetime, tx: WriteTx) -> None:
    """Store what the calls that were kept since would have done."""
    ids = views.uncompared(tx, connection_key=connection.key, limit=_AT_ONCE)
    found = [
        deed for call in jobs.kept(tx, ids=ids) for deed in calls.deeds(tx, connection=connection, call=call)
    ]
    if found:
        actions.add(tx, deeds=found, at=now)


class _Run:
    """One run of the comparison: how many calls each connection has had."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._calls = Counter[int]()

    def _may_call(self, connection_id: int) -> bool:
        self._calls[connection_id] += 1
        return self._calls[connection_id] <= _CALLS_AT_ONCE

    def record(self, each: Comparison, found: Compared, *, again: bool = True) -> None:
        """Store how a call compares."""

        def work(tx: WriteTx) -> None:
            actions.record(tx, deed=each.deed, found=found, at=self._context.clock.now(), again=again)

        self._context.db.transact(work, actor="system")

    def looked_up(self, each: Comparison) -> bool:
        """Look a call up at its partner; False if the partner has nothing, and the channel must say."""
        if each.operation not in look_ups.ASKS_NOBODY and not self._may_call(each.connection_id):
            return True  # it stays due
        call = look_ups.kept_call(self._context, each)
        if call is None:
            return True
        try:
            connection = self._context.partners.connection(each.connection_id)
            found = look_ups.LOOK_UPS[each.operation](self._context, connection, each, call)
        except errors.DoorstepError as problem:
            found = _failed(problem)
        if found is not None:
            self.record(each, found)
        return found is not None

    def compare_levels(self, due: Sequence[Comparison]) -> None:
        """Read the levels of each channel in one call."""
        for connection_id in sorted({each.connection_id for each in due}):
            some = [each for each in due if each.connection_id == connection_id]
            try:
                connection = self._context.partners.connection(connection_id)
                found = look_ups.levels(self._context, connection, some)
            except errors.DoorstepError as problem:
                found = [_failed(problem) for _each in some]
            for each, compared in zip(some, found, strict=True):
                self.record(each, compared)

    def compare_orders(self, order_ids: Sequence[OrderId]) -> None:
        """Ask the channels of these orders where they can be asked, then compare."""
        if not order_ids:
            return
        with self._context.db.read() as tx:
            found = order_views.orders(tx, order_ids=order_ids)
        read_at = {OrderId(each.header.id): now for each in found if (now := self._ask(each)) is not None}
        compare = functools.partial(
            shipments.compare_orders, self._context, order_ids=order_ids, read_at=read_at
        )
        self._context.db.transact(compare, actor="system")

    def _ask(self, order: order_views.Order) -> datetime | None:
        """Read an order's fulfillments from its channel and store them; when it was asked, if it answered."""
        channel_id, now = order.header.connection_id, self._context.clock.now()
        try:
            offers = self._context.partners.offers(channel_id, Feature.LOOK_UP_ORDER)
            if not offers or not self._may_call(channel_id):
                return None
            found = self._context.partners.order_source(channel_id).look_up_order(order.header.external_id)
        except errors.DoorstepError as problem:
            _log.warning("an order could not be looked up", order_id=order.header.id, error=problem.message)
            return None
        if found is not None and found.fulfillments:
            source = orders.Source(channel_id, order.header.id, found.version_at)

            def work(tx: WriteTx) -> None:
                orders.lock(tx, order_id=OrderId(order.header.id))
                orders.record_fulfillments(tx, source=source, reported=found.fulfillments, at=now)

            self._context.db.transact(work, actor="system")
        return now if found is not None else None


def _failed(problem: errors.DoorstepError) -> Compared:
    return Compared(
        Result.OPEN, reason=Message("It could not be looked up: %(error)s", error=written(problem.message))
    )
