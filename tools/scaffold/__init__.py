"""Templates of new modules and pages, and what fills them in."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

HERE = Path(__file__).resolve().parent
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40


class Unusable(Exception):  # noqa: N818 - shown to a person at the command line
    """The request cannot be carried out; the message says why."""


def check_name(name: str) -> None:
    """Refuse a name that cannot be a Python package."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > _LONGEST:
        raise Unusable(f"{name!r} is not a usable name: lower-case letters, digits and single underscores.")


def names_of(module: str) -> dict[str, str]:
    """What templates call a module and one of its things: `gift_cards` holds a `GiftCard`."""
    plural = module.endswith("s") and not module.endswith("ss")
    thing = module[:-1] if plural else module
    words, one = module.replace("_", " "), thing.replace("_", " ")
    return {
        "name": module,
        "thing": thing,
        "Thing": thing.title().replace("_", ""),
        "words": words if plural else f"{words} records",
        "Words": (words if plural else f"{words} records").capitalize(),
        "one": one if plural else f"{one} record",
        "Title_one": (one if plural else f"{one} record").capitalize(),
        "Title": words.capitalize(),
    }


def filled(template: str, names: dict[str, str]) -> str:
    """The text of a template with the names in their places."""
    return Template((HERE / template).read_text()).substitute(names)


@dataclass(frozen=True, slots=True)
class Insertion:
    """Lines that go into an existing file, right before the place that a pattern finds."""

    path: str
    before: str
    lines: str

    def into(self, text: str) -> str:
        """The new text of the file."""
        found = re.search(self.before, text, re.DOTALL | re.MULTILINE)
        if found is None:
            raise Unusable(
                f"{self.path} has no place that looks like {self.before!r}: add the lines by hand."
            )
        location = found.start(1) if found.groups() else found.start()
        return text[:location] + self.lines + text[location:]


def write(root: Path, *, files: dict[str, str], insertions: list[Insertion]) -> list[Path]:
    """Write everything or, if a file exists or an insertion has no place, nothing; returns what was written."""
    for path in files:
        if (root / path).exists():
            raise Unusable(f"{path} exists: choose another name or remove it.")
    texts = dict(files)
    for each in insertions:
        texts[each.path] = each.into(texts.get(each.path) or (root / each.path).read_text())
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return [root / path for path in texts]
