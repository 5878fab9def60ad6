"""A SKU: what is sold, weighed, taxed and priced."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.kernel.ids import Sku


@dataclass(frozen=True, slots=True)
class Item:
    """One sellable thing. Price per piece in minor units, tax included; GST rate in basis points (1200 = 12 %)."""

    sku: Sku
    title: str
    style: str
    category: str
    colour: str
    size: str
    barcode: str
    weight_grams: int
    hsn: str
    gst_rate_basis_points: int
    price_minor: int
    currency: str
