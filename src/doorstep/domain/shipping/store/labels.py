"""SQL of label purchases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.shipping.model import Label, LabelState
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ParcelId, ShipmentId


def insert_intent(
    tx: WriteTx, *, parcel_id: ParcelId, first: ShipmentId, connection_id: int, at: datetime
) -> None:
    """Store the intent to buy the label of a parcel, under the reference of its first shipment."""
    tx.execute(
        """
        INSERT INTO label_purchases (parcel_id, connection_id, reference, requested_at)
        SELECT %s, %s, s.reference, %s FROM shipments s WHERE s.id = %s
        """,
        (parcel_id, connection_id, at, first),
    )


def update_purchased(tx: WriteTx, *, parcel_id: int, label: Label, at: datetime) -> None:
    """Store the carrier's answer."""
    label_id = tx.value(
        int,
        """
        UPDATE label_purchases SET state = 'purchased', external_id = %s, tracking_number = %s, tracking_url = %s,
               carrier = %s, service = %s, cost_minor = %s, purchased_at = %s, error = ''
         WHERE parcel_id = %s AND state <> 'voided' RETURNING id
        """,
        (
            label.external_id,
            label.tracking_number,
            label.tracking_url,
            label.carrier,
            label.service,
            label.cost_minor,
            at,
            parcel_id,
        ),
    )
    tx.execute("UPDATE parcels SET tracking_status = 'label_purchased' WHERE id = %s", (parcel_id,))
    if label.pdf:
        tx.execute(
            """
            INSERT INTO label_documents (label_purchase_id, pdf) VALUES (%s, %s)
            ON CONFLICT (label_purchase_id) DO UPDATE SET pdf = excluded.pdf
            """,
            (label_id, label.pdf),
        )


def mark_requested(tx: WriteTx, *, parcel_id: int, at: datetime) -> bool:
    """Mark as requested; returns whether the carrier was asked before."""
    return tx.value(
        bool,
        """
        UPDATE label_purchases b SET called_at = %s, state = 'requested' FROM label_purchases old
         WHERE b.parcel_id = %s AND b.state <> 'voided' AND old.id = b.id RETURNING old.called_at IS NOT NULL
        """,
        (at, parcel_id),
    )


def update_state(tx: WriteTx, *, parcel_id: int, state: LabelState, error: str) -> None:
    """Mark as requested again, failed or in doubt."""
    tx.execute(
        "UPDATE label_purchases SET state = %s, error = %s WHERE parcel_id = %s AND state <> 'voided'",
        (state.value, error, parcel_id),
    )


def select_pdf(tx: ReadTx, *, shipment_id: int) -> list[bytes]:
    """The PDF of the label of its parcel."""
    return tx.column(
        bytes,
        """
        SELECT d.pdf FROM shipments s JOIN label_purchases b ON b.parcel_id = s.parcel_id AND b.state <> 'voided'
          JOIN label_documents d ON d.label_purchase_id = b.id WHERE s.id = %s
        """,
        (shipment_id,),
    )


@dataclass(frozen=True, slots=True)
class LabelCost:
    """What the labels of an order cost in minor units."""

    order_id: int
    cost_minor: int


def select_costs(tx: ReadTx, *, order_ids: Sequence[int]) -> list[LabelCost]:
    """Orders of which every label has a known price; a shared parcel counts for the order that gave its reference."""
    return tx.all(
        LabelCost,
        """
        SELECT s.order_id, sum(b.cost_minor)::bigint AS cost_minor
          FROM shipments s JOIN parcels p ON p.id = s.parcel_id AND p.direction = 'outbound'
          JOIN label_purchases b ON b.parcel_id = p.id AND b.state <> 'voided' AND b.reference = s.reference
         WHERE s.order_id = ANY(%s)
         GROUP BY s.order_id HAVING bool_and(b.state = 'purchased' AND b.cost_minor > 0)
        """,
        (list(order_ids),),
    )
