"""Forms of connections."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.connections.model import Mode
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.model.readiness import CatchUp
from doorstep.kernel.i18n import mark as _m


class Switch(Form):
    """The mode to switch to."""

    mode: Mode


class GoLive(Form):
    """What becomes of the kept calls, and that the person has seen what speaks against going live."""

    catch_up: CatchUp = CatchUp.LATER
    confirmed: bool = False


class BackFill(Form):
    """Which feed, from which day (UTC), until which day (now if it is blank)."""

    feed: Annotated[str, required(_m("Choose a feed."))]
    since: Annotated[date, required(_m("Choose the first day."))]
    until: date | None = None


class MapForm(Form):
    """A vendor's name and ours, and what they are names of."""

    kind: MapKind
    external: Annotated[str, required(_m("Enter the vendor's name."), max_length=200)]
    ours: Annotated[str, required(_m("Choose ours."), max_length=200)]


class New(Form):
    """A new connection; its settings are read by the connector."""

    connector: Annotated[str, required(_m("Choose a connector."))]
    key: Annotated[str, required(_m("Enter a key."), max_length=63)]
    name: str = ""
