"""One line per log event, with its trace and without secrets."""

from __future__ import annotations

import io
import json
import logging

import pytest

from doorstep.kernel import log


def only(stream: io.StringIO) -> dict[str, object]:
    [line] = stream.getvalue().splitlines()
    event: dict[str, object] = json.loads(line)
    return event


def test_ours_and_the_libraries_share_the_pipeline(lines: io.StringIO) -> None:
    trace = log.new_trace_id()
    with log.traced(trace, order=7):
        log.get("doorstep.orders").info("order placed", lines=2)
        logging.getLogger("uvicorn.error").warning("reset by %s", "peer", extra={"color_message": "x"})
    ours, theirs = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (ours["event"], ours["lines"], ours["order"], ours["level"]) == ("order placed", 2, 7, "info")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == (
        "reset by peer",
        "warning",
        "uvicorn.error",
    )
    assert "color_message" not in theirs
    assert ours["trace_id"] == theirs["trace_id"] == trace


def test_the_trace_ends_with_its_block() -> None:
    with log.traced() as outer:
        with log.traced() as inner:
            assert log.trace_id() == inner != outer
        assert log.trace_id() == outer
    assert log.trace_id() is None


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("Authorization", "Bearer abc", "***"),
        ("access_token", "abc", "***"),
        ("secret_key", "abc", "***"),
        ("api_key", 12345, "***"),
        ("cookies", ["a=b"], "***"),
        ("password", "", ""),
        ("email", "asha@example.com", "a***@example.com"),
        ("phone", "+919811112233", "***33"),
        ("phone", "Phone must have 10 digits.", "Phone must have 10 digits."),
        ("phone", ["The phone +91 98111-12233 is not valid."], ["The phone ***33 is not valid."]),
        ("customer", {"phone": 9811112233, "city": "Delhi"}, {"phone": "***33", "city": "Delhi"}),
        (
            "problem",
            "asked GET https://x.test/a?token=abc&page=2",
            "asked GET https://x.test/a?token=***&page=2",
        ),
        ("url", "postgresql://app:pw@db/x", "postgresql://app:***@db/x"),
        ("header", "got Bearer abcdefgh", "got Bearer ***"),
        ("note", "write to asha.k@example.co.in today", "write to a***@example.co.in today"),
        ("sku", "DJ-BL-01", "DJ-BL-01"),
        ("quantity", 2, 2),
    ],
)
def test_redaction(key: str, value: object, shown: object, lines: io.StringIO) -> None:
    log.get("test").info("something", **{key: value})
    assert only(lines)[key] == shown


def test_an_exception_is_logged_without_secrets(lines: io.StringIO) -> None:
    try:
        int("postgresql://app:hunter2@db/x")
    except ValueError:
        log.get("test").exception("failed")
    reported = str(only(lines)["exception"])
    assert reported.endswith("'postgresql://app:***@db/x'")
    assert "hunter2" not in reported


def test_levels_and_chatty_libraries(lines: io.StringIO) -> None:
    log.configure(stream=lines, level="warning")
    log.get("test").info("quiet")
    logging.getLogger("httpx").info("HTTP Request: GET https://x.test/?key=1")
    assert lines.getvalue() == ""


def test_console_style_is_for_people(lines: io.StringIO) -> None:
    log.configure(style="console", stream=lines)
    log.get("test").info("order placed", order=7)
    assert "order placed" in lines.getvalue()
    assert "order=7" in lines.getvalue()


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        ("00-" + "ab" * 16 + "-" + "cd" * 8 + "-01", "ab" * 16),
        ("00-" + "00" * 16 + "-" + "cd" * 8 + "-01", None),
        ("00-" + "ab" * 16 + "-" + "00" * 8 + "-01", None),
        ("ff-" + "ab" * 16 + "-" + "cd" * 8 + "-01", None),
        ("00-" + "AB" * 16 + "-" + "cd" * 8 + "-01", None),
        ("rubbish", None),
        (None, None),
    ],
)
def test_traceparent(header: str | None, trace: str | None) -> None:
    assert log.parse_traceparent(header) == trace


def test_traceparent_round_trip() -> None:
    trace = log.new_trace_id()
    assert log.parse_traceparent(log.traceparent(trace)) == trace
