"""Reject unknown SKUs by name, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable

from doorstep.domain.inventory.model import UnknownPosition
from doorstep.domain.inventory.store import claims as store
from doorstep.kernel.db import ReadTx


def require_known(tx: ReadTx, *, skus: Iterable[str]) -> None:
    """Raise UnknownPosition for the SKUs that do not exist."""
    wanted = sorted(set(skus))
    unknown = sorted(set(wanted) - store.select_known(tx, skus=wanted))
    if unknown:
        shown = ", ".join(unknown[:10]) + (f" and {len(unknown) - 10} more" if len(unknown) > 10 else "")  # noqa: PLR2004 - a sentence's length
        raise UnknownPosition(f"The catalog does not have {shown}.", skus=unknown[:100])
