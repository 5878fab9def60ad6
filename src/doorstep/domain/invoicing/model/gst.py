"""Indian GST: place of supply; CGST and SGST within a state, IGST across states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from doorstep.domain.invoicing.model.documents import Buyer, DocumentLine, Seller, TaxableLine, TaxLine
from doorstep.kernel import errors

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


def tax_lines(
    lines: Sequence[TaxableLine], *, seller_state: str, buyer_state: str
) -> tuple[DocumentLine, ...]:
    """Take the tax out of tax-inclusive amounts. Within a state it is halved into CGST and SGST, else it is IGST.

    Halves are equal by law: an odd unit of tax goes back to the taxable value, so lines still add up to what was paid.
    """
    within = gst_state(seller_state) == gst_state(buyer_state)
    return tuple(_tax_line(line, within=within) for line in lines)


def _tax_line(line: TaxableLine, *, within: bool) -> DocumentLine:
    rate = line.tax_rate_basis_points
    whole_tax = _rounded(line.amount_minor * rate, 10_000 + rate)
    half = TaxLine("", rate * 50, whole_tax // 2)
    taxes = (
        (replace(half, kind="CGST"), replace(half, kind="SGST"))
        if within
        else (TaxLine("IGST", rate * 100, whole_tax),)
    )
    return DocumentLine(
        line_no=line.line_no,
        sku=line.sku,
        title=line.title,
        hsn=line.hsn,
        quantity=line.quantity,
        taxable_minor=line.amount_minor - sum(tax.amount_minor for tax in taxes),
        taxes=taxes if rate else (),
    )


def _rounded(numerator: int, denominator: int) -> int:
    """Whole division, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


class Gst:
    """The tax policy of India."""

    def place_of_supply(self, buyer: Buyer) -> str:
        """Where the buyer receives the goods."""
        return place_of_supply(buyer.state_code)

    def tax(self, lines: Sequence[TaxableLine], *, seller: Seller, buyer: Buyer) -> tuple[DocumentLine, ...]:
        """The lines with their taxes."""
        return tax_lines(lines, seller_state=seller.state_code, buyer_state=buyer.state_code)
