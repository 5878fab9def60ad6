"""A carrier in memory. A real client sends the same calls through its http.Session."""

from __future__ import annotations

from doorstep.adapters.carriers.sandbox import wire
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors, http
from doorstep.kernel.http import fake_partner


class Client:
    """Labels by reference, voided ones apart, and the scans of each parcel."""

    def __init__(self, session: http.Session) -> None:
        self.partner = fake_partner.Partner(session)
        self.labels: dict[str, shipping.Label] = {}
        self.voided: set[str] = set()
        self.finishes_later = False  # labels are made when somebody switches this off
        self.submissions: dict[str, shipping.LabelRequest] = {}
        self.scans: dict[str, tuple[shipping.Scan, ...]] = {}

    def buy(self, request: shipping.LabelRequest) -> shipping.Label:
        """Buy a label, or return the one bought under this reference."""

        def work() -> shipping.Label:
            label = self.labels.setdefault(request.reference, wire.label(request))
            self.scans.setdefault(label.tracking_number, ())
            return label

        return self.partner.call(work)

    def submit(self, request: shipping.LabelRequest) -> str:
        """Order a label that is made later; the same reference gives the same submission."""

        def work() -> str:
            self.submissions[f"label-{request.reference}"] = request
            return f"label-{request.reference}"

        return self.partner.call(work)

    def finished(self, handle: str) -> bool:
        """Whether the label of a submission has been made."""
        if self.finishes_later:
            return self.partner.call(lambda: False, reads=True)
        return bool(self.buy(self.submissions[handle]))

    def find(self, reference: str) -> shipping.Label | None:
        """The label bought under a reference."""
        return self.partner.call(lambda: self.labels.get(reference), reads=True)

    def void(self, external_id: str) -> None:
        """Void a label. Repeating it changes nothing."""
        self.partner.call(lambda: self.voided.add(external_id))

    def track(self, tracking_number: str) -> tuple[shipping.Scan, ...]:
        """All scans of a parcel."""

        def work() -> tuple[shipping.Scan, ...]:
            if tracking_number not in self.scans:
                raise errors.NotFound("The carrier does not know this parcel.")
            return self.scans[tracking_number]

        return self.partner.call(work, reads=True)
