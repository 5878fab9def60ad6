"""Implement the sandbox accounting system: invoices and credit notes, numbered in memory."""

from __future__ import annotations

import pydantic

from doorstep.adapters.erp.sandbox import client
from doorstep.domain.connections import model as connections
from doorstep.domain.invoicing import model as invoicing
from doorstep.kernel import http


class Settings(pydantic.BaseModel):
    """One company's accounts in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )


class Sandbox:
    """Satisfies invoicing.ports.AccountingSystem."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self.client = client.Client(session)

    def post(self, document: invoicing.Document) -> invoicing.PostedDocument:
        """Find the document, or create it."""
        return self.find(document) or invoicing.PostedDocument(number=self.client.create(document))

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
    features=frozenset({"invoice", "credit_note"}),
)
