"""Carrier outages, set by users or detected from failed calls; ends expired location pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.flows.context import Context
from doorstep.kernel import errors, log
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.message import Message

_log = log.get("outage")
_FAILURE_WINDOW = timedelta(minutes=10)
_FAILURES = 3
_OUTAGE_LENGTH = timedelta(
    minutes=30
)  # then it is tried again, because a carrier with an outage gets no calls


def carriers(tx: ReadTx) -> list[str]:
    """The keys of all carriers: connections, and names in tariffs."""
    connected = {each.key for each in connections.all_connections(tx) if each.kind == Kind.CARRIERS}
    return sorted(connected | network_views.document(tx).carriers.keys())


def start(tx: WriteTx, *, carrier: str, reason: str, until_at: datetime | None, now: datetime) -> None:
    """Start a carrier outage, until a time or until someone ends it. Raises NotFound and Invalid."""
    known = carriers(tx)
    if carrier not in known:
        raise errors.NotFound(f"There is no carrier {carrier!r}. Carriers: {', '.join(known) or 'none'}.")
    network.start_carrier_outage(tx, carrier=carrier, reason=reason, until_at=until_at, at=now)


def end(tx: WriteTx, *, carrier: str, now: datetime) -> None:
    """End a carrier outage. Raises NotFound if there is none."""
    if not network.end_carrier_outage(tx, carrier=carrier, at=now):
        raise errors.NotFound(f"{carrier!r} has no outage.")


def check(context: Context) -> int:
    """End expired outages and pauses, and start outages of carriers whose calls keep failing; returns how many changed."""
    now = context.clock.now()

    def work(tx: WriteTx) -> int:
        changed = network.end_over(tx, at=now)
        noticed = {
            each.carrier: each for each in network_views.outages(tx, at=now).values() if each.is_noticed
        }
        since = {each.carrier: each.since_at for each in noticed.values()}
        for carrier in connections.recovered_carriers(tx, since=since):
            changed += network.end_carrier_outage(tx, carrier=carrier, at=now)
            del noticed[carrier]
        for each in connections.failing_carriers(tx, since=now - _FAILURE_WINDOW, at_least=_FAILURES):
            reason = Message(
                "%(count)s calls in a row failed: %(error)s", count=each.failures, error=each.error
            )
            changed += network.start_detected_outage(
                tx, carrier=each.carrier, reason=reason, until_at=now + _OUTAGE_LENGTH, at=now
            )
        return changed

    changed = context.db.transact(work, actor="system")
    if changed:
        _log.warning("carrier outages or location pauses changed", changes=changed)
    return changed
