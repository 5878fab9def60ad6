"""Forms of users and API keys."""

from __future__ import annotations

from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.identity.model import Role
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import LocationId


class Access(Form):
    """A name, a role and, for location staff, a location."""

    name: Annotated[str, required(_m("Enter a name."), max_length=200)]
    role: Annotated[Role, required(_m("Choose a role."))]
    location_id: int | None = None

    @property
    def bound_to(self) -> LocationId | None:
        """The location of staff; other roles have none."""
        if self.role is not Role.LOCATION_STAFF or self.location_id is None:
            return None
        return LocationId(self.location_id)


class User(Access):
    """A new user."""

    email: Annotated[str, required(_m("Enter an e-mail address."))]
    password: Annotated[str, required(_m("Enter a password of at least 12 characters."))]


class Password(Form):
    """A new password."""

    password: Annotated[str, required(_m("Enter a password of at least 12 characters."))]
