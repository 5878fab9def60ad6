"""All texts for users are in the message catalog: templates have no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "doorstep"
TEMPLATES = sorted(
    path
    for path in [
        *SOURCE.glob("delivery/console/*/templates/*.html"),
        *SOURCE.glob("flows/notify/mails/templates/*"),
    ]
    if "gallery" not in path.parts
)
# Names, units and keys are the same in every language.
NAMES = {
    "doorstep",
    "Doorstep",
    "SKU",
    "GTIN",
    "CSV",
    "CEL",
    "PDF",
    "kg",
    "km",
    "cm",
    "min",
    "Ctrl",
    "Enter",
    "Esc",
}
_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_NOT_TEXT = re.compile(r"<(style|script|svg|symbol)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_SPOKEN = re.compile(r'\b(?:title|placeholder|aria-label|alt)="([^"]*)"')
_ATTRIBUTE = re.compile(r'[\w:-]+="[^"]*"|\b(?:data|aria|hx)-[\w-]+')
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_WORD = re.compile(r"(?<![&\w#])[A-Za-z]{2,}(?!\w*;)")


def words(template: str) -> set[str]:
    """Words of a template's text and of attributes that are read out, outside of Jinja's own code."""
    text = _NOT_TEXT.sub(" ", _CODE.sub("0", template))
    spoken = " ".join(_SPOKEN.findall(text))
    shown = _ATTRIBUTE.sub(" ", _TAG.sub(" ", text))
    return set(_WORD.findall(f"{shown} {spoken}")) - NAMES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_word_goes_through_gettext(path: Path) -> None:
    assert words(path.read_text()) == set()


def test_a_bare_word_is_found() -> None:
    assert words('<p title="Hello {{ name }}">{{ _("Order") }} SKU&nbsp;3 <b>late</b></p>') == {
        "Hello",
        "late",
    }
