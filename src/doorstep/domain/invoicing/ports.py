"""What invoicing needs from the outside: an accounting system."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.invoicing.model import Document, PostedDocument


class AccountingSystem(Protocol):
    """An ERP that keeps the books and numbers the documents. Raises kernel errors."""

    def post(self, document: Document) -> PostedDocument:
        """Create and submit the document once; document.reference is looked up before anything is created."""
        ...

    def find(self, document: Document) -> PostedDocument | None:
        """The document posted earlier under document.reference, if there is one."""
        ...
