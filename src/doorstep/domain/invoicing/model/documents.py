"""Invoices and credit notes: who sells what to whom, with the taxes on each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import InvoiceId


class Kind(StrEnum):
    """An invoice belongs to a shipment, a credit note to a return."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class DocumentState(StrEnum):
    """A document is an intent until the ERP gave it a number."""

    REQUESTED = "requested"
    ISSUED = "issued"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """Units that left or came back; `amount_minor` is what the customer paid for them, tax included.

    `hsn` is the commodity code of the Harmonized System; the rate is in basis points (1200 = 12 %).
    """

    line_no: int
    sku: str
    title: str
    hsn: str
    quantity: int
    amount_minor: int
    tax_rate_basis_points: int


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax on a line of a document: its kind as the tax office calls it (CGST, IGST, VAT), rate and amount.

    The rate is in parts per million, because halves of a GST rate and US rates need it: 8.875 % = 88,750.
    """

    kind: str
    rate_ppm: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line of a document with its taxes; amounts in minor units."""

    line_no: int
    sku: str
    title: str
    hsn: str
    quantity: int
    taxable_minor: int
    taxes: tuple[TaxLine, ...] = ()

    @property
    def tax_minor(self) -> int:
        return sum(tax.amount_minor for tax in self.taxes)

    @property
    def total_minor(self) -> int:
        return self.taxable_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Seller:
    """Who invoices: the legal entity, registered where the location is that the goods left from."""

    company: str
    tax_number: str
    state_code: str
    address: str
    country: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is invoiced; a consumer has no tax number."""

    name: str
    email: str
    phone: str
    line1: str
    line2: str
    city: str
    state_code: str
    postal_code: str
    country: str
    tax_number: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note as it is posted to the ERP. `reference` is ours and unique.

    `tax_accounts` names the ERP's accounts of taxes, where a person mapped them.
    """

    invoice_id: InvoiceId
    kind: Kind
    reference: str
    order_number: str
    issued_date: date
    currency: str
    seller: Seller
    buyer: Buyer
    place_of_supply: str
    lines: tuple[DocumentLine, ...]
    against_number: str = ""
    against_reference: str = ""
    tax_accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.tax_minor for line in self.lines)


class NoTaxAccount(errors.Refused):
    """The ERP connection knows no account for these taxes: they are to be mapped."""

    def __init__(self, taxes: Sequence[str]) -> None:
        self.taxes = tuple(taxes)
        super().__init__(
            f"No account is mapped for {', '.join(taxes)}: map it on the ERP connection under Names."
        )


@dataclass(frozen=True, slots=True)
class PostedDocument:
    """The number that the ERP gave."""

    number: str
