"""Lines about what comes and what goes: feeds, history, names, orders, failures, stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doorstep.domain.analytics import model as analytics
from doorstep.domain.analytics.views import health
from doorstep.domain.connections.model import Feature, Kind, ReadingState
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.model.readiness import ReportLine, Topic, attention, blocked, ready
from doorstep.domain.connections.views import readiness
from doorstep.domain.inventory.views import publishing
from doorstep.domain.orders import views as orders
from doorstep.flows.capture import feed_control
from doorstep.flows.capture.feed_control import FeedReport
from doorstep.flows.go_live.subject import Subject
from doorstep.kernel.i18n import plural
from doorstep.kernel.message import Counted, Listed, Message, written

_ORDERS = plural("{n} order", "{n} orders")
_CALLS = plural("{n} call", "{n} calls")
_MESSAGES = plural("{n} message", "{n} messages")
_SKUS = plural("{n} SKU", "{n} SKUs")
_DOCUMENTS = plural("{n} document", "{n} documents")
_KINDS: Mapping[str, tuple[str, str]] = {
    MapKind.GATEWAY: plural("{n} payment gateway", "{n} payment gateways"),
    MapKind.SKU: plural("{n} product", "{n} products"),
    MapKind.LOCATION: plural("{n} location", "{n} locations"),
    MapKind.METHOD: plural("{n} shipping method", "{n} shipping methods"),
    MapKind.STATUS: plural("{n} parcel status", "{n} parcel statuses"),
    MapKind.CARRIER: plural("{n} carrier", "{n} carriers"),
    MapKind.TAX: plural("{n} tax", "{n} taxes"),
}


def feeds(subject: Subject) -> Iterator[ReportLine]:
    """How far each feed is read, and whether complete hours have gaps; then the back-fills."""
    if subject.opened is None:
        return
    for each in feed_control.reports(subject.context, subject.tx, connection=subject.opened):
        yield _feed(subject, each) if each.state.ends_at is None else _history(subject, each)


def _feed(subject: Subject, each: FeedReport) -> ReportLine:
    name, state = each.feed.label, each.state
    if state.state == ReadingState.PAUSED:
        why = Message("%(feed)s is paused: resume it, or nothing new is read.", feed=name)
        return blocked(Topic.FEEDS, why, subject.path, state.watermark_at)
    if state.error:
        why = Message("%(feed)s cannot be read: %(error)s", feed=name, error=written(state.error))
        return blocked(Topic.FEEDS, why, subject.path, state.last_succeeded_at)
    if each.feed.every_seconds == 0:
        return ready(Topic.FEEDS, Message("%(feed)s is fetched when messages name something new.", feed=name))
    if state.last_succeeded_at is None:
        return attention(Topic.FEEDS, Message("%(feed)s has not been read yet.", feed=name), subject.path)
    if each.is_late:
        why = Message("%(feed)s is late: see whether a worker runs.", feed=name)
        return attention(Topic.FEEDS, why, subject.path, state.last_succeeded_at)
    if state.missing_documents:
        count = Counted(state.missing_documents, _DOCUMENTS)
        why = Message("%(feed)s is read. Comparing hours found and fetched %(count)s that had not come.", feed=name, count=count)  # fmt: skip
        return attention(Topic.FEEDS, why, subject.path, state.last_succeeded_at)
    return ready(
        Topic.FEEDS, Message("%(feed)s is read without a gap.", feed=name), at=state.last_succeeded_at
    )


def _history(subject: Subject, each: FeedReport) -> ReportLine:
    name = each.feed.label
    if each.state.state in {ReadingState.DONE, ReadingState.CANCELED}:
        why = Message("The back-fill of %(feed)s has ended.", feed=name)
        return ready(Topic.HISTORY, why, at=each.state.finished_at)
    share = f"{each.progress:.0%}"
    why = Message("The back-fill of %(feed)s is under way: %(share)s.", feed=name, share=share)
    return attention(Topic.HISTORY, why, subject.path, each.state.watermark_at)


def names(subject: Subject) -> Iterator[ReportLine]:
    """What the partner names and nobody has mapped."""
    found = readiness.unmapped_kinds(subject.tx, connection_id=subject.row.id)
    page = f"{subject.path}/names"
    if found:
        counts = tuple(Counted(each.names, _KINDS[each.kind]) for each in found)
        yield attention(Topic.NAMES, Message("Not mapped: %(names)s.", names=Listed(counts)), page)
    else:
        yield ready(Topic.NAMES, Message("Every name that came is mapped or is one of ours."), page)


def held(subject: Subject) -> Iterator[ReportLine]:
    """The channel's orders that are held, by reason."""
    if subject.row.kind != Kind.CHANNELS:
        return
    page = f"/orders?view=held&channel={subject.row.key}"
    found = orders.held_counts(subject.tx, connection_id=subject.row.id)
    for each in found:
        reason = analytics.hold_label(each.reason)
        count = Counted(each.orders, _ORDERS)
        why = Message("%(orders)s held: %(reason)s.", orders=count, reason=Message(reason))
        yield attention(Topic.ORDERS, why, page)
    if not found:
        yield ready(Topic.ORDERS, Message("No order of this channel is held."), page)


def failures(subject: Subject) -> Iterator[ReportLine]:
    """Messages and calls that have failed for good."""
    page = "/dead-letters"
    mine = next(each for each in health.connections(subject.tx, now=subject.now) if each.id == subject.row.id)
    calls = readiness.dead_calls(subject.tx, connection_id=subject.row.id)
    if mine.dead:
        count = Counted(mine.dead, _MESSAGES)
        yield attention(Topic.FAILURES, Message("%(count)s could not be read.", count=count), page)
    if calls:
        count = Counted(calls, _CALLS)
        yield attention(Topic.FAILURES, Message("%(count)s failed for good.", count=count), page)
    if not mine.dead and not calls:
        yield ready(Topic.FAILURES, Message("No message and no call has failed for good."), page)


def stock(subject: Subject) -> Iterator[ReportLine]:
    """What the channel may sell and has not been sent."""
    if not subject.does(Feature.PUBLISH_STOCK):
        return
    found, page = publishing.counts(subject.tx, connection_id=subject.row.id), f"{subject.path}/stock"
    if found.refused:
        count = Counted(found.refused, _SKUS)
        why = Message("The channel refuses the stock levels of %(count)s.", count=count)
        yield attention(Topic.STOCK, why, f"{page}?state=refused")
    if not found.skus:
        yield attention(
            Topic.STOCK, Message("No stock level is computed yet: see whether a worker runs."), page
        )
    elif found.waiting:
        count = Counted(found.waiting, _SKUS)
        yield ready(
            Topic.STOCK, Message("The stock levels of %(count)s are sent when it is live.", count=count), page
        )
    elif not found.refused:
        yield ready(Topic.STOCK, Message("The channel has every stock level."), page)
