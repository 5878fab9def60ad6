"""The tree of errors: one root, five kinds; concrete errors stand beside the verb that raises them.

DoorstepError
├── Invalid       the input is wrong and stays wrong: say what to change
├── NotFound      what was asked for does not exist
├── Conflict      the state changed meanwhile: reload
├── Refused       understood and valid, but not allowed now
└── Unavailable   a partner or the database does not answer: try again later
"""

from __future__ import annotations

from typing import ClassVar


class DoorstepError(Exception):
    """Root of every expected failure. `data` is shown to the caller and must hold no secret."""

    error_class: ClassVar[str] = "data"  # of a dead letter: transient, data, auth or bug

    def __init__(self, message: str, **data: object) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Invalid(DoorstepError):  # noqa: N818 - kinds are adjectives
    """The input is wrong and stays wrong; `field` names the field, if there is one."""


class NotFound(DoorstepError):  # noqa: N818 - kinds are adjectives
    """What was asked for does not exist (or not for this actor)."""


class Conflict(DoorstepError):  # noqa: N818 - kinds are adjectives
    """The state changed; `data` has the fresh state where there is one."""


class Refused(DoorstepError):  # noqa: N818 - kinds are adjectives
    """Not allowed now, by a rule that the message names."""


class Unavailable(DoorstepError):  # noqa: N818 - kinds are adjectives
    """A partner or the database does not answer; the same call may succeed later.

    `maybe_done` says whether the call may have had its effect although no answer came.
    """

    error_class: ClassVar[str] = "transient"
    maybe_done: bool = False

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, **data: object) -> None:
        super().__init__(message, **data)
        self.retry_after_seconds = retry_after_seconds
