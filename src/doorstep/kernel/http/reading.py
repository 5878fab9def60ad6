"""Reading answers: typed shapes from JSON, and documents that a partner keeps on another host."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlsplit

from doorstep.kernel import errors, payload
from doorstep.kernel.http.answers import Response, Unanswered
from doorstep.kernel.http.session import Session

Shape = TypeVar("Shape")


def shaped(response: Response, shape: type[Shape]) -> Shape:
    """The body as a msgspec type. Raises Unanswered where it is something else, for who knows what was done then."""
    try:
        return payload.shaped(response.json(), shape)
    except errors.Invalid as problem:
        raise Unanswered(
            f"The answer is not what was agreed: {problem.message}",
            maybe_done=not response.reads,
            field=problem.data.get("field", ""),
        ) from problem


def document(session: Session, address: str) -> bytes:
    """Fetch what a partner's answer points to, on whatever host; our credentials do not travel there.

    Raises Unanswered also for a pointer that is no web address.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unanswered(f"{session.name} pointed to no document: {address!r}.", maybe_done=False)
    with Session(
        f"{session.name} documents", f"{parts.scheme}://{parts.netloc}", mode=session.mode
    ) as documents:
        return documents.send("GET", address).body
