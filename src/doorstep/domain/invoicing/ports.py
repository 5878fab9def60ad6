"""The accounting port."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.invoicing.model import Document, PostedDocument


class AccountingSystem(Protocol):
    """An ERP that posts and numbers documents. Raises kernel errors."""

    def post(self, document: Document) -> PostedDocument:
        """Create and submit the document once; look document.reference up before creating anything."""
        ...

    def find(self, document: Document) -> PostedDocument | None:
        """The document posted earlier under document.reference, if any."""
        ...
