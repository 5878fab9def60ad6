"""Feeds of connections: how far each has been read, and back-fills of history."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.identity.model import Permission
from doorstep.flows.capture import feed_control
from doorstep.flows.capture.feed_control import FeedReport
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Connections"])


class ConnectionFeed(BaseModel):
    """A feed that is read by the clock, or a back-fill of one (`ends_at` is set). Times of the vendor are its own."""

    id: int
    feed: str
    label: str
    state: str = Field(description="running, paused, done or canceled")
    read_until: datetime = Field(description="Everything before it has been read, in the vendor's time.")
    starts_at: datetime
    ends_at: datetime | None
    progress: float = Field(description="Share of a back-fill that has been read, 0 to 1.")
    is_late: bool = Field(description="It has not been read for several times its rhythm.")
    failures: int = Field(description="Failed reads in a row.")
    error: str | None
    documents: int
    new_documents: int
    missing_documents: int = Field(description="Found by comparing complete hours, and fetched.")
    compared_until: datetime | None = Field(
        description="Complete hours before it were compared with the vendor's list."
    )
    waiting_fetches: int = Field(description="Resources that messages named and that are not fetched yet.")
    last_read_at: datetime | None
    last_new_at: datetime | None
    requested_by: str
    finished_at: datetime | None


class BackfillWanted(BaseModel):
    """The part of a feed's past to read; it is read after all live work."""

    feed: str = Field(description="Name of the feed.")
    since: AwareDatetime = Field(description="Where to begin, in the vendor's time.")
    until: AwareDatetime = Field(description="Where to end; not in the future.")


def _shape(report: FeedReport) -> ConnectionFeed:
    state = report.state
    return ConnectionFeed(
        id=state.id,
        feed=state.feed,
        label=report.feed.label,
        state=state.state,
        read_until=state.watermark_at,
        starts_at=state.starts_at,
        ends_at=state.ends_at,
        progress=round(report.progress, 4),
        is_late=report.is_late,
        failures=state.failures,
        error=state.error,
        documents=state.documents,
        new_documents=state.new_documents,
        missing_documents=state.missing_documents,
        compared_until=state.reconciled_until if report.feed.is_listed else None,
        waiting_fetches=report.waiting_fetches,
        last_read_at=state.last_succeeded_at,
        last_new_at=state.last_document_at,
        requested_by=state.requested_by,
        finished_at=state.finished_at,
    )


@router.get("/connections/{key}/feeds")
def list_connection_feeds(calling: Calling, key: str) -> list[ConnectionFeed]:
    """List what a connection reads by the clock, and its back-fills, newest first."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    connection = calling.app.registry.by_key(key)

    def fetch(tx: ReadTx) -> list[ConnectionFeed]:
        return [_shape(each) for each in feed_control.reports(calling.app.context, tx, connection=connection)]

    return calling.read(fetch)


@router.post("/connections/{key}/feeds/{feed_id}/pause")
def pause_connection_feed(calling: Calling, key: str, feed_id: int) -> ConnectionFeed:
    """Read a feed or a back-fill no further until it is resumed."""
    return _change(calling, key, feed_id, "pause")


@router.post("/connections/{key}/feeds/{feed_id}/resume")
def resume_connection_feed(calling: Calling, key: str, feed_id: int) -> ConnectionFeed:
    """Read on from where it was paused."""
    return _change(calling, key, feed_id, "resume")


@router.post("/connections/{key}/feeds/{feed_id}/cancel")
def cancel_connection_feed(calling: Calling, key: str, feed_id: int) -> ConnectionFeed:
    """End a back-fill; what it has read stays. A feed cannot be canceled."""
    return _change(calling, key, feed_id, "cancel")


@router.post("/connections/{key}/feeds/{feed_id}/run")
def run_connection_feed(calling: Calling, key: str, feed_id: int) -> ConnectionFeed:
    """Read at once instead of at the next time."""
    return _change(calling, key, feed_id, "run")


@router.post("/connections/{key}/back-fills", status_code=201)
def start_back_fill(calling: Calling, key: str, wanted: BackfillWanted) -> ConnectionFeed:
    """Read a part of a feed's past, after all live work. One back-fill of a feed at a time."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)
    connection = calling.app.registry.by_key(key)

    def work(tx: WriteTx) -> ConnectionFeed:
        reading_id = feed_control.start_backfill(
            calling.app.context,
            tx,
            connection=connection,
            feed=wanted.feed,
            since=wanted.since,
            until=wanted.until,
        )
        return _one(calling, tx, key, reading_id)

    return calling.write(work)


def _change(calling: Caller, key: str, feed_id: int, verb: str) -> ConnectionFeed:
    calling.principal.require(Permission.CONNECTIONS_WRITE)
    connection = calling.app.registry.by_key(key)

    def work(tx: WriteTx) -> ConnectionFeed:
        feed_control.VERBS[verb](tx, connection=connection, reading_id=feed_id)
        return _one(calling, tx, key, feed_id)

    return calling.write(work)


def _one(calling: Caller, tx: ReadTx, key: str, feed_id: int) -> ConnectionFeed:
    connection = calling.app.registry.by_key(key)
    for report in feed_control.reports(calling.app.context, tx, connection=connection):
        if report.state.id == feed_id:
            return _shape(report)
    raise errors.NotFound(f"{key} has no feed or back-fill {feed_id}.")
