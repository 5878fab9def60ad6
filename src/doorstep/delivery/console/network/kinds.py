"""Names of the types of locations: one of them, and all of a type."""

from __future__ import annotations

from collections.abc import Mapping

from doorstep.domain.network.model import LocationKind
from doorstep.kernel.i18n import mark as _m

KINDS = {
    LocationKind.WAREHOUSE: _m("Warehouse"),
    LocationKind.STORE: _m("Store"),
    LocationKind.DARK_STORE: _m("Dark store"),
    LocationKind.THIRD_PARTY: _m("3PL"),
}
ALL_OF_KIND: Mapping[str, str] = {
    LocationKind.WAREHOUSE: _m("All warehouses"),
    LocationKind.STORE: _m("All stores"),
    LocationKind.DARK_STORE: _m("All dark stores"),
    LocationKind.THIRD_PARTY: _m("All 3PLs"),
}
