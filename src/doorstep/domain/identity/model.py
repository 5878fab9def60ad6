"""Roles and permissions: one table for console and API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId


class Role(StrEnum):
    """A role of a user or API client."""

    ADMINISTRATOR = "administrator"
    OPERATIONS = "operations"
    LOCATION_STAFF = "location_staff"
    READ_ONLY = "read_only"


class Permission(StrEnum):
    """A permission."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    FULFILLMENT_READ = "fulfillment:read"
    FULFILLMENT_WRITE = "fulfillment:write"
    INVENTORY_READ = "inventory:read"
    INVENTORY_WRITE = "inventory:write"
    STOCK_WORK = "stock:work"
    RESERVATIONS_WRITE = "reservations:write"
    RULES_READ = "rules:read"
    RULES_WRITE = "rules:write"
    RETURNS_READ = "returns:read"
    RETURNS_WRITE = "returns:write"
    DEAD_LETTERS_READ = "dead_letters:read"
    DEAD_LETTERS_WRITE = "dead_letters:write"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    USERS_WRITE = "users:write"


_READS = frozenset(permission for permission in Permission if permission.value.endswith(":read"))

# The table. Location staff see and do only what is at their location (see `may`).
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.OPERATIONS: _READS
    | {
        Permission.ORDERS_WRITE,
        Permission.FULFILLMENT_WRITE,
        Permission.INVENTORY_WRITE,
        Permission.STOCK_WORK,
        Permission.RESERVATIONS_WRITE,
        Permission.RULES_WRITE,
        Permission.RETURNS_WRITE,
        Permission.DEAD_LETTERS_WRITE,
    },
    Role.LOCATION_STAFF: frozenset(
        {
            Permission.ORDERS_READ,
            Permission.FULFILLMENT_READ,
            Permission.FULFILLMENT_WRITE,
            Permission.INVENTORY_READ,
            Permission.STOCK_WORK,
            Permission.RETURNS_READ,
            Permission.RETURNS_WRITE,
        }
    ),
    Role.READ_ONLY: _READS - {Permission.DEAD_LETTERS_READ},
}


class NotAllowed(errors.Refused):
    """The actor's role or location does not permit this; `data.permission` names the permission."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated user or API client. `actor` is recorded on its events, such as user:7 or api:3."""

    actor: str
    name: str
    role: Role
    location_id: LocationId | None = None

    def can(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    @property
    def is_bound(self) -> bool:
        """Whether this principal is limited to one location."""
        return self.role is Role.LOCATION_STAFF

    def require(self, permission: Permission, *, at: LocationId | None = None) -> None:
        """Raise NotAllowed unless this principal may do it at location `at`."""
        if not self.can(permission):
            raise NotAllowed(
                f"Your role ({self.role.value}) does not permit {permission.value}.",
                permission=permission.value,
            )
        if self.is_bound and at is not None and at != self.location_id:
            raise NotAllowed("This belongs to another location.", permission=permission.value)

    def require_for(self, permission: Permission, *, record_at: LocationId | None) -> None:
        """Raise NotAllowed unless this principal may do it to a record at a location; one without a location is not theirs."""
        self.require(permission, at=record_at)
        if self.is_bound and record_at is None:
            raise NotAllowed("This belongs to no location yet.", permission=permission.value)
