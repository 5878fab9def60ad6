"""Implement the sandbox accounting system: invoices and credit notes, numbered in memory."""

from __future__ import annotations

from datetime import timedelta

import pydantic

from doorstep.adapters.erp.sandbox import client
from doorstep.domain.connections import model as connections
from doorstep.domain.invoicing import model as invoicing
from doorstep.kernel import http
from doorstep.kernel.results import Done, Failed, Pending

_CHECK_AFTER = timedelta(minutes=1)


class Settings(pydantic.BaseModel):
    """One company's accounts in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )


class Sandbox:
    """Satisfies invoicing.ports.AccountingSystem and results.Followed."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self.client = client.Client(session)

    def post(self, document: invoicing.Document) -> invoicing.PostedDocument | Pending:
        """Find the document, or create it."""
        if self.client.finishes_later:
            return Pending(self.client.submit(document), _CHECK_AFTER)
        return self.find(document) or invoicing.PostedDocument(number=self.client.create(document))

    def check(self, handle: str) -> Done | Failed | Pending:
        """Whether a document has been posted."""
        return Done(handle) if self.client.finished(handle) else Pending(handle, _CHECK_AFTER)

    def find(self, document: invoicing.Document) -> invoicing.PostedDocument | None:
        """Find the document posted earlier under the reference."""
        number = self.client.find(document.reference)
        return None if number is None else invoicing.PostedDocument(number=number)


CONNECTOR = connections.Connector(
    id="sandbox",
    kind=connections.Kind.ERP,
    label="Sandbox accounting",
    settings=Settings,
    connect=Sandbox,
    vendor=connections.Vendor(connections.Maturity.REFERENCE, "In memory."),
    features=frozenset({"invoice", "credit_note"}),
)
