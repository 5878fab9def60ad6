"""Events of tax documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import InvoiceId, OrderId


@dataclass(frozen=True, slots=True)
class Requested:
    """A shipment shipped or a return was refunded: a document is due."""

    type: ClassVar[str] = "invoice.requested"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    invoice_id: InvoiceId
    kind: str


@dataclass(frozen=True, slots=True)
class Issued:
    """The ERP issued the document with its number."""

    type: ClassVar[str] = "invoice.issued"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    invoice_id: InvoiceId
    kind: str
    number: str
