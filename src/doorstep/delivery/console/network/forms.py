"""Forms of the network."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.kernel.i18n import mark as _m


class Outage(Form):
    """A carrier that takes no parcels for a while; `until` is local time."""

    carrier: Annotated[str, required(_m("Choose a carrier."))]
    reason: Annotated[str, required(_m("Enter a reason."), max_length=200)]
    until: datetime | None = None


class Pause(Form):
    """A location that gets no new work for a while; `until` is the location's local time."""

    reason: Annotated[str, required(_m("Enter a reason. It appears in routing decisions."), max_length=200)]
    until: datetime | None = None
