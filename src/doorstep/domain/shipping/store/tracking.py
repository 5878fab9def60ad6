"""SQL of tracking events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.shipping.model import Scan
from doorstep.kernel.db import ReadTx, WriteTx


def insert_events(tx: WriteTx, *, parcel_id: int, scans: Sequence[Scan]) -> int:
    """Store the carrier's events, each once; returns how many were new."""
    return tx.execute(
        """
        INSERT INTO tracking_events (parcel_id, at, raw_code, location, status, description)
        SELECT %s, * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[])
        ON CONFLICT DO NOTHING
        """,
        (
            parcel_id,
            [scan.at for scan in scans],
            [scan.raw_code for scan in scans],
            [scan.location for scan in scans],
            [scan.status.value for scan in scans],
            [scan.description for scan in scans],
        ),
    )


def select_events(tx: ReadTx, *, parcel_id: int) -> list[Scan]:
    """All events of a parcel, by the carrier's time."""
    return tx.all(
        Scan,
        """
        SELECT at, status, raw_code, description, location FROM tracking_events WHERE parcel_id = %s
         ORDER BY at, raw_code
        """,
        (parcel_id,),
    )


def update_status(tx: WriteTx, *, parcel_id: int, scan: Scan, delivered_at: datetime | None) -> None:
    """Store the state derived from the events."""
    tx.execute(
        """
        UPDATE parcels SET tracking_status = %s, tracking_at = %s, delivered_at = coalesce(delivered_at, %s)
         WHERE id = %s
        """,
        (scan.status.value, scan.at, delivered_at, parcel_id),
    )
