"""Fetch a document from an address that a partner sent, or upload one: never inside our network, never more than a document.

Whoever controls a partner's answers, or forges one, would otherwise read what only this machine can reach.
"""

from __future__ import annotations

import contextlib
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from doorstep.kernel import log, transactions
from doorstep.kernel.http.responses import SwitchedOff, Unanswered
from doorstep.kernel.http.session import Session

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 3
_OK = 200
_STORED = {200, 201, 204}
# Networks that carry IPv4 addresses inside: what they lead to cannot be seen from the address.
_TUNNELS = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2002::/16"),
    IPv6Network("2001::/32"),
)
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: the types that servers give it, and its first bytes."""

    name: str
    content_types: frozenset[str]
    begins: bytes


BINARY = frozenset({"application/octet-stream", "binary/octet-stream"})
PDF = Kind("PDF", frozenset({"application/pdf", "application/octet-stream", "binary/octet-stream"}), b"%PDF-")


def fetch(session: Session, address: str, *, kind: Kind = PDF) -> bytes:
    """Fetch what a partner's answer links to; our credentials are not sent. Raises Unanswered if it is no such document.

    Unless the policy says otherwise (development), the address is https and leads to a public host.
    """
    with _opened(session, "GET") as pool:
        for _redirect in range(_MOST_REDIRECTS + 1):
            answer = _exchange(session, pool, _Request("GET", _checked(session, address)))
            if answer.status not in _REDIRECTS:
                return _document(session, answer, kind)
            address = _followed(session, address, answer.location)
    raise _no_document(session, "it redirects without an end")


def upload(session: Session, address: str, content: bytes, *, content_type: str) -> None:
    """Put a document where a partner's answer says, with the same care. It has no effect until the partner is given its id."""
    with _opened(session, "PUT") as pool:
        request = _Request("PUT", _checked(session, address), content, content_type)
        answer = _exchange(session, pool, request)
    if answer.status not in _STORED:
        raise Unanswered(
            f"{session.name}: the document's host answers {answer.status}.",
            maybe_done=False,
            status=answer.status,
        )


def unpacked(session: Session, content: bytes) -> bytes:
    """A document that is packed with gzip. Raises Unanswered if it is not, or unpacks to more than an answer may have."""
    most = session.policy.response_limit_bytes
    try:
        reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        found = reader.decompress(content, most)
    except zlib.error as problem:
        raise _no_document(session, "it cannot be unpacked") from problem
    if not reader.eof:
        raise _no_document(session, "it is cut off or too large")
    return found


@contextlib.contextmanager
def _opened(session: Session, method: str) -> Iterator[httpcore.ConnectionPool]:
    transactions.refuse_in_transaction(f"{session.name}: {method} document")
    if session.mode == "off":
        raise SwitchedOff(f"{session.name} is switched off.", connection=session.name)
    backend = httpcore.SyncBackend() if session.policy.documents_from_anywhere else _PublicOnly()
    with httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=backend) as pool:
        yield pool


def checked(session: Session, body: bytes, *, kind: Kind = PDF) -> bytes:
    """A document that came in the partner's own answer; raises Unanswered if it is another kind."""
    if not body.startswith(kind.begins):
        raise _no_document(session, f"it is no {kind.name}")
    return body


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    address: str
    content: bytes | None = None
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: str
    location: str
    body: bytes


def _no_document(session: Session, why: str) -> Unanswered:
    return Unanswered(f"{session.name} linked to a document that is not used: {why}.", maybe_done=False)


def _checked(session: Session, address: str) -> str:
    """The address, if its scheme and form are right."""
    anywhere = session.policy.documents_from_anywhere
    try:
        parts = urlsplit(address)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _no_document(session, "its address is malformed") from None
    if parts.scheme not in ({"https", "http"} if anywhere else {"https"}) or not is_complete:
        raise _no_document(session, "its address does not begin with https://")
    if parts.username or parts.password:
        raise _no_document(session, "its address has credentials")
    return address


def _followed(session: Session, address: str, location: str) -> str:
    """Where a redirect leads; raises Unanswered for another host."""
    target = urljoin(address, location)
    if urlsplit(target)[:2] != urlsplit(address)[:2]:
        raise _no_document(session, "it redirects to another host")
    return target


def _exchange(session: Session, pool: httpcore.ConnectionPool, request: _Request) -> _Answer:
    policy = session.policy
    deadline = time.monotonic() + policy.timeout_seconds
    limits = dict.fromkeys(("read", "write", "pool"), policy.timeout_seconds)
    extensions = {"timeout": {**limits, "connect": policy.connect_timeout_seconds}}
    headers = [("User-Agent", "doorstep"), ("Accept-Encoding", "identity")]
    if request.content_type:
        headers.append(("Content-Type", request.content_type))
    body = bytearray()
    try:
        with pool.stream(
            request.method, request.address, headers=headers, content=request.content, extensions=extensions
        ) as response:
            for part in response.iter_stream():
                body += part
                if len(body) > policy.response_limit_bytes:
                    raise _no_document(session, "it is too large")
                if time.monotonic() > deadline:
                    raise _no_document(session, "it comes too slowly")
            answered = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
    except _PrivateHostError as refused:
        raise _no_document(session, "its host is inside a private network") from refused
    except (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        UnicodeError,
        ValueError,
    ) as problem:
        verb = "fetched" if request.content is None else "uploaded"
        raise Unanswered(f"{session.name}: the document cannot be {verb}.", maybe_done=False) from problem
    _log.info(
        "document transferred",
        connection=session.name,
        method=request.method,
        host=urlsplit(request.address).hostname,
        status=response.status,
    )
    content_type = answered.get("content-type", "").partition(";")[0].strip().lower()
    return _Answer(response.status, content_type, answered.get("location", ""), bytes(body))


def _document(session: Session, answer: _Answer, kind: Kind) -> bytes:
    if answer.status != _OK:
        raise Unanswered(
            f"{session.name}: the document's host answers {answer.status}.",
            maybe_done=False,
            status=answer.status,
        )
    if answer.content_type not in kind.content_types:
        raise _no_document(session, f"it is no {kind.name} but {answer.content_type or 'of no type'}")
    return checked(session, answer.body, kind=kind)


class _PrivateHostError(OSError):
    """The host is not a public one."""


class _PublicOnly(httpcore.NetworkBackend):
    """Connects to the very address that was checked, so that a name cannot change its meaning in between."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as problem:
            raise httpcore.ConnectError(str(problem)) from problem
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(map(is_public, addresses)):
            raise _PrivateHostError
        return self._plain.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local, reserved or a tunnel."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif any(found in network for network in _TUNNELS):
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved
