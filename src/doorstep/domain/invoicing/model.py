"""Indian GST on a shipment or a return: place of supply, CGST + SGST within a state, IGST across states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import InvoiceId

# GST state codes by ISO 3166-2:IN code (the CBIC's list); the place of supply is written "07-Delhi".
GST_STATES = {
    "JK": ("01", "Jammu and Kashmir"), "HP": ("02", "Himachal Pradesh"), "PB": ("03", "Punjab"),
    "CH": ("04", "Chandigarh"), "UK": ("05", "Uttarakhand"), "HR": ("06", "Haryana"), "DL": ("07", "Delhi"),
    "RJ": ("08", "Rajasthan"), "UP": ("09", "Uttar Pradesh"), "BR": ("10", "Bihar"), "SK": ("11", "Sikkim"),
    "AR": ("12", "Arunachal Pradesh"), "NL": ("13", "Nagaland"), "MN": ("14", "Manipur"), "MZ": ("15", "Mizoram"),
    "TR": ("16", "Tripura"), "ML": ("17", "Meghalaya"), "AS": ("18", "Assam"), "WB": ("19", "West Bengal"),
    "JH": ("20", "Jharkhand"), "OR": ("21", "Odisha"), "CG": ("22", "Chhattisgarh"), "MP": ("23", "Madhya Pradesh"),
    "GJ": ("24", "Gujarat"), "DH": ("26", "Dadra and Nagar Haveli and Daman and Diu"), "MH": ("27", "Maharashtra"),
    "KA": ("29", "Karnataka"), "GA": ("30", "Goa"), "LD": ("31", "Lakshadweep Islands"), "KL": ("32", "Kerala"),
    "TN": ("33", "Tamil Nadu"), "PY": ("34", "Puducherry"), "AN": ("35", "Andaman and Nicobar Islands"),
    "TS": ("36", "Telangana"), "AP": ("37", "Andhra Pradesh"), "LA": ("38", "Ladakh"),
}  # fmt: skip
_ISO_ALIASES = {"UT": "UK", "OD": "OR", "CT": "CG", "TG": "TS", "DN": "DH", "DD": "DH"}


class Kind(StrEnum):
    """An invoice belongs to a shipment, a credit note to a return."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class DocumentState(StrEnum):
    """A document is an intent until the accounting system gave it a number."""

    REQUESTED = "requested"
    ISSUED = "issued"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """Pieces that left or came back; `amount_minor` is what the customer paid for them, tax included."""

    line_no: int
    sku: str
    title: str
    hsn: str
    quantity: int
    amount_minor: int
    gst_rate_basis_points: int


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line of a document; amounts in minor units, rate in basis points (1200 = 12 %)."""

    line_no: int
    sku: str
    title: str
    hsn: str
    quantity: int
    gst_rate_basis_points: int
    taxable_minor: int
    cgst_minor: int
    sgst_minor: int
    igst_minor: int

    @property
    def total_minor(self) -> int:
        return self.taxable_minor + self.cgst_minor + self.sgst_minor + self.igst_minor


@dataclass(frozen=True, slots=True)
class Seller:
    """Who invoices: the legal entity's registration in the state of the location the goods left from."""

    company: str
    gstin: str
    state_code: str
    address: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is invoiced; a consumer has no GSTIN."""

    name: str
    email: str
    phone: str
    line1: str
    line2: str
    city: str
    state_code: str
    postal_code: str
    country: str
    gstin: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note as it goes to the accounting system. `reference` is ours and unique for ever."""

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

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class PostedDocument:
    """The number the accounting system gave."""

    number: str


def gst_state(state_code: str) -> tuple[str, str]:
    """GST number and name of an Indian state by its ISO code (several spellings); raises Invalid."""
    code = _ISO_ALIASES.get(state_code, state_code)
    if code not in GST_STATES:
        raise errors.Invalid(
            f"{state_code!r} is not the code of an Indian state (use DL, MH, KA …).", field="state_code"
        )
    return GST_STATES[code]


def place_of_supply(state_code: str) -> str:
    """Goods are supplied where the buyer receives them; written as the tax office does: 07-Delhi."""
    return "-".join(gst_state(state_code))


def tax(lines: Sequence[TaxableLine], *, seller_state: str, buyer_state: str) -> tuple[DocumentLine, ...]:
    """Take the tax out of tax-inclusive amounts. Within a state it is halved into CGST and SGST, else it is IGST.

    Halves are equal by law: an odd unit of tax goes back to the taxable value, so lines still add up to what was paid.
    """
    within = gst_state(seller_state) == gst_state(buyer_state)
    return tuple(_tax_line(line, within=within) for line in lines)


def _tax_line(line: TaxableLine, *, within: bool) -> DocumentLine:
    rate = line.gst_rate_basis_points
    whole_tax = _rounded(line.amount_minor * rate, 10_000 + rate)
    half = whole_tax // 2
    cgst, igst = (half, 0) if within else (0, whole_tax)
    return DocumentLine(
        line_no=line.line_no,
        sku=line.sku,
        title=line.title,
        hsn=line.hsn,
        quantity=line.quantity,
        gst_rate_basis_points=rate,
        taxable_minor=line.amount_minor - 2 * cgst - igst,
        cgst_minor=cgst,
        sgst_minor=cgst,
        igst_minor=igst,
    )


def _rounded(numerator: int, denominator: int) -> int:
    """Whole division, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)
