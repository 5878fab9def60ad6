"""Open the installation, or a file, for one command."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doorstep.bootstrap import App, open_app
from doorstep.kernel import errors, log, settings


@contextmanager
def opened() -> Iterator[App]:
    """Open the app; log only problems."""
    chosen = settings.load()
    log.configure(style="console", level="warning", stream=sys.stderr)
    with open_app(chosen) as app:
        yield app


def text_of(file: Path) -> str:
    """Read the text of a file; raises Invalid when it cannot be read or is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as problem:
        raise errors.Invalid(f"{file} cannot be read: {problem.strerror or problem}.") from problem
    except UnicodeDecodeError as problem:
        raise errors.Invalid(f"{file} is not UTF-8 text: byte {problem.start + 1} is wrong.") from problem


def toml_of(file: Path) -> dict[str, object]:
    """Read the tables of a TOML file; raises Invalid with the wrong line."""
    try:
        return tomllib.loads(text_of(file))
    except tomllib.TOMLDecodeError as problem:
        raise errors.Invalid(f"{file} is not valid TOML: {problem}.") from problem
