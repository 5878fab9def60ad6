"""Receipts that never take back, references that come back, and who gets which message."""

from __future__ import annotations

import pytest

from doorstep.domain.connections.model import Connector, Kind, Maturity, Medium, Vendor
from doorstep.domain.notifications.model import (
    ReceiptState,
    Terms,
    is_further,
    message_of,
    reference_of,
)
from doorstep.kernel import errors, phone
from doorstep.kernel.ids import MessageId


@pytest.mark.parametrize(
    ("new", "known", "further"),
    [
        ("sent", "", True),
        ("sent", "sent", False),
        ("failed", "sent", True),
        ("failed", "delivered", False),
        ("delivered", "failed", True),
        ("read", "delivered", True),
        ("delivered", "read", False),
        ("sent", "a word of a newer version", True),
    ],
)
def test_a_receipt_counts_only_if_it_says_more(new: str, known: str, further: bool) -> None:
    assert is_further(ReceiptState(new), known) is further


def test_only_a_failure_did_not_arrive() -> None:
    assert [state.value for state in ReceiptState if not state.arrived] == ["failed"]


@pytest.mark.parametrize("reference", ["", "DSMAIL-00000007", "DSMSG-", "DSMSG-7x", "DSMSG-" + "9" * 40])
def test_a_foreign_reference_is_no_message(reference: str) -> None:
    assert message_of(reference) is None


def test_our_reference_comes_back() -> None:
    assert message_of(reference_of(MessageId(7), "whatsapp")) == 7
    assert reference_of(MessageId(7), "email") == "DSMAIL-00000007"


@pytest.mark.parametrize(
    ("terms", "tags", "allowed"),
    [
        (Terms(), (), True),
        (Terms(templates=frozenset({"shipped"})), (), True),
        (Terms(templates=frozenset({"refunded"})), (), False),
        (Terms(consent_tag=" WhatsApp "), ("gift", "whatsapp"), True),
        (Terms(consent_tag="whatsapp"), ("gift",), False),
    ],
)
def test_terms_say_who_gets_a_message(terms: Terms, tags: tuple[str, ...], allowed: bool) -> None:
    assert terms.allow("shipped", tags) is allowed


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("098123 45678", "IN", "+919812345678"),
        ("+91 98123-45678", "DE", "+919812345678"),
        ("030 901820", "de", "+4930901820"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("98123 45678", "", ""),
        ("12", "IN", ""),
        ("call me", "IN", ""),
    ],
)
def test_phone_numbers_are_read_with_their_country(text: str, country: str, number: str) -> None:
    assert phone.e164(text, country) == number


def test_a_number_is_looked_up_as_people_write_it() -> None:
    assert phone.readings("+919812345678") == ["+919812345678", "919812345678", "9812345678", "09812345678"]
    assert phone.readings("+0") == ["+0"]


@pytest.mark.parametrize(("kind", "medium"), [(Kind.MESSENGERS, None), (Kind.ERP, Medium.EMAIL)])
def test_messengers_declare_their_medium_and_only_they(kind: Kind, medium: Medium | None) -> None:
    with pytest.raises(errors.Invalid, match="declare their medium"):
        Connector("acme", kind, "Acme", object, object, Vendor(Maturity.BETA, "Nothing."), medium=medium)
