"""Messages in the language of the process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from markupsafe import Markup

from doorstep.kernel import i18n


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small German catalog, in use."""
    catalog = Catalog(locale="de", fuzzy=False)
    catalog.add("Order", "Auftrag")
    catalog.add("Order %(number)s", "Auftrag %(number)s")
    catalog.add(("{n} order", "{n} orders"), ("{n} Auftrag", "{n} Aufträge"))
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "doorstep.mo").open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    i18n.use("de")
    yield
    i18n.use(i18n.ENGLISH)


@pytest.mark.usefixtures("german")
def test_messages_are_in_the_language_of_the_process() -> None:
    assert (i18n.language(), i18n.gettext("Order")) == ("de", "Auftrag")
    assert i18n.translate("Order %(number)s", number="7") == "Auftrag 7"
    assert (i18n.counted(1, "{n} order", "{n} orders"), i18n.counted(2, "{n} order", "{n} orders")) == (
        "1 Auftrag",
        "2 Aufträge",
    )


@pytest.mark.usefixtures("german")
def test_what_is_not_translated_stays_english() -> None:
    assert i18n.gettext("Returns") == "Returns"


def test_without_a_catalog_everything_is_english() -> None:
    i18n.use("xx")
    assert (i18n.language(), i18n.gettext("Order"), i18n.gettext("")) == ("en", "Order", "")


def test_numbers_are_grouped_and_agree_with_their_noun() -> None:
    assert i18n.counted(1, "{n} order", "{n} orders") == "1 order"
    assert i18n.counted(1284, *i18n.plural("{n} order", "{n} orders")) == "1,284 orders"


def test_markup_in_a_message_stays_markup_and_text_beside_it_is_escaped() -> None:
    said = i18n.translate("%(who)s & %(when)s", who="<b>", when=Markup("<time>now</time>"))
    assert said == "&lt;b&gt; &amp; <time>now</time>"
    assert i18n.translate("%(who)s", who="<b>") == "<b>"  # a template escapes it
