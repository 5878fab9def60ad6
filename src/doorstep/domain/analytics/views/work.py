"""Read the fulfillment board of a location and the station page of one fulfillment order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from doorstep.domain.analytics import model
from doorstep.domain.analytics.model import TimeLeft
from doorstep.domain.analytics.store import work as store
from doorstep.domain.analytics.store.work import Card, OpenWork
from doorstep.domain.fulfillment import model as fulfillment
from doorstep.domain.fulfillment.model import Action, State
from doorstep.domain.shipping.model import LabelState
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["OpenWork"]

MOST_CARDS = 300


@dataclass(frozen=True, slots=True)
class Job:
    """A card with its allowed actions and its urgency."""

    card: Card
    actions: Sequence[Action]
    time_left: TimeLeft | None

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.card.lines)

    @property
    def picked(self) -> int:
        return sum(line.picked for line in self.card.lines)


@dataclass(frozen=True, slots=True)
class Board:
    """A location's work by next action; `is_cut`: there is more than is shown."""

    to_accept: Sequence[Job]
    to_pick: Sequence[Job]
    to_pack: Sequence[Job]
    to_ship: Sequence[Job]
    shipped_today: Sequence[Job]
    is_cut: bool


def loads(tx: ReadTx, *, now: datetime, location_id: int | None = None) -> list[OpenWork]:
    """Counts of open work by location (or at one location)."""
    return [load for load in store.select_loads(tx, now=now) if location_id in (None, load.location.id)]


def board(tx: ReadTx, *, location_id: int, timezone: str, now: datetime) -> Board:
    """Open work of a location, most urgent first, and what left it since midnight there."""
    midnight = now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    jobs = [_job(card, now) for card in store.select_open(tx, location_id=location_id, limit=MOST_CARDS)]
    left = store.select_shipped(tx, location_id=location_id, since=midnight, limit=50)

    def of(state: State) -> list[Job]:
        return [job for job in jobs if job.card.state is state]

    return Board(
        to_accept=of(State.OPEN),
        to_pick=of(State.ACCEPTED),
        to_pack=of(State.PICKED),
        to_ship=of(State.PACKED),
        shipped_today=[_job(card, now) for card in left],
        is_cut=len(jobs) == MOST_CARDS,
    )


def waiting(
    tx: ReadTx, *, location_id: int, now: datetime, limit: int, after: tuple[datetime, int] | None = None
) -> list[Job]:
    """Open work of a location, most urgent first, after a position in the list (ship-by, id)."""
    cards = store.select_open_page(tx, location_id=location_id, limit=limit, after=after)
    return [_job(card, now) for card in cards]


def job(tx: ReadTx, *, fulfillment_order_id: int, now: datetime) -> Job:
    """One fulfillment order for its station page; raises NotFound."""
    card = store.select_card(tx, fulfillment_order_id=fulfillment_order_id)
    if card is None:
        raise errors.NotFound(f"There is no fulfillment order {fulfillment_order_id}.")
    return _job(card, now)


def _job(card: Card, now: datetime) -> Job:
    bought = card.label_state == LabelState.PURCHASED.value
    waits = card.state in {State.OPEN, State.ACCEPTED, State.PICKED, State.PACKED}
    return Job(
        card,
        fulfillment.legal_actions(card.state, has_label=bought, order_held=card.is_held)
        if not card.warehouse
        else (),  # the warehouse of a partner reports what it does
        model.time_left(card.ship_by, now=now) if waits else None,
    )
