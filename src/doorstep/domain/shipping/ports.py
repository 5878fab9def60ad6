"""The carrier port."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.shipping.model import Label, LabelRequest, TrackingSnapshot
from doorstep.kernel.results import Pending


class Carrier(Protocol):
    """A carrier or carrier aggregator.

    Raises kernel errors: Unavailable (`maybe_done` says whether the label may exist), Rejected (a person must act).
    A carrier that makes labels later answers Pending and satisfies results.Followed, too; `find_label` has it then.
    """

    def buy_label(self, request: LabelRequest) -> Label | Pending:
        """Buy one label (or book one return pickup, by request.direction), with request.reference as idempotency key."""
        ...

    def find_label(self, request: LabelRequest) -> Label | None:
        """The label bought earlier under request.reference, if any; asked before any repeat."""
        ...

    def void_label(self, label: Label) -> None:
        """Void an unused label; changes nothing if it is void already."""
        ...

    def track(self, *, tracking_number: str, external_id: str) -> TrackingSnapshot:
        """All scans of a parcel, read from the carrier; hooks without a signature are only a hint to call this."""
        ...
