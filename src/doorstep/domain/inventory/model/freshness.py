"""How old our knowledge of a location's stock may be before we say that we do not know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.kernel import errors


@dataclass(frozen=True, slots=True)
class StockSource:
    """A system whose word on a location's stock we depend on (a POS, a WMS); a location without one is counted by us."""

    location_id: int
    name: str
    max_age_seconds: int
    last_heard_at: datetime | None = None

    def is_silent(self, at: datetime) -> bool:
        """Whether it has not been heard for longer than it may be."""
        if self.last_heard_at is None:
            return True
        return at - self.last_heard_at > timedelta(seconds=self.max_age_seconds)


@dataclass(frozen=True, slots=True)
class Word:
    """A source said something about a location's stock, true as of then."""

    location_id: int
    name: str
    at: datetime


def check_source(source: StockSource) -> None:
    """Raise Invalid for a source that could never be found or never be fresh."""
    if not source.name.strip():
        raise errors.Invalid("Give the source the name that its feed carries.", field="name")
    if source.max_age_seconds < 1:
        raise errors.Invalid(
            "Say after how many seconds of silence we no longer know.", field="max_age_seconds"
        )
