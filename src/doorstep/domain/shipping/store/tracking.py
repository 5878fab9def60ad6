"""SQL of tracking events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.shipping.model import Scan, TrackingStatus
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


def find_unknown(tx: ReadTx, *, connection_id: int, raw_code: str, limit: int) -> list[int]:
    """Parcels of a carrier with scans of this code that nobody has understood yet."""
    return tx.column(
        int,
        """
        SELECT DISTINCT t.parcel_id FROM tracking_events t JOIN label_purchases b USING (parcel_id)
         WHERE t.status = %s AND t.raw_code = %s AND b.connection_id = %s ORDER BY t.parcel_id LIMIT %s
        """,
        (TrackingStatus.UNKNOWN.value, raw_code, connection_id, limit),
    )


def update_unknown(tx: WriteTx, *, parcel_ids: Sequence[int], raw_code: str, status: TrackingStatus) -> None:
    """Give scans that nobody has understood their status."""
    tx.execute(
        "UPDATE tracking_events SET status = %s WHERE parcel_id = ANY(%s) AND raw_code = %s AND status = %s",
        (status.value, list(parcel_ids), raw_code, TrackingStatus.UNKNOWN.value),
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
