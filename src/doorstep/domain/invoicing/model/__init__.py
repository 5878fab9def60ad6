"""Invoices, credit notes and the taxes on them."""

from __future__ import annotations

from doorstep.domain.invoicing.model.crediting import Credited, Invoiced, credited
from doorstep.domain.invoicing.model.documents import (
    Buyer,
    Document,
    DocumentLine,
    DocumentState,
    Kind,
    NoTaxAccount,
    PostedDocument,
    Seller,
    TaxableLine,
    TaxLine,
)
from doorstep.domain.invoicing.model.gst import GST_STATES, gst_state, place_of_supply, tax_lines
from doorstep.domain.invoicing.model.policies import TaxPolicy, policy_of

__all__ = [
    "GST_STATES",
    "Buyer",
    "Credited",
    "Document",
    "DocumentLine",
    "DocumentState",
    "Invoiced",
    "Kind",
    "NoTaxAccount",
    "PostedDocument",
    "Seller",
    "TaxLine",
    "TaxPolicy",
    "TaxableLine",
    "credited",
    "gst_state",
    "place_of_supply",
    "policy_of",
    "tax_lines",
]
