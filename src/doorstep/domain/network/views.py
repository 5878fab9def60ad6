"""Read locations, their configuration and their capacity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from doorstep.domain.network.model import Document, Load, Location, Outage, Pause, Throughput
from doorstep.domain.network.model.capacity import ShiftKey
from doorstep.domain.network.store import capacity, documents
from doorstep.domain.network.store import locations as location_store
from doorstep.domain.network.store import outages as store
from doorstep.domain.network.store.documents import Version
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["Version"]


def locations(tx: ReadTx) -> dict[int, Location]:
    """Every location by id."""
    return {location.id: location for location in location_store.select_locations(tx)}


def location(tx: ReadTx, *, location_id: int) -> Location:
    """One location; raises NotFound."""
    found = locations(tx).get(location_id)
    if found is None:
        raise errors.NotFound(f"There is no location {location_id}.")
    return found


def by_code(tx: ReadTx, *, code: str) -> Location:
    """One location by its code; raises NotFound."""
    found = next((each for each in location_store.select_locations(tx) if each.code == code), None)
    if found is None:
        raise errors.NotFound(f"There is no location {code!r}.")
    return found


def token(tx: ReadTx) -> str:
    """A version that changes with every change of locations or the document."""
    return location_store.select_token(tx)


def document(tx: ReadTx) -> Document:
    """The active network document; an empty one if there is none."""
    return documents.select_document(tx) or Document()


def versions(tx: ReadTx, *, limit: int = 20) -> list[Version]:
    """Versions of the document with author, time and reason, newest first."""
    return documents.select_versions(tx, limit=limit)


def loads(tx: ReadTx, *, shifts: Sequence[ShiftKey]) -> dict[ShiftKey, Load]:
    """The usage of these shifts; shifts without usage are left out."""
    found = capacity.select_loads(tx, shifts) if shifts else []
    return {(each.location_id, each.starts_at): each for each in found}


def pauses(tx: ReadTx, *, at: datetime) -> dict[int, Pause]:
    """Locations that are paused, by id."""
    return {each.location_id: each for each in capacity.select_pauses(tx, at=at)}


def outages(tx: ReadTx, *, at: datetime) -> dict[str, Outage]:
    """Carriers that are out, by key."""
    return {
        each.carrier: each for each in every_outage(tx) if each.is_active(at, at + timedelta(microseconds=1))
    }


def every_outage(tx: ReadTx) -> list[Outage]:
    """All outages, expired ones included."""
    return store.select_outages(tx)


def throughput(tx: ReadTx) -> dict[int, Throughput]:
    """Measured performance of locations, by id."""
    return {each.location_id: each for each in capacity.select_throughput(tx)}
