"""Phone numbers as networks dial them (E.164), read with the country in which they were written."""

from __future__ import annotations

import phonenumbers


def e164(text: str, country: str = "") -> str:
    """The number with its country code, such as +919812345678; empty if it is not a possible number.

    A number that the country's plan does not know yet is taken if its length is right: plans change faster than tables.
    """
    try:
        number = phonenumbers.parse(text, country.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def readings(number: str) -> list[str]:
    """The ways in which people write a number in E.164 without spaces: to look it up among addresses as they came."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return [number]
    national = phonenumbers.national_significant_number(parsed)
    return [number, number.removeprefix("+"), national, f"0{national}"]
