"""The accounting port."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.invoicing.model import Document, PostedDocument
from doorstep.kernel.results import Pending


class AccountingSystem(Protocol):
    """An ERP that posts and numbers documents. Raises kernel errors.

    One that posts later answers Pending and satisfies results.Followed, too; `find` has the document then.
    """

    def post(self, document: Document) -> PostedDocument | Pending:
        """Create and submit the document once; look document.reference up before creating anything."""
        ...

    def find(self, document: Document) -> PostedDocument | None:
        """The document posted earlier under document.reference, if any."""
        ...
