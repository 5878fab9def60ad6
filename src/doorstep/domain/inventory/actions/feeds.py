"""Apply stock feeds of ERP, WMS and POS: once per source and key, line by line, thousands at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import claims, freshness
from doorstep.domain.inventory.actions.claims import ClaimOrigin, ClaimResult
from doorstep.domain.inventory.model import MovementType
from doorstep.domain.inventory.model import feeds as rules
from doorstep.domain.inventory.model.feeds import Feed, LineResult
from doorstep.domain.inventory.model.freshness import SourceUpdate
from doorstep.domain.inventory.store import claims as claim_store
from doorstep.domain.inventory.store import feeds as store
from doorstep.domain.inventory.store.feeds import FeedRow
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId


class FeedTaken(errors.Conflict):
    """The key was used for other figures; `data.feed_id` is the feed it stands for."""


@dataclass(frozen=True, slots=True)
class FeedResult:
    """A feed and its results. A repeated feed has no `results`: nothing happened now."""

    feed: FeedRow
    results: list[LineResult]
    is_replay: bool


def apply_feed(tx: WriteTx, *, feed: Feed, locations: Mapping[str, LocationId], now: datetime) -> FeedResult:
    """Bring stock to what a source reports. `locations` are its permitted locations, by code.

    A bad line is rejected and the others apply. Raises Invalid for an unreadable feed, FeedTaken when the key belongs to
    another feed.
    """
    checked = rules.check(feed, now=now)
    feed_id = store.insert_feed(tx, checked, at=now)
    if feed_id is None:
        return _replayed(tx, feed)
    known = claim_store.select_known(tx, skus=sorted({line.sku for line in checked.lines}))
    wanted, results = rules.split_valid(checked, known=known, locations=locations)
    basis = ClaimOrigin(MovementType.SYNCHRONIZED, f"feed/{checked.source}/{feed_id}")
    settled = claims.apply(tx, claims=list(wanted.values()), basis=basis, at=now)
    results += [_result(checked, index, each) for index, each in zip(wanted, settled, strict=True)]
    results.sort(key=lambda each: each.line_no)
    store.write_results(tx, results, feed_id=feed_id)
    _record_update(tx, checked, settled)
    event_log.append(tx, _facts(checked, feed_id, settled), at=now)
    return FeedResult(_row(tx, feed_id), results, is_replay=False)


def _record_update(tx: WriteTx, feed: Feed, settled: Sequence[ClaimResult]) -> None:
    """Record that the source updated these locations."""
    locations = sorted({each.claim.location_id for each in settled})
    freshness.record_update(
        tx, updates=[SourceUpdate(location, feed.source, feed.as_of) for location in locations]
    )


def _replayed(tx: WriteTx, feed: Feed) -> FeedResult:
    before = store.select_by_key(tx, source=feed.source, key=feed.key)
    if before is None or (before.mode, before.lines) != (feed.mode, len(feed.lines)):
        raise FeedTaken(
            f"The key {feed.key!r} belongs to another feed of {feed.source}: send a new key with every feed.",
            feed_id=before.id if before else None,
        )
    return FeedResult(before, [], is_replay=True)


def _result(feed: Feed, index: int, settled: ClaimResult) -> LineResult:
    line, verdict = feed.lines[index], settled.verdict
    return LineResult(line.line_no, line.sku, line.location, verdict.outcome, settled.on_hand, verdict.reason)


def _facts(feed: Feed, feed_id: int, settled: Sequence[ClaimResult]) -> list[events.Synced]:
    """One event per changed location; `skus` have more to sell now."""
    changed: dict[LocationId, int] = {}
    more: dict[LocationId, set[str]] = {}
    for each in settled:
        if each.verdict.change:
            location_id = each.claim.location_id
            changed[location_id] = changed.get(location_id, 0) + 1
            if each.is_more_to_sell:
                more.setdefault(location_id, set()).add(each.claim.sku)
    return [
        events.Synced(location_id, feed.source, feed_id, lines, tuple(sorted(more.get(location_id, ()))))
        for location_id, lines in sorted(changed.items())
    ]


def _row(tx: WriteTx, feed_id: int) -> FeedRow:
    found = store.select_feed(tx, feed_id=feed_id)
    if found is None:
        raise errors.NotFound(f"There is no feed {feed_id}.")
    return found
