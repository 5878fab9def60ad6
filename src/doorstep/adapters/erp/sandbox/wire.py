"""Number the sandbox's documents: a letter for the kind and a count."""

from __future__ import annotations

from doorstep.domain.invoicing import model as invoicing

_LETTERS = {invoicing.Kind.INVOICE: "INV", invoicing.Kind.CREDIT_NOTE: "CN"}


def number(document: invoicing.Document, count: int) -> str:
    """The number of the count-th document."""
    return f"{_LETTERS[document.kind]}-{count:05d}"
