"""SQL of locations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from doorstep.domain.network.model import Location
from doorstep.kernel.db import ReadTx, WriteTx

_GIVEN = """code, name, kind, company, gstin, phone, email, line1, line2, city, state, state_code, postal_code, country,
    latitude, longitude, timezone, hours, cut_off, carrier, return_carrier, ships, active"""


def upsert_locations(tx: WriteTx, locations: Sequence[Location]) -> None:
    """Create locations, or replace them by code (the database gives ids; `active` is set only at creation)."""
    tx.execute(
        f"""
        INSERT INTO locations ({_GIVEN}) SELECT {_GIVEN} FROM json_populate_recordset(NULL::locations, %s::json)
        ON CONFLICT (code) DO UPDATE SET (name, kind, company, gstin, phone, email, line1, line2, city, state, state_code,
            postal_code, country, latitude, longitude, timezone, hours, cut_off, carrier, return_carrier, ships)
          = (excluded.name, excluded.kind, excluded.company, excluded.gstin, excluded.phone, excluded.email,
            excluded.line1, excluded.line2, excluded.city, excluded.state, excluded.state_code, excluded.postal_code,
            excluded.country, excluded.latitude, excluded.longitude, excluded.timezone, excluded.hours,
            excluded.cut_off, excluded.carrier, excluded.return_carrier, excluded.ships)
        """,
        (msgspec.json.encode(locations).decode(),),
    )


def select_locations(tx: ReadTx) -> list[Location]:
    """Select all locations, by id."""
    return tx.all(Location, f"SELECT id, {_GIVEN} FROM locations ORDER BY id")


def lock_location(tx: WriteTx, *, location_id: int) -> Location | None:
    """Select and lock one location."""
    return tx.one(
        Location, f"SELECT id, {_GIVEN} FROM locations WHERE id = %s FOR NO KEY UPDATE", (location_id,)
    )


def update_active(tx: WriteTx, *, location_id: int, active: bool) -> None:
    """Open or close a location."""
    tx.execute("UPDATE locations SET active = %s WHERE id = %s", (active, location_id))


def renew_token(tx: WriteTx) -> None:
    """Mark cached copies of the network as outdated."""
    tx.execute("UPDATE network_revision SET token = gen_random_uuid()")


def select_token(tx: ReadTx) -> str:
    """A version that changes with every change of locations or documents."""
    return tx.value(str, "SELECT token::text FROM network_revision")
