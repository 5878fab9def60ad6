"""SQL of feeds: each is applied once per source and key; lines that did not simply apply are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from doorstep.domain.inventory.model.feeds import Feed, LineResult, Mode
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Key, Keyset, Sorting


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed with its totals."""

    id: int
    source: str
    key: str
    mode: Mode
    as_of: datetime
    lines: int
    applied: int
    unchanged: int
    ignored: int
    contradicted: int
    refused: int
    actor: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class UnappliedLine:
    """A line that did not simply apply."""

    line_no: int
    sku: str
    location: str
    outcome: str
    reason: str


def insert_feed(tx: WriteTx, feed: Feed, *, at: datetime) -> int | None:
    """Claim this source's key; None if it was used before (waits for a transaction that is using it)."""
    found = tx.column(
        int,
        """
        INSERT INTO stock_feeds (source, key, mode, as_of, lines, applied, unchanged, ignored, contradicted, refused,
                                 actor, received_at)
        VALUES (%s, %s, %s, %s, %s, 0, 0, 0, 0, 0, %s, %s) ON CONFLICT (source, key) DO NOTHING RETURNING id
        """,
        (feed.source, feed.key, feed.mode.value, feed.as_of, len(feed.lines), tx.actor, at),
    )
    return found[0] if found else None


def write_results(tx: WriteTx, results: Sequence[LineResult], *, feed_id: int) -> None:
    """Store the totals of a feed, and the lines that did not simply apply."""
    tx.execute(
        """
        UPDATE stock_feeds SET (applied, unchanged, ignored, contradicted, refused) = (
               SELECT count(*) FILTER (WHERE o = 'applied'), count(*) FILTER (WHERE o = 'unchanged'),
                      count(*) FILTER (WHERE o = 'ignored'), count(*) FILTER (WHERE o = 'contradicted'),
                      count(*) FILTER (WHERE o = 'refused') FROM unnest(%s::text[]) AS o)
         WHERE id = %s
        """,
        ([each.outcome.value for each in results], feed_id),
    )
    tx.copy(
        "COPY stock_feed_problems (feed_id, line_no, sku, location, outcome, reason) FROM STDIN",
        [
            (feed_id, each.line_no, each.sku, each.location, each.outcome.value, each.reason)
            for each in results
            if each.reason
        ],
    )


_COLUMNS = """id, source, key, mode, as_of, lines, applied, unchanged, ignored, contradicted, refused, actor,
    received_at"""


def select_feed(tx: ReadTx, *, feed_id: int) -> FeedRow | None:
    """One feed."""
    return tx.one(FeedRow, f"SELECT {_COLUMNS} FROM stock_feeds WHERE id = %s", (feed_id,))


def select_by_key(tx: ReadTx, *, source: str, key: str) -> FeedRow | None:
    """The feed that a source sent under this key."""
    return tx.one(
        FeedRow, f"SELECT {_COLUMNS} FROM stock_feeds WHERE source = %s AND key = %s", (source, key)
    )


def select_newest(tx: ReadTx, *, limit: int) -> list[FeedRow]:
    """The newest feeds, with the parts of imports."""
    return tx.all(
        FeedRow, f"SELECT {_COLUMNS} FROM stock_feeds ORDER BY received_at DESC, id DESC LIMIT %s", (limit,)
    )


SORTING = Sorting(
    {
        "source": Key("text"),
        "as_of": Key("timestamptz"),
        "lines": Key(),
        "applied": Key(),
        "contradicted": Key(),
        "refused": Key(),
        "received_at": Key("timestamptz"),
    }
)


def select_feeds(tx: ReadTx, *, page: Keyset) -> list[FeedRow]:
    """A page of the feeds, without the parts of imports."""
    found = f"SELECT {_COLUMNS} FROM stock_feeds WHERE NOT starts_with(key, 'import/')"
    return tx.all(FeedRow, SORTING.page(found, page), page.parameters)


LINES = Sorting(
    {"line_no": Key(), "sku": Key("text"), "location": Key("text"), "outcome": Key("text")},
    tie="line_no",
    tie_of=attrgetter("line_no"),
)


def select_unapplied_page(tx: ReadTx, page: Keyset, *, feed_id: int) -> list[UnappliedLine]:
    """A page of the lines of a feed that did not simply apply."""
    rows = "SELECT line_no, sku, location, outcome, reason FROM stock_feed_problems WHERE feed_id = %(feed)s"
    return tx.all(UnappliedLine, LINES.page(rows, page), {"feed": feed_id, **page.parameters})


def select_unapplied_lines(tx: ReadTx, *, feed_id: int, limit: int) -> list[UnappliedLine]:
    """Lines of a feed that did not simply apply, in their order."""
    return tx.all(
        UnappliedLine,
        """
        SELECT line_no, sku, location, outcome, reason FROM stock_feed_problems
         WHERE feed_id = %s ORDER BY line_no LIMIT %s
        """,
        (feed_id, limit),
    )
