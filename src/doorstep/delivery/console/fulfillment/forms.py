"""Forms of the station."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from doorstep.delivery.console.forms import Form, WrongFields, required
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.shipping.model import Packed
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

MOST_PARCELS = 10
_NUMBER = re.compile("[0-9]{1,7}")
_UNITS = re.compile(r"units-(\d{1,2})-(\d{1,6})")


class Scan(Form):
    """One scanned or typed code."""

    code: Annotated[str, required(_m("Scan a barcode, or type the SKU."))]


class Recall(Form):
    """Why released work is to go to another location."""

    why: Annotated[str, required(_m("Enter a reason. The location sees it."), max_length=200)]
    version: int | None = None


class Reject(Form):
    """Why a location cannot do the work."""

    reason: Annotated[RejectReason, required(_m("Choose a reason."))]
    note: str = ""


def parcel_count(text: str) -> int:
    """In how many parcels to pack, as the address or the form says; 1 if it says nothing sensible."""
    return min(int(text), MOST_PARCELS) if _NUMBER.fullmatch(text) else 1


def parcels(values: Mapping[str, str]) -> list[Packed]:
    """What is in each parcel: `units-2-1` are the units of line 1 in parcel 2. Raises WrongFields."""
    count = parcel_count(values.get("parcels", ""))
    units: list[dict[int, int]] = [{} for _number in range(count)]
    for name, value in values.items():
        found = _UNITS.fullmatch(name)
        if found and 1 <= int(found[1]) <= count:
            units[int(found[1]) - 1][int(found[2])] = _number(name, value)
    weights = [
        _number(f"weight-{number}", values.get(f"weight-{number}", "")) for number in range(1, count + 1)
    ]
    return [Packed(each, weight or None) for each, weight in zip(units, weights, strict=True)]


def _number(name: str, value: str) -> int:
    text = value.strip() or "0"
    if not _NUMBER.fullmatch(text):
        raise WrongFields({name: _("Enter a whole number, digits only.")})
    return int(text)
