"""What shipping needs from the outside: carriers."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.shipping.model import Label, LabelRequest, TrackingSnapshot


class Carrier(Protocol):
    """A carrier or a carrier aggregator.

    Raises kernel errors: Unavailable (its `maybe_done` tells whether the label may exist), Rejected (a person must act).
    """

    def buy_label(self, request: LabelRequest) -> Label:
        """Buy one label (or book one return pickup, by request.direction), with request.reference as idempotency key."""
        ...

    def find_label(self, request: LabelRequest) -> Label | None:
        """The label bought earlier under request.reference, if there is one; asked before any repeat."""
        ...

    def void_label(self, label: Label) -> None:
        """Give an unused label back; harmless when it is void already."""
        ...

    def track(self, *, tracking_number: str, external_id: str) -> TrackingSnapshot:
        """All scans of a parcel, read from the carrier; hooks without signature are only a hint to call this."""
        ...
