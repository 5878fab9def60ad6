"""Which tax policy applies to a seller: one per country, all with the same shape of tax lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from doorstep.domain.invoicing.model.documents import Buyer, DocumentLine, Seller, TaxableLine
from doorstep.domain.invoicing.model.gst import Gst
from doorstep.kernel import errors


class TaxPolicy(Protocol):
    """How a country taxes what is sold: pure, from tax-inclusive amounts to lines with taxes."""

    def place_of_supply(self, buyer: Buyer) -> str:
        """Where the goods are supplied, as the country's tax office writes it."""
        ...

    def tax(self, lines: Sequence[TaxableLine], *, seller: Seller, buyer: Buyer) -> tuple[DocumentLine, ...]:
        """Take the taxes out of tax-inclusive amounts; lines still add up to what was paid."""
        ...


_POLICIES: dict[str, TaxPolicy] = {"IN": Gst()}


def policy_of(country: str) -> TaxPolicy:
    """The tax policy of the seller's country; raises Refused where there is none yet."""
    if country not in _POLICIES:
        raise errors.Refused(f"There is no tax policy for {country}: invoices from there cannot be issued.")
    return _POLICIES[country]
