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
        self.has_accounts = True  # for every tax; else only for those that are mapped
        self.finishes_later = False  # documents are posted when somebody switches this off
        self.submissions: dict[str, invoicing.Document] = {}
        self._numbers: dict[str, str] = {}

    def create(self, document: invoicing.Document) -> str:
        """Number a document; the same reference keeps its number."""

        def work() -> str:
            kinds = {tax.kind for line in document.lines for tax in line.taxes}
            if not self.has_accounts and (missing := kinds - document.tax_accounts.keys()):
                raise invoicing.NoTaxAccount(sorted(missing))
            self.documents.setdefault(document.reference, document)
            return self._numbers.setdefault(document.reference, wire.number(document, len(self.documents)))

        return self.partner.call(work)

    def submit(self, document: invoicing.Document) -> str:
        """Submit a document that is posted later; the same reference gives the same submission."""

        def work() -> str:
            self.submissions[document.reference] = document
            return document.reference

        return self.partner.call(work)

    def finished(self, reference: str) -> bool:
        """Whether a submitted document has been posted."""
        if self.finishes_later:
            return self.partner.call(lambda: False, reads=True)
        return bool(self.create(self.submissions[reference]))

    def find(self, reference: str) -> str | None:
        """The number assigned to a reference."""
        return self.partner.call(lambda: self._numbers.get(reference), reads=True)
