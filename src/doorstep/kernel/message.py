"""Store a sentence so that it can be translated when it is shown: its English template and the values of the placeholders.

A message is JSON of one of two shapes: a text, or a list of the template and its values in the sequence of the placeholders. So a
row of an older version, whose column had the finished English sentence, is a message without values, and so is a person's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, reduce

from doorstep.kernel import localized
from doorstep.kernel.i18n import SHOWN, SOURCE, Language, mark, number
from doorstep.kernel.money import Money

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Counted:
    """A number with its noun, in both forms that `i18n.plural` marks; {n} stands for the number."""

    number: int
    forms: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """Several values, such as "A, B" or "A or B"; `by` is a key of the joining words."""

    each: tuple[Value, ...]
    by: str = "comma"


class Message:
    """A sentence: an English template for the catalog, such as "%(place)s does not ship", and the values by placeholder.

    Without values the text is shown as it is, so a percent sign in it stands for itself. A value that is a message is translated
    too. A class of its own, not a struct: whatever text an older version stored becomes one when it is read.
    """

    __slots__ = ("text", "values")

    def __init__(self, text: str, /, **values: Value) -> None:
        self.text = text
        self.values = values

    def __str__(self) -> str:
        """The sentence in the chosen language."""
        return _shown(self, SHOWN)

    def english(self) -> str:
        """The sentence in English, for other programs and for logs."""
        return _shown(self, SOURCE)

    def __bool__(self) -> bool:
        return bool(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.text, self.values) == (other.text, other.values)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Message({self.english()!r})"


Value = str | int | float | Money | Message | Counted | Listed


def written(text: str) -> Message:
    """What a person wrote: shown as it is, in every language."""
    return Message(_WRITTEN, text=text)


def english(message: Message | None) -> str:
    """A message in English, if there is one."""
    return message.english() if message is not None else ""


_WRITTEN = "%(text)s"
_NO_TEXT = ""
NOTHING = Message(_NO_TEXT)
_JOINED = {
    "comma": mark("%(first)s, %(next)s"),
    "and": mark("%(first)s and %(next)s"),
    "or": mark("%(first)s or %(next)s"),
    "then": mark("%(first)s, then %(next)s"),
    "semicolon": mark("%(first)s; %(next)s"),
    "sentences": mark("%(first)s %(next)s"),
}


def _shown(message: Message, language: Language) -> str:
    text = language.gettext(message.text) if message.text else ""
    if not message.values:
        return text
    return text % {name: _value(each, language) for name, each in message.values.items()}


def _value(value: Value, language: Language) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Message):
        return _shown(value, language)
    if isinstance(value, Counted):
        return language.ngettext(*value.forms, value.number).format(n=_number(value.number, language))
    if isinstance(value, Listed):
        template = language.gettext(_JOINED[value.by])
        shown = [_value(each, language) for each in value.each]
        return reduce(lambda first, following: template % {"first": first, "next": following}, shown)
    if isinstance(value, Money):
        return localized.money(value) if language is SHOWN else str(value)
    return _number(value, language)


def _number(value: float, language: Language) -> str:
    if language is SHOWN:
        return number(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def stored(value: object) -> object:
    """A message as JSON has it; a hook of the encoder, which knows all other types but writes the rest as text."""
    if not isinstance(value, Message):
        return str(value)
    return _listed(value) if value.values else value.text


def read(target: type, raw: object) -> object:
    """A message of its JSON; a hook of the decoder, which asks it about every type that is not its own."""
    if target is not Message:
        if isinstance(raw, target):
            return raw
        raise NotImplementedError(target)
    return Message(raw) if isinstance(raw, str) else _nested(raw)


def _listed(message: Message) -> list[object]:
    values = message.values
    return [message.text, *[_plain(values[name]) for name in _names(message.text)]]


@lru_cache(maxsize=4096)
def _names(template: str) -> tuple[str, ...]:
    """The placeholders of a template, each once."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(template)))


def _plain(value: Value) -> object:
    if isinstance(value, Message):
        return _listed(value)
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, Counted):
        return {"count": value.number, "of": value.forms}
    if isinstance(value, Listed):
        return {"each": [_plain(each) for each in value.each], "by": value.by}
    return value


def _nested(raw: object) -> Message:
    if not isinstance(raw, list) or not raw or not isinstance(raw[0], str):
        raise ValueError(f"{raw!r} is not a message")
    names = _names(raw[0])
    return Message(raw[0], **dict(zip(names, map(_of_plain, raw[1:]), strict=True)))


def _of_plain(raw: object) -> Value:
    if isinstance(raw, list):
        return _nested(raw)
    if not isinstance(raw, dict):
        return raw  # type: ignore[return-value]  # a text or a number
    if "currency" in raw:
        return Money(raw["minor"], raw["currency"])
    if "of" in raw:
        return Counted(raw["count"], (raw["of"][0], raw["of"][1]))
    return Listed(tuple(map(_of_plain, raw["each"])), raw["by"])
