"""Open the installation for one command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from doorstep.bootstrap import App, open_app
from doorstep.kernel import log, settings


@contextmanager
def opened() -> Iterator[App]:
    """Everything open; logs only when something is wrong."""
    chosen = settings.load()
    log.configure(style="console", level="warning", stream=sys.stderr)
    with open_app(chosen) as app:
        yield app
