"""An accounting system in memory. A real client sends the same calls through its http.Session."""

from __future__ import annotations

from doorstep.adapters.erp.sandbox import wire
from doorstep.domain.invoicing import model as invoicing
from doorstep.kernel import http
from doorstep.kernel.http import fake_partner


class Client:
    """Documents and their numbers, by our reference."""

    def __init__(self, session: http.Session) -> None:
        self.partner = fake_partner.Partner(session)
        self.documents: dict[str, invoicing.Document] = {}
        self._numbers: dict[str, str] = {}

    def create(self, document: invoicing.Document) -> str:
        """Number a document; the same reference keeps its number."""

        def work() -> str:
            self.documents.setdefault(document.reference, document)
            return self._numbers.setdefault(document.reference, wire.number(document, len(self.documents)))

        return self.partner.call(work)

    def find(self, reference: str) -> str | None:
        """The number assigned to a reference."""
        return self.partner.call(lambda: self._numbers.get(reference), reads=True)
