"""Addresses that partners send lead to documents on public hosts, or nowhere."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.adapters import scripted
from tests.kernel import partner

from doorstep.kernel import http
from doorstep.kernel.http import documents

ANYWHERE = http.Policy(timeout_seconds=0.5, response_limit_bytes=1000, documents_from_anywhere=True)


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


def session(policy: http.Policy | None = None, **more: object) -> http.Session:
    return http.Session(
        "partner",
        "http://127.0.0.1:1",
        authorize=http.bearer("secret"),
        policy=policy,
        **more,  # type: ignore[arg-type]  # the mode
    )


def why(session: http.Session, address: str) -> str:
    with session, pytest.raises(http.Unanswered) as caught:
        documents.fetch(session, address)
    assert not caught.value.maybe_done
    return caught.value.message


def test_a_document_is_fetched_without_our_credentials(script: scripted.Script) -> None:
    script.will_say(b"%PDF-1.7")
    with session(ANYWHERE) as open_:
        assert documents.fetch(open_, f"{script.url}/label.pdf?signed=1") == b"%PDF-1.7"
    assert script.asked[0].params == {"signed": "1"}
    assert "authorization" not in script.asked[0].headers


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "label.pdf",
        "https://",
        "ftp://a.example/x",
        "http://a.example/x",
        "https://[::1",
        "//x",
        "",
    ],
)
def test_what_is_no_https_address_is_refused(address: str) -> None:
    assert "address" in why(session(), address)


def test_credentials_in_an_address_are_refused() -> None:
    assert "credentials" in why(session(), "https://user:password@a.example/label.pdf")


INSIDE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not documents.is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"]
)
def test_addresses_of_the_internet_are(address: str) -> None:
    assert documents.is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "169.254.169.254", "[::ffff:127.0.0.1]"],
)
def test_a_host_inside_is_refused_however_it_is_written(host: str) -> None:
    said = why(session(), f"https://{host}/latest/meta-data")
    assert "private network" in said or "cannot be fetched" in said


def test_one_private_address_of_a_name_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.216.34", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kinds: both)
    assert "private network" in why(session(), "https://labels.example/label.pdf")


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(host: str, *_args: object, **_kinds: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    called: list[str] = []

    def refuse(self: object, host: str, *_args: object) -> None:
        called.append(host)
        raise documents.httpcore.ConnectError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(documents.httpcore.SyncBackend, "connect_tcp", refuse)
    assert "cannot be fetched" in why(session(), "https://labels.example/label.pdf")
    assert (asked, called) == (["labels.example"], ["93.184.216.34"])


class Host(BaseHTTPRequestHandler):
    """Answers by its path: a redirect, an endless body, a type."""

    def do_GET(self) -> None:
        path = self.path.strip("/")
        if path == "endless":
            self._say("application/pdf")
            try:
                while True:
                    self.wfile.write(b"%PDF-" + b"x" * 500)
            except OSError:
                return
        elif path == "silent":
            self.connection.recv(1)
        elif path.startswith("to/"):
            self.send_response(302)
            self.send_header("Location", path.removeprefix("to/").replace("~", "/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "page":
            self._say("text/html")
            self.wfile.write(b"%PDF-1.7")
        elif path == "disguised":
            self._say("application/pdf")
            self.wfile.write(b"<html>")
        elif path == "missing":
            self.send_response(404)
            self.end_headers()
        else:
            self._say("application/octet-stream; charset=binary")
            self.wfile.write(b"%PDF-1.7")

    def _say(self, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Be quiet."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("endless", "too large"),
        ("silent", "cannot be fetched"),
        ("to/http:~~127.0.0.2~x", "another host"),
        ("to/https:~~127.0.0.1~x", "another host"),
        ("to/~to~~to~~to~~to~~to~", "redirects"),
        ("page", "it is no PDF but text/html"),
        ("disguised", "it is no PDF"),
        ("missing", "answers 404"),
    ],
)
def test_what_is_not_the_document_is_not_kept(host: str, path: str, words: str) -> None:
    assert words in why(session(ANYWHERE), f"{host}/{path}")


@pytest.mark.parametrize("path", ["label.pdf", "to/~label.pdf"])
def test_a_redirect_within_the_host_is_followed(host: str, path: str) -> None:
    with session(ANYWHERE) as open_:
        assert documents.fetch(open_, f"{host}/{path}") == b"%PDF-1.7"


def test_a_document_in_the_answer_itself_is_checked_too() -> None:
    with session() as open_:
        assert documents.checked(open_, b"%PDF-1.7") == b"%PDF-1.7"
        with pytest.raises(http.Unanswered, match="no PDF"):
            documents.checked(open_, b"<html>")


def test_a_connection_that_is_off_fetches_nothing() -> None:
    with session(mode="off") as open_, pytest.raises(http.SwitchedOff):
        documents.fetch(open_, "https://labels.example/label.pdf")


def test_a_document_is_uploaded_without_our_credentials() -> None:
    with partner.serving(partner.Answer(200, b"")) as place, session(ANYWHERE) as open_:
        documents.upload(open_, f"{place.url}/feed?signed=1", b"{}", content_type="application/json")
    (request,) = place.seen
    assert (request.method, request.path, request.body) == ("PUT", "/feed?signed=1", b"{}")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-length"] == "2"
    assert "authorization" not in request.headers


@pytest.mark.parametrize("status", [302, 403, 500])
def test_an_upload_that_is_not_taken_had_no_effect(status: int) -> None:
    with (
        partner.serving(partner.Answer(status, b"")) as place,
        session(ANYWHERE) as open_,
        pytest.raises(http.Unanswered, match=str(status)) as caught,
    ):
        documents.upload(open_, f"{place.url}/feed", b"{}", content_type="application/json")
    assert not caught.value.maybe_done


def test_nothing_is_uploaded_inside_our_network() -> None:
    with session() as open_, pytest.raises(http.Unanswered, match="private network"):
        documents.upload(open_, "https://127.0.0.1/feed", b"{}", content_type="application/json")


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (b"plain", "unpacked"),
        (gzip.compress(b"x" * 50)[:-9], "cut off"),
        (gzip.compress(b"x" * 5000), "too large"),
    ],
    ids=[
        "not packed",
        "cut off",
        "too large",
    ],  # the packed bytes have the time: each process would name them differently
)
def test_what_unpacks_to_no_document_is_refused(packed: bytes, said: str) -> None:
    with session(ANYWHERE) as open_, pytest.raises(http.Unanswered, match=said):
        documents.unpacked(open_, packed)


def test_a_packed_document_is_unpacked() -> None:
    with session(ANYWHERE) as open_:
        assert documents.unpacked(open_, gzip.compress(b"report")) == b"report"
