"""Read the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from doorstep.domain.catalog import model, store
from doorstep.domain.catalog.model import Item, Part
from doorstep.domain.catalog.store import SkuAttributes
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import Sku

__all__ = ["SkuAttributes"]


def items(tx: ReadTx, *, skus: Iterable[str]) -> dict[str, Item]:
    """The items of these SKUs that exist, by SKU."""
    return {item.sku: item for item in store.select_items(tx, skus=sorted(set(skus)))}


def every_sku(tx: ReadTx) -> list[Sku]:
    """All SKUs, in order."""
    return store.select_all_skus(tx)


def known(tx: ReadTx, *, skus: Iterable[str]) -> set[str]:
    """Which of these SKUs the catalog has."""
    return store.select_known(tx, skus=sorted(set(skus)))


def attributes(tx: ReadTx, *, skus: Iterable[str]) -> dict[Sku, SkuAttributes]:
    """Weight, category and style of those of these SKUs that exist."""
    return store.select_attributes(tx, skus=sorted(set(skus)))


def of_styles(tx: ReadTx, *, styles: Iterable[str]) -> dict[str, list[Sku]]:
    """The SKUs (sizes, colors) of each of these styles."""
    found: dict[str, list[Sku]] = {}
    for each in store.select_of_styles(tx, styles=sorted(set(styles))):
        found.setdefault(each.style, []).append(each.sku)
    return found


def barcodes(tx: ReadTx, *, skus: Iterable[str]) -> dict[str, Sku]:
    """Barcode to SKU, for these SKUs."""
    return {code: Sku(sku) for code, sku in store.select_barcodes(tx, skus=sorted(set(skus))).items()}


def alike(tx: ReadTx, *, names: Iterable[str]) -> dict[str, str]:
    """The SKU that each of these names most likely is: the only one with this barcode or, but for case, this name."""
    found: dict[str, set[str]] = {}
    for name, sku in store.select_alike(tx, names=sorted(set(names))):
        found.setdefault(name, set()).add(sku)
    return {name: next(iter(skus)) for name, skus in found.items() if len(skus) == 1}


def parts(tx: ReadTx, *, skus: Iterable[str]) -> dict[Sku, tuple[Part, ...]]:
    """The components of one unit of each SKU: ordinary SKUs are their own component."""
    wanted = sorted(set(skus))
    found: dict[Sku, list[Part]] = {}
    for row in store.select_parts(tx, skus=wanted):
        found.setdefault(row.sku, []).append(Part(row.part_sku, row.condition, row.quantity))
    return {Sku(sku): tuple(found[Sku(sku)]) if sku in found else model.itself(Sku(sku)) for sku in wanted}


def parts_file(tx: ReadTx) -> Iterator[bytes]:
    """All recipes as CSV that can be imported again."""
    return store.copy_parts(tx)


def made_of(tx: ReadTx, *, skus: Iterable[str]) -> set[str]:
    """Kits and B-grade SKUs with one of these as a component."""
    return store.select_made_of(tx, skus=sorted(set(skus)))
