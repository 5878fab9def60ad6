"""How a call ends that a partner takes now and finishes later. Pure: ports are written with these types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Pending:
    """The partner has taken the call and has not finished it: ask for `handle` again after this time.

    It is no failure, opens no circuit and uses up no attempt. Repeating the call with the same reference of ours gives
    the same handle.
    """

    handle: str
    check_after: timedelta


@dataclass(frozen=True, slots=True)
class Done:
    """The partner has finished: what the call would have answered at once.

    Of a call about many things `refused` has those that the partner did not take, by our name, and why.
    """

    answer: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The partner has finished and refuses: a person must act, then the call is made anew."""

    reason: str


@runtime_checkable
class Followed(Protocol):
    """A connector whose calls may be pending. Raises kernel errors; Unavailable is asked again."""

    def check(self, handle: str) -> Done | Failed | Pending:
        """How the call with this handle stands. What was done stays done however often it is asked for."""
        ...
