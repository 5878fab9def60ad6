"""Write the message catalog (src/doorstep/locale/doorstep.pot) from console, mails and stored sentences. `--check` only compares."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import jinja2
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po
from jinja2 import nodes

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "doorstep"
TARGET = SOURCE / "locale" / "doorstep.pot"
PYTHON = (SOURCE / "delivery" / "console", SOURCE / "domain", SOURCE / "flows", SOURCE / "kernel")
KEYWORDS = {
    "_": None,
    "_m": None,
    "mark": None,
    "Message": None,
    "gettext": None,
    "ngettext": (1, 2),
    "counted": (2, 3),
    "plural": (1, 2),
}
# Components that translate what they are given, by the positions of those arguments.
COMPONENTS = {"tag": (0,), "empty": (0, 1)}
HEADER = """\
# Messages of the console, of mails to customers, and of sentences that are stored, such as reasons. Written by `make messages`; do not edit.
# A language is a copy of this file, translated: locale/<language>/LC_MESSAGES/doorstep.po, compiled with
# `pybabel compile -D doorstep -d src/doorstep/locale`.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""

Message = str | tuple[str, str]


def catalog() -> str:
    """The whole file: every message once, with the files that use it."""
    found = Catalog(charset="utf-8")
    for path, message in sorted(_messages(), key=repr):
        found.add(message, locations=[(path.relative_to(SOURCE).as_posix(), 0)])
    text = io.BytesIO()
    write_po(text, found, width=110, omit_header=True, sort_output=True, include_lineno=False)
    return HEADER + text.getvalue().decode().strip() + "\n"


def _messages() -> Iterator[tuple[Path, Message]]:
    for folder in PYTHON:
        for path in sorted(folder.rglob("*.py")):
            yield from ((path, message) for message in _of_python(path))
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt")]):
            if "static" not in path.parts:
                yield from ((path, message) for message in _of_template(path))


def _of_python(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _line, message, _comments, _context in extract("python", file, keywords=KEYWORDS):
            yield tuple(message) if isinstance(message, list | tuple) else message  # type: ignore[misc]  # one or two forms


def _of_template(path: Path) -> Iterator[Message]:
    """Calls of _ and counted, and what components translate themselves."""
    tree = jinja2.Environment(autoescape=True).parse(path.read_text())
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "_":
            yield from _literals(call.args[:1])
        elif isinstance(call.node, nodes.Name) and call.node.name == "counted":
            forms = tuple(each.value for each in call.args[1:3] if isinstance(each, nodes.Const))
            if len(forms) == 2:  # noqa: PLR2004 - one and many; forms that a page hands over are found in its Python
                yield forms
        elif isinstance(call.node, nodes.Getattr) and call.node.attr in COMPONENTS:
            wanted = [call.args[at] for at in COMPONENTS[call.node.attr] if at < len(call.args)]
            yield from _literals(wanted)


def _literals(arguments: Iterable[nodes.Expr]) -> Iterator[str]:
    """The texts of arguments: a text itself, or both sides of a condition; what is called translates itself."""
    for each in arguments:
        if isinstance(each, nodes.Const) and isinstance(each.value, str):
            yield each.value
        elif isinstance(each, nodes.CondExpr):
            yield from _literals([part for part in (each.expr1, each.expr2) if part is not None])


def main() -> int:
    """Write the file, or with --check say whether it is current."""
    text = catalog()
    if "--check" not in sys.argv:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(text)
        return 0
    if TARGET.is_file() and TARGET.read_text() == text:
        return 0
    print("src/doorstep/locale/doorstep.pot is not current: run `make messages`.")  # noqa: T201 - a tool speaks
    return 1


if __name__ == "__main__":
    sys.exit(main())
