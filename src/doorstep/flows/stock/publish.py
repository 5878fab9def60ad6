"""Send sales channels what they may sell: computed from the ledgers, the newest value wins, one call per channel at a time."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from doorstep.domain.catalog import views as catalog
from doorstep.domain.connections.model import Connection, Feature, Kind
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.inventory.actions import publishing
from doorstep.domain.inventory.model.availability import Question
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.inventory.views import availability as views
from doorstep.domain.inventory.views import publishing as published
from doorstep.flows.context import Context, Record, event_int, follow
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Done, Pending

_COMPUTED_AT_ONCE = 2_000
_SENT_AT_ONCE = 1_000
_RETRY_AFTER = timedelta(hours=1)
_SUBSCRIBER = "stock.publish"


def find_changes(context: Context) -> int:
    """Compute what changed for every channel that takes stock levels, and have it sent. Returns how many channels."""
    channels = [each for each in context.partners.of_kind(Kind.CHANNELS) if _takes_stock(context, each)]
    for each in channels:
        context.db.transact(functools.partial(_find, context, each), actor="system")
    return len(channels)


def _takes_stock(context: Context, channel: Connection) -> bool:
    return context.partners.offers(channel.id, Feature.PUBLISH_STOCK)


def _find(context: Context, channel: Connection, tx: WriteTx) -> None:
    now = context.clock.now()
    publisher, moved = publishing.follow(tx, connection_id=channel.id, at=now)
    if moved is None or moved:
        skus = catalog.every_sku(tx) if moved is None else sorted(moved | catalog.made_of(tx, skus=moved))
        compute = functools.partial(_levels, tx, channel.key, skus, now)
        publishing.set_levels(tx, publisher=publisher, levels=compute, is_complete=moved is None, at=now)
    under_way = jobs.open_call(tx, subscriber=_SUBSCRIBER, key=channel.id)
    if under_way is None:
        publishing.request(tx, connection_id=channel.id, at=now)
        return
    delivery_id, state, failed_at = under_way
    if state is jobs.State.DEAD and failed_at is not None and now - failed_at >= _RETRY_AFTER:
        jobs.redrive(tx, ids=[delivery_id])


def _levels(tx: ReadTx, channel: str, skus: Sequence[str], now: datetime) -> Mapping[str, int]:
    """What the channel may sell of each SKU; locations whose stock is not known now count nothing."""
    found: dict[str, int] = {}
    for some in _slices(skus):
        parts = {
            sku: tuple((part.sku, Condition(part.condition), part.quantity) for part in each)
            for sku, each in catalog.parts(tx, skus=some).items()
        }
        questions = [Question(Sku(sku), channel) for sku in some]
        for each in views.availability(tx, questions=questions, parts=parts, at=now):
            units = each.known_quantity if each.quantity is None else each.quantity
            found[each.question.sku] = max(0, units)
    return found


def _slices(skus: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(skus)
    while some := list(islice(rest, _COMPUTED_AT_ONCE)):
        yield some


def partner(_context: Context, _tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The channel itself."""
    return {each.id: each.key for each in deliveries}


def send(context: Context, delivery: Delivery) -> Record | Pending:
    """Send waiting levels with their newest values, or ask how the call that sent them ended."""
    connection_id = event_int(delivery, "connection_id")
    channel = context.partners.stock_sink(connection_id)
    if delivery.handle is None:
        levels = context.db.transact(functools.partial(_take, connection_id), actor="system")
        answer = channel.publish_stock(levels) if levels else Done()
    else:
        answer = follow(channel, delivery.handle)
    if isinstance(answer, Pending):
        return answer
    refused = answer.refused

    def record(tx: WriteTx) -> None:
        publishing.sent(tx, connection_id=connection_id, refused=refused, at=context.clock.now())

    return record


def _take(connection_id: int, tx: WriteTx) -> list[StockLevel]:
    """The levels to send, one for each listing of a SKU; a SKU without a map is listed under its own name."""
    taken = publishing.take(tx, connection_id=connection_id, limit=_SENT_AT_ONCE)
    skus = [each.sku for each in taken]
    listings = maps.sources(tx, connection_id=connection_id, kind=MapKind.SKU, targets=skus)
    return [
        StockLevel(listing, each.sku, each.available)
        for each in taken
        for listing in listings.get(each.sku, [each.sku])
    ]


def send_again(tx: WriteTx, *, connection_id: int, skus: Sequence[str] | None = None) -> int:
    """Have levels sent again, also those that the channel refused. Returns how many."""
    return publishing.send_again(tx, connection_id=connection_id, skus=skus)


def state(tx: ReadTx, *, connection_id: int) -> published.Counts:
    """How many SKUs a channel has levels of, is to get, and refused."""
    return published.counts(tx, connection_id=connection_id)
