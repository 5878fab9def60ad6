"""Fixtures of the kernel's tests."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from doorstep.kernel import log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything logged during the test, as JSON lines; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure(stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
