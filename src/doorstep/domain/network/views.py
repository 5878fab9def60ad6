"""Reads of the network."""

from __future__ import annotations

from doorstep.domain.network import store
from doorstep.domain.network.model import Location
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx


def locations(tx: ReadTx) -> dict[int, Location]:
    """Every location by id."""
    return {location.id: location for location in store.select_locations(tx)}


def location(tx: ReadTx, *, location_id: int) -> Location:
    """One location; raises NotFound."""
    found = locations(tx).get(location_id)
    if found is None:
        raise errors.NotFound(f"There is no location {location_id}.")
    return found


def by_code(tx: ReadTx, *, code: str) -> Location:
    """One location by its code; raises NotFound."""
    found = next((each for each in store.select_locations(tx) if each.code == code), None)
    if found is None:
        raise errors.NotFound(f"There is no location {code!r}.")
    return found
