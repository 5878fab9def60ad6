"""Parse responses into types, and fetch documents that a partner keeps on another host."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlsplit

from doorstep.kernel import errors, parsing
from doorstep.kernel.http.responses import Response, Unanswered
from doorstep.kernel.http.session import Session

Shape = TypeVar("Shape")


def shaped(response: Response, shape: type[Shape]) -> Shape:
    """The body as a msgspec type. Raises Unanswered if it is something else."""
    try:
        return parsing.shaped(response.json(), shape)
    except errors.Invalid as problem:
        raise Unanswered(
            f"The answer has an unexpected shape: {problem.message}",
            maybe_done=not response.reads,
            field=problem.data.get("field", ""),
        ) from problem


def document(session: Session, address: str) -> bytes:
    """Fetch what a partner's answer links to, on any host; our credentials are not sent.

    Raises Unanswered also for a link that is no web address.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unanswered(f"{session.name} linked to no document: {address!r}.", maybe_done=False)
    with Session(
        f"{session.name} documents", f"{parts.scheme}://{parts.netloc}", mode=session.mode
    ) as documents:
        return documents.send("GET", address).body
