"""Reads of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from doorstep.domain.catalog import store
from doorstep.domain.catalog.model import Item
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import Sku


def items(tx: ReadTx, *, skus: Iterable[str]) -> dict[str, Item]:
    """The items of these SKUs that exist, by SKU."""
    return {item.sku: item for item in store.select_items(tx, skus=sorted(set(skus)))}


def known(tx: ReadTx, *, skus: Iterable[str]) -> set[str]:
    """Which of these SKUs the catalogue has."""
    return store.select_known(tx, skus=sorted(set(skus)))


def barcodes(tx: ReadTx, *, skus: Iterable[str]) -> dict[str, Sku]:
    """Barcode to SKU, for these SKUs."""
    return {code: Sku(sku) for code, sku in store.select_barcodes(tx, skus=sorted(set(skus))).items()}
