"""Logging: one pipeline for our lines and the libraries', structured, traced, without secrets."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Literal, TextIO

import structlog

HIDDEN = "***"
TRACE_KEY = "trace_id"

_SECRET_KEY = re.compile(
    r"authorization|token|password|passwd|secret|api[_-]?key|cookie|credential|private[_-]?key", re.IGNORECASE
)
_EMAIL_KEY = re.compile(r"e?mail$|email", re.IGNORECASE)
_PHONE_KEY = re.compile(r"phone|mobile|msisdn", re.IGNORECASE)
_EMAIL = re.compile(r"\b([\w.+%-])[\w.+%-]*@([\w-]+(?:\.[\w-]+)+)")
_PHONE = re.compile(r"\+?\d[\d\s().-]{2,}\d")
_BEARER = re.compile(r"\b(Bearer|Basic|Token)\s+[\w.~+/=:-]{6,}", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]+):[^\s@/]+@")
_QUERY_SECRET = re.compile(
    r"((?:^|[?&\s])[\w.-]*(?:token|key|secret|password|signature|hmac|code)[\w.-]*=)[^&\s'\"]+", re.IGNORECASE
)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def configure(
    *, style: Literal["json", "console"] = "json", level: str = "info", stream: TextIO | None = None
) -> None:
    """Send everything to one stream (standard error by default), as JSON lines or for human eyes. Repeatable."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before, processors=_render(style, handler.stream)
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _take_over("uvicorn", "uvicorn.error", "uvicorn.access", "httpx", "alembic")
    for chatty in ("httpx", "httpcore", "uvicorn.access"):  # calls are logged once, by us, with their trace
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; the event is a short phrase, everything that varies is a keyword."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def new_trace_id() -> str:
    """A W3C trace id: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def trace_id() -> str | None:
    """The trace this thread or task works on, if any."""
    found = structlog.contextvars.get_contextvars().get(TRACE_KEY)
    return str(found) if found else None


@contextmanager
def traced(trace: str | None = None, **context: object) -> Iterator[str]:
    """Everything logged and sent inside carries this trace (a new one if none is given) and the context."""
    trace = trace or new_trace_id()
    with structlog.contextvars.bound_contextvars(**{TRACE_KEY: trace}, **context):
        yield trace


def parse_traceparent(header: str | None) -> str | None:
    """The trace id of a W3C `traceparent` header; None when it is absent or malformed, as the standard asks."""
    found = _TRACEPARENT.fullmatch((header or "").strip())
    return found[1] if found and not (header or "").strip().startswith("ff") else None


def traceparent(trace: str) -> str:
    """The header that carries a trace to a partner, with a new span id."""
    return f"00-{trace}-{secrets.token_hex(8)}-01"


def redact(value: object, key: str = "") -> object:
    """A copy without secrets, with e-mail addresses and phone numbers masked; `key` is the name it stands under."""
    if key and _SECRET_KEY.search(key) and value not in (None, "", True, False):
        return HIDDEN
    if isinstance(value, Mapping):
        return {name: redact(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(inner, key) for inner in value]
    if key and _PHONE_KEY.search(key) and isinstance(value, (str, int)) and not isinstance(value, bool):
        return _masked_phone(str(value))
    if key and _EMAIL_KEY.search(key) and isinstance(value, str) and "@" in value:
        return _masked_email(value)
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """Running text (a message, an address, an exception) without credentials and e-mail addresses."""
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    text = _QUERY_SECRET.sub(rf"\1{HIDDEN}", text)
    return _EMAIL.sub(rf"\1{HIDDEN}@\2", text)


def redact_event(
    _logger: object, _method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """The processor that applies `redact` to every event."""
    event.pop("color_message", None)  # uvicorn's second copy of its message
    for key, value in event.items():
        if not key.startswith("_"):  # structlog's own record and formatter state
            event[key] = redact(value, key)
    return event


def _masked_phone(value: str) -> str:
    """A number by its last two digits; a sentence about one (what is wrong with it) stays readable, less the number."""
    if any(each.isalpha() for each in value):
        return _PHONE.sub(lambda found: HIDDEN + found[0][-2:], redact_text(value))
    return HIDDEN + value[-2:]


def _masked_email(value: str) -> str:
    name, _, host = value.rpartition("@")
    return f"{name[:1]}{HIDDEN}@{host}"


def _render(style: str, stream: TextIO) -> list[structlog.typing.Processor]:
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if style == "json":
        return [strip, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    return [strip, structlog.dev.ConsoleRenderer(colors=stream.isatty())]


def _take_over(*names: str) -> None:
    """Route loggers of libraries with handlers of their own through ours."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
