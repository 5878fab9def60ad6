"""Escalate and re-route work that no one accepts in time; only opening hours count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import events
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.fulfillment.views import UnacceptedWork
from doorstep.domain.network.model import UnacceptedRule
from doorstep.domain.orders import actions as orders
from doorstep.domain.routing.model import capacity
from doorstep.domain.routing.model.capacity import Stage
from doorstep.flows.context import Context
from doorstep.flows.fulfillment import fulfill
from doorstep.flows.network import lanes
from doorstep.flows.network.compile_document import CompiledNetwork
from doorstep.kernel import errors, log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId

_log = log.get("idle")
_AT_ONCE = 200
Due = tuple[UnacceptedWork, float, Stage]


def check(context: Context) -> int:
    """Check open work that is not accepted; returns how many fulfillment orders were escalated or re-routed."""
    now = context.clock.now()
    with context.db.read() as tx:
        known = lanes.configuration(tx, at=now).compiled
        rules = {location: site.idle for location, site in known.sites.items() if site.idle is not None}
        if not rules:
            return 0
        before = now - timedelta(minutes=min(each.warn_minutes for each in rules.values()))
        due = [
            each
            for work in work_views.unaccepted(tx, before=before)
            for each in _due(work, known, rules, now)
        ]
    called = [each for each in due if each[2] is not Stage.REJECTED]
    done = sum(
        _escalate(context, called[start : start + _AT_ONCE], known, now)
        for start in range(0, len(called), _AT_ONCE)
    )
    return done + sum(
        _reroute(context, work, minutes, now) for work, minutes, stage in due if stage is Stage.REJECTED
    )


def _due(
    work: UnacceptedWork, known: CompiledNetwork, rules: Mapping[LocationId, UnacceptedRule], now: datetime
) -> list[Due]:
    """The escalation stage that work has newly reached; none while the location is closed."""
    idle, calendar = rules.get(work.location_id), known.calendars.get(work.location_id)
    if idle is None or calendar is None or not calendar.is_open(now):
        return []
    minutes = calendar.open_minutes(work.since_at, now)
    reached = capacity.stage(
        minutes, warn=idle.warn_minutes, escalate=idle.escalate_minutes, reject=idle.reject_minutes
    )
    return [(work, minutes, reached)] if reached is not None and reached.value != work.stage else []


def _escalate(context: Context, due: Sequence[Due], known: CompiledNetwork, now: datetime) -> int:
    def work(tx: WriteTx) -> int:
        orders.lock_all(tx, order_ids={work.order_id for work, _, _ in due})
        reported = [
            events.Overdue(
                work.order_id, work.id, known.locations[work.location_id].code, stage.value, int(minutes)
            )
            for work, minutes, stage in due
        ]
        return fulfillment.overdue(tx, reported=reported, at=now)

    return context.db.transact(work, actor="system")


def _reroute(context: Context, work: UnacceptedWork, minutes: float, now: datetime) -> int:
    """Reject on behalf of the location, unless someone there acted first; the order is re-routed."""
    note = f"not accepted within {int(minutes)} opening minutes"
    try:
        context.db.transact(
            lambda tx: fulfill.reject(
                tx,
                fulfillment_order_id=work.id,
                reason=RejectReason.NOT_ACCEPTED,
                note=note,
                now=now,
                version=work.version,
            ),
            actor="system",
        )
    except errors.Conflict as problem:
        _log.info("unaccepted work was accepted meanwhile", work_id=work.id, answer=problem.message)
        return 0
    return 1
