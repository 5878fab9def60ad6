"""Stored sentences: a template and its values, of old rows a text."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from doorstep.kernel import i18n, message
from doorstep.kernel.message import NOTHING, Counted, Listed, Message, written
from doorstep.kernel.money import Money

PARCELS = i18n.plural("{n} parcel", "{n} parcels")
SENTENCES = [
    (Message("does not ship"), '"does not ship"', "does not ship"),
    (NOTHING, '""', ""),
    (written("Call %s %(first)s"), '["%(text)s","Call %s %(first)s"]', "Call %s %(first)s"),
    (
        Message("%(b)s of %(a)s, %(b)s", a=1_200, b=2.5),
        '["%(b)s of %(a)s, %(b)s",2.5,1200]',
        "2.5 of 1,200, 2.5",
    ),
    (
        Message("lacks %(fields)s", fields=Listed((Message("street"), "city"), "or")),
        '["lacks %(fields)s",{"each":[["street"],"city"],"by":"or"}]',
        "lacks street or city",
    ),
    (
        Message("%(total)s in %(parcels)s", total=Money(129_950, "INR"), parcels=Counted(1_200, PARCELS)),
        '["%(total)s in %(parcels)s",{"minor":129950,"currency":"INR"},{"count":1200,"of":["{n} parcel","{n} parcels"]}]',
        "₹1,299.50 in 1,200 parcels",
    ),
]


@pytest.mark.parametrize(("given", "stored", "shown"), SENTENCES)
def test_a_message_is_stored_as_template_and_values_and_read_again(
    given: Message, stored: str, shown: str
) -> None:
    assert msgspec.json.encode(given, enc_hook=message.stored).decode() == stored
    found = msgspec.json.decode(stored, type=Message, dec_hook=message.read)
    assert (found, hash(found), bool(found)) == (given, hash(given), bool(shown))
    english = shown.replace("₹", "INR ")  # programs and logs read a currency's code, people its sign
    assert (str(found), found.english(), repr(found)) == (shown, english, f"Message({english!r})")


def test_the_text_of_an_old_row_is_shown_as_it_is() -> None:
    old = "We are 100 % sure: %(street)s %d."
    assert str(msgspec.convert(old, Message, dec_hook=message.read)) == old


@pytest.mark.parametrize("wrong", [[], [1], {"text": "no"}, ["%(a)s"], 7])
def test_what_is_no_message_is_an_error(wrong: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Message, dec_hook=message.read)


def test_a_message_equals_only_messages() -> None:
    assert (Message("a") == "a", Message("a") == Message("b"), Message("a") == Message("a")) == (
        False,
        False,
        True,
    )


def test_other_types_keep_their_hooks() -> None:
    assert message.stored(1 + 2j) == "(1+2j)"
    assert message.read(object, "text") == "text"
    with pytest.raises(NotImplementedError):
        message.read(complex, "text")


def test_a_message_is_shown_in_the_chosen_language(speak: Callable[[dict[str, str]], None]) -> None:
    speak(
        {
            "lacks %(fields)s": "ohne %(fields)s",
            "street": "Straße",
            "%(first)s or %(next)s": "%(first)s oder %(next)s",
        }
    )
    said = Message("lacks %(fields)s", fields=Listed((Message("street"), "city"), "or"))
    assert (str(said), said.english()) == ("ohne Straße oder city", "lacks street or city")
