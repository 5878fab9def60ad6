"""Render customer e-mails: one text and one HTML template each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from doorstep.kernel import i18n

_templates = Environment(
    loader=PackageLoader("doorstep.flows.notify.mails", "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # templates are compiled once: they are part of the program
)
_templates.globals.update(_=i18n.translate, language=i18n.language)


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A rendered message."""

    subject: str
    text: str
    html: str


def render(template: str, values: Mapping[str, object]) -> RenderedMail:
    """Subject (first line of the text), text and HTML; a missing value raises."""
    subject, _newline, text = _templates.get_template(f"{template}.txt").render(values).partition("\n")
    html = _templates.get_template(f"{template}.html").render({**values, "subject": subject})
    return RenderedMail(subject.strip(), text.strip() + "\n", html)
