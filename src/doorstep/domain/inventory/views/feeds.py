"""Read feeds."""

from __future__ import annotations

from doorstep.domain.inventory.store import feeds as store
from doorstep.domain.inventory.store.feeds import LINES, SORTING, FeedRow, UnappliedLine
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["LINES", "SORTING", "FeedRow", "UnappliedLine"]


def rows(tx: ReadTx, *, limit: int = 50) -> list[FeedRow]:
    """The newest feeds, with the parts of imports."""
    return store.select_newest(tx, limit=limit)


def page(tx: ReadTx, *, wanted: Keyset) -> list[FeedRow]:
    """A page of the feeds."""
    return store.select_feeds(tx, page=wanted)


def row(tx: ReadTx, *, feed_id: int) -> FeedRow:
    """One feed; raises NotFound."""
    found = store.select_feed(tx, feed_id=feed_id)
    if found is None:
        raise errors.NotFound(f"There is no feed {feed_id}.")
    return found


def unapplied_page(tx: ReadTx, *, feed_id: int, page: Keyset) -> list[UnappliedLine]:
    """A page of the lines of a feed that did not simply apply."""
    return store.select_unapplied_page(tx, page, feed_id=feed_id)


def unapplied_lines(tx: ReadTx, *, feed_id: int, limit: int = 1000) -> list[UnappliedLine]:
    """Lines of a feed that did not simply apply, in order."""
    return store.select_unapplied_lines(tx, feed_id=feed_id, limit=limit)
