"""What a check of a connection looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.kernel.message import Message


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One thing that was looked at. `message` says what was found; where it is wrong, what to do."""

    name: Message
    is_ok: bool
    message: Message


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The webhooks that a vendor sends to us: topics that were there, and those that were missing and are set up now."""

    present: tuple[str, ...]
    added: tuple[str, ...]
