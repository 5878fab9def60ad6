"""Stock sources: how old an update may be before availability is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.kernel import errors


@dataclass(frozen=True, slots=True)
class StockSource:
    """A system whose updates a location's stock depends on (a POS, a WMS); a location without one is counted by us."""

    location_id: int
    name: str
    max_age_seconds: int
    last_update_at: datetime | None = None

    def is_silent(self, at: datetime) -> bool:
        """Whether its last update is older than allowed."""
        if self.last_update_at is None:
            return True
        return at - self.last_update_at > timedelta(seconds=self.max_age_seconds)


@dataclass(frozen=True, slots=True)
class SourceUpdate:
    """An update of a location's stock by a source, true at that time."""

    location_id: int
    name: str
    at: datetime


def check_source(source: StockSource) -> None:
    """Raise Invalid for a source without a name or with an impossible limit."""
    if not source.name.strip():
        raise errors.Invalid("Enter the name that the source's feed carries.", field="name")
    if source.max_age_seconds < 1:
        raise errors.Invalid(
            "Enter after how many seconds without an update availability is unknown.", field="max_age_seconds"
        )
