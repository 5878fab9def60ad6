"""List the partners, and build them from one configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from doorstep_sandbox.amazon.partner import Amazon
from doorstep_sandbox.erpnext.partner import ErpNext
from doorstep_sandbox.frame.partner import Partner
from doorstep_sandbox.frame.serve import Fleet
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.parcel3pl.partner import Parcel3pl
from doorstep_sandbox.razorpay.partner import Razorpay
from doorstep_sandbox.shiphawk.partner import ShipHawk
from doorstep_sandbox.shiprocket.partner import Shiprocket
from doorstep_sandbox.shopify.partner import Shopify
from doorstep_sandbox.smtp.partner import Smtp
from doorstep_sandbox.whatsapp.partner import WhatsApp

PARTNERS: dict[str, type[Partner]] = {
    partner.name: partner
    for partner in (Shopify, ShipHawk, Shiprocket, Razorpay, ErpNext, Smtp, WhatsApp, Amazon, Parcel3pl)
}


def fleet(config: Json, names: Sequence[str] = (), state_dir: Path | None = None) -> Fleet:
    """The named partners (without names: all), each with its section of `config`; top-level values are shared."""
    shared = {key: value for key, value in config.items() if key not in PARTNERS and key != "control_token"}
    if state_dir:
        state_dir.mkdir(parents=True, exist_ok=True)
    partners = [
        PARTNERS[name](
            {**shared, **config.get(name, {})},
            state_file=state_dir / f"{name}.json" if state_dir else None,
        )
        for name in names or PARTNERS
    ]
    return Fleet(partners, token=config.get("control_token"))
