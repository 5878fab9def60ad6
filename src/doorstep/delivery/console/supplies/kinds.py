"""Names of the documents that announce supply."""

from __future__ import annotations

from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.kernel.i18n import mark as _m

KINDS = {
    SupplyKind.PURCHASE_ORDER: _m("Purchase order"),
    SupplyKind.TRANSFER: _m("Transfer"),
    SupplyKind.ASN: _m("Advance shipping notice"),
    SupplyKind.PRODUCTION: _m("Production order"),
}
