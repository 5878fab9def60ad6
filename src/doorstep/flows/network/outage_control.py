"""Carriers that carry nothing for a while: said by a person or seen by their failing calls; and pauses whose time has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.flows.context import Context
from doorstep.kernel import errors, log
from doorstep.kernel.db import ReadTx, WriteTx

_log = log.get("outage")
_LOOKED_AT = timedelta(minutes=10)
_FAILURES = 3
_OUT_FOR = timedelta(minutes=30)  # then it is tried again, as nobody asks a carrier that gets no parcels


def carriers(tx: ReadTx) -> list[str]:
    """Every carrier that could be out: connections, and names of tariffs, by key."""
    connected = {each.key for each in connections.all_connections(tx) if each.kind == Kind.CARRIERS}
    return sorted(connected | network_views.document(tx).carriers.keys())


def start(tx: WriteTx, *, carrier: str, reason: str, until_at: datetime | None, now: datetime) -> None:
    """A person says that a carrier is out, until then or until somebody says otherwise. Raises NotFound and Invalid."""
    known = carriers(tx)
    if carrier not in known:
        raise errors.NotFound(f"There is no carrier {carrier!r}; there are: {', '.join(known) or 'none'}.")
    network.carrier_out(tx, carrier=carrier, reason=reason, until_at=until_at, at=now)


def end(tx: WriteTx, *, carrier: str, now: datetime) -> None:
    """A carrier carries again; raises NotFound if it was not out."""
    if not network.carrier_back(tx, carrier=carrier, at=now):
        raise errors.NotFound(f"{carrier!r} is not out.")


def check(context: Context) -> int:
    """Periodic: end what is over, and look how the calls of carriers fare; returns how many came back or went out."""
    now = context.clock.now()
    with context.db.write(actor="system") as tx:
        changed = network.end_over(tx, at=now)
        noticed = {
            each.carrier: each for each in network_views.outages(tx, at=now).values() if each.is_noticed
        }
        since = {each.carrier: each.since_at for each in noticed.values()}
        for carrier in connections.recovered_carriers(tx, since=since):
            changed += network.carrier_back(tx, carrier=carrier, at=now)
            del noticed[carrier]
        for each in connections.failing_carriers(tx, since=now - _LOOKED_AT, at_least=_FAILURES):
            reason = f"{each.failures} calls failed in a row: {each.error}"
            changed += network.carrier_fails(
                tx, carrier=each.carrier, reason=reason, until_at=now + _OUT_FOR, at=now
            )
    if changed:
        _log.warning("carriers went out or came back, or pauses ended", changes=changed)
    return changed
