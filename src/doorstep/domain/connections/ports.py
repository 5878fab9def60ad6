"""What a connector may offer on the receiving side, each a small port of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Protocol

from doorstep.domain.connections.model import (
    Ack,
    CheckFinding,
    Document,
    Envelope,
    Folder,
    InboundRequest,
    Listed,
    Page,
    Part,
    SignIn,
    Subscribed,
    Window,
)
from doorstep.kernel.files.store import FileExchange


class Inbound(Protocol):
    """The receiving half of a connector. All three are pure: no network, no clock."""

    def acknowledge(self, request: InboundRequest) -> Ack:
        """Whether the request is genuine, compared in constant time over its raw bytes, and the answer to it.

        A GET is stored never: it is `answered` (a challenge) or refused.
        """
        ...

    def envelope(self, request: InboundRequest) -> Envelope:
        """Id and topic for storing; must not fail on a body that cannot be read (a digest is the id then)."""
        ...

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse a stored message into snapshots of the domain (orders, payments, shipping, returns models).

        A message that only says what changed gives a Hint: the resource is fetched and comes back as a message.
        Unused topics give an empty sequence. Raises errors.Invalid (with the failing place) on a body that
        does not have the vendor's shape.
        """
        ...


class Fetcher(Protocol):
    """Reads single resources that hints name. Raises kernel errors; what is gone at the vendor gives no document."""

    def fetch(self, feed: str, external_ids: Sequence[str]) -> Sequence[Document]:
        """The resources as they are now, as raw documents that `parse` reads."""
        ...


class Puller(Protocol):
    """Reads a feed in windows of time. Raises kernel errors; a page token that is no longer valid raises Invalid."""

    def pull(self, feed: str, window: Window) -> Page:
        """One page of what changed in the window; `window.token` continues after the page that gave it."""
        ...


class Queue(Puller, Protocol):
    """A feed whose pages are taken from a queue or a folder, and removed there once they are stored."""

    def acknowledge_receipts(self, feed: str, receipts: Sequence[str]) -> None:
        """Remove what the receipts of a page stand for. Repeating it is harmless."""
        ...


class FileSource(Protocol):
    """Feeds that are folders (`Feed.is_folder`). Finding, completeness, order, archive and repeats are the platform's."""

    files: FileExchange

    def folder(self, feed: str) -> Folder:
        """Where the files of a feed come from."""
        ...

    def split(self, feed: str, name: str, content: IO[bytes]) -> Iterator[Part]:
        """Cut a file into parts that `parse` reads, in order; pure: the same content gives the same parts.

        Parts have a bounded size whatever the size of the file. Raises Invalid for a file that is not of this kind.
        """
        ...


class FileReceipts(FileSource, Protocol):
    """Feature `acknowledge_files`: the partner expects an answer to its files (an X12 997)."""

    def acknowledge_file(self, feed: str, name: str, content: IO[bytes]) -> None:
        """Answer a file, once per content, after its parts are stored or it was refused. May be repeated."""
        ...


class Lister(Protocol):
    """Lists what a feed has in a window, cheaply, so that gaps are found. Needed where a feed `is_listed`."""

    def list_documents(self, feed: str, window: Window) -> Sequence[Listed]:
        """Event ids as `pull` and `fetch` give them, with the hint that fetches each."""
        ...


class Testable(Protocol):
    """Feature `test`: looks whether the connection works, without changing anything at the vendor."""

    def test_connection(self) -> Sequence[CheckFinding]:
        """What was looked at beyond the sign-in: permissions, fields that must exist. Raises kernel errors."""
        ...


class Subscriptions(Protocol):
    """Feature `subscribe`: the vendor's API sets up webhooks. Vendors switch them off silently, so this is repeated daily."""

    def ensure_subscriptions(self, address: str) -> Subscribed:
        """Have the vendor send what we read to this address; what is there already stays."""
        ...


class BrowserSignIn(Protocol):
    """How a person signs in at the vendor of one connection. Every connector that declares `sign_in` has it."""

    @property
    def declared(self) -> SignIn: ...

    @property
    def settings(self) -> object: ...

    def address(self, *, state: str, redirect_uri: str) -> str:
        """The vendor's page, to which the browser goes."""
        ...

    def exchange(self, *, code: str, state: str, redirect_uri: str, account: Mapping[str, str]) -> str:
        """Fetch tokens for the code and store them sealed; returns the scopes. Raises kernel errors, and stores nothing then."""
        ...
