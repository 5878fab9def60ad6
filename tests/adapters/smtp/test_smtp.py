"""E-mail: its format, and what each failure says about its delivery."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
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


def read(content: bytes) -> EmailMessage:
    """The mail as its recipient's program reads it."""
    return email.message_from_bytes(content.replace(b"\r\n", b"\n"), policy=email.policy.default)


def changed(**changes: Any) -> notifications.OutgoingMessage:
    return dataclasses.replace(MESSAGE, **changes)


def test_a_mail() -> None:
    mail = read(wire.mail(MESSAGE, sender="shop@notnaked.example", sender_name="NotNaked", sent_at=SENT_AT))
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
    mail = read(wire.mail(plain, sender="shop@notnaked.example", sender_name="", sent_at=SENT_AT))
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
        thread = threading.Thread(target=_talk, args=(server, lines, commands))
        thread.start()
        yield server.getsockname()[1], commands
        thread.join()


def _talk(server: socket.socket, lines: Sequence[bytes], commands: list[bytes]) -> None:
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as incoming:
        connection.sendall(lines[0] + b"\r\n")
        for line in lines[1:]:
            in_data = bool(commands) and commands[-1].lower() == b"data\r\n"
            commands.append(_command(incoming, in_data=in_data))
            connection.sendall(line + b"\r\n")
        if commands and commands[-1].lower() == b"data\r\n":
            commands.append(_command(incoming, in_data=True))


Relays = Callable[..., int]


@pytest.fixture
def relays() -> Iterator[Relays]:
    """Make a relay that takes one connection per script, one after the other; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threads: list[threading.Thread] = []

        def talk(scripts: tuple[tuple[bytes, ...], ...]) -> None:
            for lines in scripts:
                _talk(server, lines, [])

        def make(*scripts: tuple[bytes, ...]) -> int:
            threads.append(threading.Thread(target=talk, args=(scripts,)))
            threads[-1].start()
            return int(server.getsockname()[1])

        yield make
        for thread in threads:
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
    with (
        http.Session("mail", settings.base_url) as session,
        connector.Smtp(settings, session).open() as mailing,
    ):
        return mailing.send(MESSAGE)


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


def test_the_connection_is_tested_without_a_mail() -> None:
    def tested(port: int, **changes: object) -> object:
        given = {"host": "127.0.0.1", "port": port, "security": "plain", "sender": "shop@notnaked.example"}
        settings = connector.Settings.model_validate({**given, **changes})
        with http.Session("mail", settings.base_url) as session:
            return connector.Smtp(settings, session).test_connection()

    with relay(b"220 hi", b"250 hello", b"221 bye") as (port, commands):
        assert tested(port) == ()
    assert [each[:4] for each in commands] == [b"ehlo", b"quit"]
    with (
        relay(b"220 hi", b"250-hello\r\n250 AUTH PLAIN", b"535 wrong") as (port, _),
        pytest.raises(http.AuthFailed, match="credentials"),
    ):
        tested(port, username="user", password="wrong")
    with pytest.raises(http.Unanswered):
        tested(port)


def test_a_relay_without_starttls() -> None:
    with relay(b"220 hi", b"250 hello") as (port, _), pytest.raises(http.Rejected, match="settings"):
        send(port, security="starttls")


@pytest.mark.parametrize(("mode", "error"), [("off", http.SwitchedOff), ("shadow", http.Shadowed)])
def test_the_connections_mode_holds_for_mail(mode: http.Mode, error: type[Exception]) -> None:
    settings = scripted.settings(connector.Settings, host="127.0.0.1", port=9, sender="shop@notnaked.example")
    with (
        http.Session("mail", settings.base_url, mode=mode) as session,
        connector.Smtp(settings, session).open() as mailing,
        pytest.raises(error),
    ):
        mailing.send(MESSAGE)


def test_a_text_without_a_last_line_break_is_ended() -> None:
    mail = read(wire.mail(MESSAGE, sender="shop@notnaked.example", sender_name="", sent_at=SENT_AT))
    assert client.ended(b"a") == b"a\r\n.\r\n"
    assert client.ended(b".\r\n") == b"..\r\n.\r\n"
    assert mail["Auto-Submitted"] == "auto-generated"


MORE = (b"250 ok", b"250 ok", b"354 go on", b"250 queued")


def send_all(port: int, number: int) -> list[str | Exception]:
    """So many mails in one conversation: the id or the failure of each."""
    settings = scripted.settings(
        connector.Settings, host="127.0.0.1", port=port, security="plain", sender="shop@notnaked.example"
    )
    results: list[str | Exception] = []
    with (
        http.Session("mail", settings.base_url) as session,
        connector.Smtp(settings, session).open() as mailing,
    ):
        for _ in range(number):
            try:
                results.append(mailing.send(MESSAGE))
            except errors.DoorstepError as problem:
                results.append(problem)
    return results


def kinds(results: list[str | Exception]) -> list[type]:
    return [type(each) for each in results]


def test_several_mails_go_over_one_connection() -> None:
    with relay(*READY, b"250 queued", *MORE, *MORE, b"221 bye") as (port, commands):
        assert kinds(send_all(port, 3)) == [str, str, str]
    assert [each[:4].lower() for each in commands].count(b"ehlo") == 1


def test_a_refused_mail_does_not_end_the_connection() -> None:
    refused = (b"220 hi", b"250 hello", b"250 ok", b"550 no such user", b"250 reset")
    with relay(*refused, *MORE, b"221 bye") as (port, commands):
        assert kinds(send_all(port, 2)) == [http.Rejected, str]
    assert [each[:4].lower() for each in commands].count(b"rset") == 1


def test_a_kept_connection_that_the_relay_closed_is_opened_again(relays: Relays) -> None:
    port = relays((*READY, b"250 queued", b"421 closing"), (*READY, b"250 queued", b"221 bye"))
    assert kinds(send_all(port, 2)) == [str, str]


def test_only_the_mail_in_flight_is_in_doubt(relays: Relays) -> None:
    port = relays((*READY, b"250 queued", *MORE[:3]), (*READY, b"250 queued", b"221 bye"))
    first, second, third = send_all(port, 3)
    assert (type(first), type(third)) == (str, str)
    assert isinstance(second, http.Unanswered)
    assert second.maybe_done


def test_a_connection_is_opened_again_after_many_mails(
    relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_MOST_PER_CONNECTION", 1)
    one = (*READY, b"250 queued", b"221 bye")
    assert kinds(send_all(relays(one, one), 2)) == [str, str]


def test_a_relay_that_cannot_be_reached_is_tried_once() -> None:
    with relay(b"421 busy") as (port, _):
        results = send_all(port, 3)
    assert kinds(results) == [http.Unanswered] * 3
    assert results[0] is results[2]


PIPELINING = (b"220 hi", b"250-hello\r\n250 PIPELINING")


def test_commands_go_in_one_write_where_the_relay_allows_it() -> None:
    taken = (b"250 ok\r\n250 ok\r\n354 go on", b"250 queued")
    with pipelining(taken, taken) as (port, commands):
        assert kinds(send_all(port, 2)) == [str, str]
    assert commands[1] == b"mail FROM:<shop@notnaked.example>\r\nrcpt TO:<meera@example.in>\r\ndata\r\n"


def test_a_recipient_that_is_refused_in_one_write() -> None:
    refused = (b"250 ok\r\n550 no such user\r\n503 no recipient", b"250 reset")
    taken = (b"250 ok\r\n250 ok\r\n354 go on", b"250 queued")
    with pipelining(refused, taken) as (port, _):
        assert kinds(send_all(port, 2)) == [http.Rejected, str]


def test_data_of_a_refused_mail_is_never_sent() -> None:
    with pipelining((b"250 ok\r\n550 no such user\r\n354 go on",)) as (port, commands):
        assert kinds(send_all(port, 1)) == [http.Rejected]
    assert len(commands) == 2


@contextmanager
def pipelining(*mails: tuple[bytes, ...]) -> Iterator[tuple[int, list[bytes]]]:
    """A relay that offers pipelining, and answers what comes in one write with several lines."""
    commands: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(PIPELINING[0] + b"\r\n")
                for answer in (PIPELINING[1], *(line for mail in mails for line in mail), b"221 bye"):
                    commands.append(connection.recv(65_536))
                    if not commands[-1]:
                        commands.pop()
                        return
                    connection.sendall(answer + b"\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        yield server.getsockname()[1], commands
        thread.join()
