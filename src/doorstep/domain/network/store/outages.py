"""SQL of carrier outages."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.network.model import Outage
from doorstep.kernel.db import ReadTx, WriteTx

_OUTAGE = "SELECT carrier, reason, since_at, until_at, is_noticed, actor FROM carrier_outages"


def upsert_outage(tx: WriteTx, outage: Outage) -> None:
    """Insert an outage, or replace its reason and end."""
    tx.execute(
        """
        INSERT INTO carrier_outages (carrier, reason, since_at, until_at, is_noticed, actor)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (carrier) DO UPDATE SET (reason, until_at, is_noticed, actor)
          = (excluded.reason, excluded.until_at, excluded.is_noticed, excluded.actor)
        """,
        (outage.carrier, outage.reason, outage.since_at, outage.until_at, outage.is_noticed, outage.actor),
    )


def lock_outage(tx: WriteTx, *, carrier: str) -> Outage | None:
    """Select and lock the outage of a carrier."""
    return tx.one(Outage, f"{_OUTAGE} WHERE carrier = %s FOR UPDATE", (carrier,))


def delete_outage(tx: WriteTx, *, carrier: str) -> int:
    """Delete the outage of a carrier; returns whether there was one."""
    return tx.execute("DELETE FROM carrier_outages WHERE carrier = %s", (carrier,))


def delete_over(tx: WriteTx, *, at: datetime) -> list[str]:
    """Delete expired outages; returns the carriers."""
    found = tx.column(str, "DELETE FROM carrier_outages WHERE until_at <= %s RETURNING carrier", (at,))
    return sorted(found)


def select_outages(tx: ReadTx) -> list[Outage]:
    """Select every outage, expired ones included."""
    return tx.all(Outage, f"{_OUTAGE} ORDER BY carrier")
