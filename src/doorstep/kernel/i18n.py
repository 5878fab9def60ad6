"""Translate the words of screens and mails: gettext catalogs in doorstep/locale, English as the source."""

from __future__ import annotations

import gettext as catalogs
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from babel import Locale, UnknownLocaleError, numbers
from markupsafe import escape

LOCALES = Path(__file__).parents[1] / "locale"
ENGLISH = "en"
_chosen: catalogs.NullTranslations = catalogs.NullTranslations()


def use(language: str) -> None:
    """Choose the language of this process; a language without a catalog shows English."""
    global _chosen  # noqa: PLW0603 - chosen once, when the application opens
    _chosen = catalogs.translation("doorstep", LOCALES, languages=[language], fallback=True)


def language() -> str:
    """The language of what is shown, as in HTML's lang."""
    return _chosen.info().get("language", ENGLISH).replace("_", "-")


def gettext(message: str) -> str:
    """A message in the chosen language."""
    return _chosen.gettext(message) if message else ""


def ngettext(singular: str, plural: str, number: int) -> str:
    """The singular or plural form of a message, by the rules of the chosen language."""
    return _chosen.ngettext(singular, plural, number)


@lru_cache
def locale_of(tag: str) -> Locale:
    """What CLDR knows of a language; of one that it does not know that of English."""
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(ENGLISH)


def number(value: float, places: int | None = None) -> str:
    """1,284; 2.5; with `places` always that many decimals."""
    tag = language()
    if tag != ENGLISH:
        return _number(value, places, tag)
    if places is not None:
        return f"{value:,.{places}f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


@lru_cache(maxsize=4096)
def _number(value: float, places: int | None, tag: str) -> str:
    """A page has the same numbers many times."""
    pattern = None if places is None else "#,##0" + ("." + "0" * places if places else "")
    return numbers.format_decimal(value, format=pattern, locale=locale_of(tag))


def mark(message: str) -> str:
    """Mark a message of a constant for translation; whoever shows it translates it."""
    return message


def plural(singular: str, plural: str) -> tuple[str, str]:
    """Mark both forms of a noun for translation, such as "{n} order" and "{n} orders"; `counted` shows them."""
    return singular, plural


def counted(count: int, singular: str, plural: str) -> str:
    """A number with its noun, such as "3 orders"; {n} stands for the number."""
    return ngettext(singular, plural, count).format(n=number(count))


def translate(message: str, **values: object) -> str:
    """A message of a template, such as _("Order %(number)s"); values that are markup stay markup, others are escaped."""
    text = gettext(message)
    if not values:
        return text
    if any(hasattr(value, "__html__") for value in values.values()):
        return escape(text) % values
    return text % values


class Language(Protocol):
    """What translates: the chosen language, or the source as it is."""

    def gettext(self, message: str) -> str:
        """A message."""
        ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The singular or plural form of a message."""
        ...


class _Shown:
    """The language that `use` chose last."""

    def gettext(self, message: str) -> str:
        return gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return ngettext(msgid1, msgid2, n)


SHOWN: Language = _Shown()
SOURCE: Language = catalogs.NullTranslations()
