"""E-mail: its format, and what each failure says about its delivery."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.adapters import scripted

from doorstep.adapters.messengers.smtp import client, connector, wire
from doorstep.domain.notifications import model as notifications
from doorstep.kernel import errors, http, ids

MESSAGE = notifications.OutgoingMessage(
    message_id=ids.MessageId(1),
    reference="order 2041/shipped",
    to="meera@example.in",
    to_name="Meera Iyer",
    subject="Your order – ₹1,599",
    text="Hello\n.a line with a dot\n",
    html="<p>₹1,599</p>",
)
SENT_AT = datetime(2026, 5, 5, 12, tzinfo=UTC)


def changed(**changes: Any) -> notifications.OutgoingMessage:
    return dataclasses.replace(MESSAGE, **changes)


def test_a_mail() -> None:
    mail = wire.mail(MESSAGE, sender="shop@notnaked.example", sender_name="NotNaked", sent_at=SENT_AT)
    assert mail["From"] == "NotNaked <shop@notnaked.example>"
    assert mail["To"] == "Meera Iyer <meera@example.in>"
    assert mail["Subject"] == "Your order – ₹1,599"
    assert mail["Date"] == "Tue, 05 May 2026 12:00:00 +0000"
    assert mail["Message-ID"] == "<order-2041-shipped@notnaked.example>"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert html.get_content() == "<p>₹1,599</p>\n"


def test_a_mail_without_html() -> None:
    plain = dataclasses.replace(MESSAGE, html="")
    mail = wire.mail(plain, sender="shop@notnaked.example", sender_name="", sent_at=SENT_AT)
    assert not mail.is_multipart()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"to": "meera"}, "to"),
        ({"to": "a@b.c, d@e.f"}, "to"),
        ({"to": "mée@example.in"}, "to"),
        ({"subject": "Hi\nBcc: x@example.in"}, "subject"),
        ({"to_name": "Meera\r"}, "to_name"),
    ],
)
def test_nothing_is_smuggled_into_a_mail(changes: dict[str, str], place: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        wire.mail(changed(**changes), sender="s@n.example", sender_name="", sent_at=SENT_AT)
    assert caught.value.data["field"] == place


@contextmanager
def relay(*lines: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A relay that greets, then answers each command with the next line; after the last one it hangs up."""
    commands: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as incoming:
                connection.sendall(lines[0] + b"\r\n")
                for line in lines[1:]:
                    commands.append(
                        _command(incoming, in_data=bool(commands) and commands[-1] == b"DATA\r\n")
                    )
                    connection.sendall(line + b"\r\n")
                if commands and commands[-1] == b"DATA\r\n":
                    commands.append(_command(incoming, in_data=True))

        thread = threading.Thread(target=talk)
        thread.start()
        yield server.getsockname()[1], commands
        thread.join()


def _command(incoming, *, in_data: bool) -> bytes:  # type: ignore[no-untyped-def]  # a socket's file
    said = incoming.readline()
    while in_data and not said.endswith(b"\r\n.\r\n"):
        said += incoming.readline()
    return bytes(said)


def send(port: int, **changes: object) -> str:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "security": "plain",
        "sender": "shop@notnaked.example",
        **changes,
    }
    settings = connector.Settings.model_validate(given)
    with http.Session("mail", settings.base_url) as session:
        return connector.Smtp(settings, session).send(MESSAGE)


READY = (b"220 hi", b"250 hello", b"250 ok", b"250 ok", b"354 go on")


def test_a_mail_is_sent_with_dots_doubled() -> None:
    with relay(*READY, b"250 queued", b"221 bye") as (port, commands):
        assert send(port) == "<order-2041-shipped@notnaked.example>"
    assert commands[1] == b"mail FROM:<shop@notnaked.example>\r\n"
    assert commands[2] == b"rcpt TO:<meera@example.in>\r\n"
    assert b"\r\n..a line with a dot\r\n" in commands[4]
    assert commands[5] == b"quit\r\n" or commands[5] == b"QUIT\r\n"


def test_a_relay_that_forwards_and_hangs_up_after_taking_the_mail() -> None:
    with relay(b"220 hi", b"250 hello", b"250 ok", b"251 will forward", b"354 go on", b"250 queued") as (
        port,
        _,
    ):
        assert send(port)


@pytest.mark.parametrize(
    "answers",
    [
        (b"421 busy",),
        (b"220 hi", b"250 hello", b"451 later"),
        (b"220 hi", b"250 hello", b"250 ok", b"450 mailbox busy"),
        (b"220 hi", b"250 hello", b"250 ok"),
        (*READY, b"451 try later"),
    ],
)
def test_certainly_not_sent(answers: tuple[bytes, ...]) -> None:
    with relay(*answers) as (port, _), pytest.raises(http.Unanswered) as caught:
        send(port)
    assert not caught.value.maybe_done


@pytest.mark.parametrize("answers", [(), (b"banana",), (b"199 what?",)])
def test_silence_or_nonsense_after_the_data_is_a_doubt(answers: tuple[bytes, ...]) -> None:
    with relay(*READY, *answers) as (port, _), pytest.raises(http.Unanswered) as caught:
        send(port)
    assert caught.value.maybe_done


@pytest.mark.parametrize(
    "answers",
    [
        (b"554 no service",),
        (b"220 hi", b"250 hello", b"250 ok", b"550 no such user"),
        (*READY, b"554 looks like spam"),
    ],
)
def test_refused_for_good(answers: tuple[bytes, ...]) -> None:
    with relay(*answers) as (port, _), pytest.raises(http.Rejected):
        send(port)


def test_an_event_without_subscribers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(http.Unanswered) as caught:
        send(port)
    assert not caught.value.maybe_done
    with pytest.raises(http.Unanswered):
        send(port, security="tls")


def test_wrong_credentials() -> None:
    with (
        relay(b"220 hi", b"250-hello\r\n250 AUTH PLAIN", b"535 wrong") as (port, _),
        pytest.raises(http.AuthFailed, match="credentials"),
    ):
        send(port, username="user", password="wrong")


def test_a_relay_without_starttls() -> None:
    with relay(b"220 hi", b"250 hello") as (port, _), pytest.raises(http.Rejected, match="settings"):
        send(port, security="starttls")


@pytest.mark.parametrize(("mode", "error"), [("off", http.SwitchedOff), ("shadow", http.Shadowed)])
def test_the_connections_mode_holds_for_mail(mode: http.Mode, error: type[Exception]) -> None:
    settings = scripted.settings(connector.Settings, host="127.0.0.1", port=9, sender="shop@notnaked.example")
    with http.Session("mail", settings.base_url, mode=mode) as session, pytest.raises(error):
        connector.Smtp(settings, session).send(MESSAGE)


def test_a_text_without_a_last_line_break_is_ended() -> None:
    mail = wire.mail(MESSAGE, sender="shop@notnaked.example", sender_name="", sent_at=SENT_AT)
    assert client.ended(b"a") == b"a\r\n.\r\n"
    assert client.ended(b".\r\n") == b"..\r\n.\r\n"
    assert mail["Auto-Submitted"] == "auto-generated"
