"""Verbs of the network."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.network import store
from doorstep.domain.network.model import Location
from doorstep.kernel.db import WriteTx


def put(tx: WriteTx, *, locations: Sequence[Location]) -> None:
    """Create or replace locations by code."""
    store.upsert_locations(tx, locations)
