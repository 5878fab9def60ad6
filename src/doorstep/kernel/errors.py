"""The tree of errors: one root, five kinds; concrete errors live beside the verb that raises them.

DoorstepError
├── Invalid       the input is wrong and stays wrong: say what to change
├── NotFound      the thing asked for does not exist
├── Conflict      it was true when you looked, it is no longer: look again
├── Refused       understood, legal in form, but not allowed now
└── Unavailable   somebody else is not answering: try again later
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
    """The input is wrong and stays wrong; `field` says where, if one place is to blame."""


class NotFound(DoorstepError):  # noqa: N818 - kinds are adjectives
    """What was asked for does not exist (or not for this actor)."""


class Conflict(DoorstepError):  # noqa: N818 - kinds are adjectives
    """The state moved on; `data` carries the fresh state where there is one."""


class Refused(DoorstepError):  # noqa: N818 - kinds are adjectives
    """Not allowed now, by a rule that the message names."""


class Unavailable(DoorstepError):  # noqa: N818 - kinds are adjectives
    """A partner, or the database, is not answering; the same call may go through later.

    `maybe_done` tells whether the call may have had its effect although no answer came.
    """

    error_class: ClassVar[str] = "transient"
    maybe_done: bool = False

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, **data: object) -> None:
        super().__init__(message, **data)
        self.retry_after_seconds = retry_after_seconds
