"""Parse responses into types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from doorstep.kernel import errors, parsing
from doorstep.kernel.http.responses import Response, Unanswered

Shape = TypeVar("Shape")


def shaped(response: Response, shape: type[Shape]) -> Shape:
    """The body as a msgspec type. Raises Unanswered if it is something else."""
    return _or_unanswered(response, lambda: parsing.shaped(response.json(), shape))


def read(response: Response, shape: type[Shape]) -> Shape:
    """The same for a type that keeps parts of the body as they came (msgspec.Raw)."""
    return _or_unanswered(response, lambda: parsing.read(response.body, shape))


def _or_unanswered(response: Response, work: Callable[[], Shape]) -> Shape:
    try:
        return work()
    except errors.Invalid as problem:
        raise Unanswered(
            f"The answer has an unexpected shape: {problem.message}",
            maybe_done=not response.reads,
            field=problem.data.get("field", ""),
        ) from problem
