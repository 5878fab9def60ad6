"""Read what waits in every queue, how old the oldest is, how fast it goes, and what failed, is dead or in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.analytics.store import backlog as store
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Backlog:
    """The figures of one kind of work.

    `retrying` of the waiting failed before and are tried again; `pending` are calls that a partner has taken and not
    finished; `in_doubt` may have had their effect: a person decides.
    """

    name: str
    waiting: int = 0
    oldest_seconds: float = 0.0
    retrying: int = 0
    pending: int = 0
    dead: int = 0
    in_doubt: int = 0
    done_per_minute: float = 0.0
    failed_per_minute: float = 0.0


def every(tx: ReadTx, *, names: Sequence[str], name_of: Mapping[str, str], now: datetime) -> list[Backlog]:
    """The figures of each kind of work in `names`, in that order; `name_of` says to which a subscriber belongs."""
    found: dict[str, list[Backlog]] = {name: [] for name in names}
    for row in jobs.by_subscriber(tx):
        name = name_of.get(row.subscriber, names[-1])
        found.setdefault(name, []).append(
            Backlog(
                name, row.waiting, row.oldest_seconds, row.retrying, row.pending, row.dead,
                row.maybe_done if name == "channel_updates" else 0,
            )
        )  # fmt: skip
    for each in store.select_waiting(tx, now=now):
        age = max(each.oldest_seconds or 0.0, 0.0)
        found.setdefault(each.name, []).append(
            Backlog(each.name, each.waiting, age, each.retrying, dead=each.dead)
        )
    for name, in_doubt in store.count_in_doubt(tx).items():
        found.setdefault(name, []).append(Backlog(name, in_doubt=in_doubt))
    for name, rate in jobs.rates(tx).items():
        found.setdefault(name, []).append(
            Backlog(name, done_per_minute=rate.done, failed_per_minute=rate.failed)
        )
    return [_total(name, found[name]) for name in names]


def _total(name: str, parts: Sequence[Backlog]) -> Backlog:
    return Backlog(
        name,
        waiting=sum(each.waiting for each in parts),
        oldest_seconds=max((each.oldest_seconds for each in parts), default=0.0),
        retrying=sum(each.retrying for each in parts),
        pending=sum(each.pending for each in parts),
        dead=sum(each.dead for each in parts),
        in_doubt=sum(each.in_doubt for each in parts),
        done_per_minute=sum(each.done_per_minute for each in parts),
        failed_per_minute=sum(each.failed_per_minute for each in parts),
    )
