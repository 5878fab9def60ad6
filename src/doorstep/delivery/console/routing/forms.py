"""Forms of routing rules."""

from __future__ import annotations

from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.kernel.i18n import mark as _m


class Decide(Form):
    """Why a version is activated or restored, and the version that it replaces."""

    why: Annotated[str, required(_m("Enter a reason. It is kept in the history."), max_length=500)]
    instead_of: int | None = None
