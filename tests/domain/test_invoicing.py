"""Indian GST: the document's total is what was paid, however it is rounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.invoicing import model
from doorstep.domain.invoicing.model import Document, DocumentLine, TaxableLine
from doorstep.kernel import errors

STATES = st.sampled_from(sorted(model.GST_STATES))


def line(amount_minor: int, rate: int = 500) -> TaxableLine:
    return TaxableLine(1, "GT-WH-02", "White Graphic T-shirt", "6109", 1, amount_minor, rate)


def of(taxed: DocumentLine, kind: str) -> int:
    return sum(tax.amount_minor for tax in taxed.taxes if tax.kind == kind)


def split(taxed: DocumentLine) -> tuple[int, int, int, int]:
    return taxed.taxable_minor, of(taxed, "CGST"), of(taxed, "SGST"), of(taxed, "IGST")


def test_within_a_state_the_tax_is_halved() -> None:
    (taxed,) = model.tax_lines([line(159_800)], seller_state="DL", buyer_state="DL")
    assert split(taxed) == (152_190, 3_805, 3_805, 0)


def test_across_states_it_is_one_tax() -> None:
    (taxed,) = model.tax_lines([line(299_900, 1800)], seller_state="MH", buyer_state="DL")
    assert split(taxed) == (254_153, 0, 0, 45_747)


def test_a_rounding_difference_of_tax_stays_in_the_taxable_value() -> None:
    assert split(model.tax_lines([line(21)], seller_state="KA", buyer_state="KA")[0]) == (21, 0, 0, 0)
    assert split(model.tax_lines([line(21)], seller_state="KA", buyer_state="TN")[0]) == (20, 0, 0, 1)


@given(amount=st.integers(0, 10**12), rate=st.integers(0, 4000), seller=STATES, buyer=STATES)
def test_lines_add_up_to_what_was_paid_and_halves_are_equal(
    amount: int, rate: int, seller: str, buyer: str
) -> None:
    (taxed,) = model.tax_lines([line(amount, rate)], seller_state=seller, buyer_state=buyer)
    assert taxed.total_minor == amount
    assert of(taxed, "CGST") == of(taxed, "SGST")
    assert sum(tax.rate_ppm for tax in taxed.taxes) == rate * 100
    assert min(split(taxed)) >= 0
    assert (of(taxed, "IGST") == 0) or (of(taxed, "CGST") == 0 and seller != buyer)


@given(amount=st.integers(0, 10**12), rate=st.integers(0, 4000))
def test_the_tax_is_the_rate_of_the_goods_to_the_nearest_unit(amount: int, rate: int) -> None:
    (taxed,) = model.tax_lines([line(amount, rate)], seller_state="MH", buyer_state="DL")
    exact_twice_ten_thousand = 2 * amount * rate
    assert abs(2 * of(taxed, "IGST") * (10_000 + rate) - exact_twice_ten_thousand) <= 10_000 + rate


def test_a_documents_total_is_that_of_its_lines(document: Document) -> None:
    assert document.total_minor == 3_000


@pytest.fixture
def document() -> Document:
    lines = model.tax_lines([line(1_000), line(2_000, 1800)], seller_state="DL", buyer_state="MH")
    nobody = model.Buyer(*[""] * 9)
    return Document(
        invoice_id=1,  # type: ignore[arg-type]  # the number is all that counts here
        kind=model.Kind.INVOICE,
        reference="DSINV-1",
        order_number="#1",
        issued_date=None,  # type: ignore[arg-type]  # not looked at
        currency="INR",
        seller=model.Seller("", "", "DL", "", "IN"),
        buyer=nobody,
        place_of_supply="27-Maharashtra",
        lines=lines,
    )


@pytest.mark.parametrize(
    ("code", "written"),
    [("DL", "07-Delhi"), ("TG", "36-Telangana"), ("UT", "05-Uttarakhand"), ("OD", "21-Odisha")],
)
def test_the_place_of_supply_as_the_tax_office_writes_it(code: str, written: str) -> None:
    assert model.place_of_supply(code) == written


def test_an_unknown_state_shows_the_format_of_codes() -> None:
    with pytest.raises(
        errors.Invalid, match=r"'Delhi' is not the code of an Indian state \(use DL, MH, KA …\)"
    ):
        model.place_of_supply("Delhi")


def test_gst_numbers_of_states_are_unique() -> None:
    numbers = [number for number, _name in model.GST_STATES.values()]
    assert sorted(numbers) == sorted(set(numbers))


def test_a_country_without_a_tax_policy_is_named() -> None:
    with pytest.raises(errors.Refused, match="There is no tax policy for DE"):
        model.policy_of("DE")
    assert model.policy_of("IN").place_of_supply(model.Buyer(*[""] * 6, "DL", "", "IN")) == "07-Delhi"
