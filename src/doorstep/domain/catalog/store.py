"""SQL of the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from doorstep.domain.catalog.model import Item, Recipe
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

_COLUMNS = "sku, title, style, category, color, size, barcode, weight_grams, hsn, gst_rate_basis_points, price_minor, currency"


def upsert_items(tx: WriteTx, items: Sequence[Item]) -> None:
    """Create or replace items by SKU."""
    tx.execute(
        f"""
        INSERT INTO skus ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::skus, %s::json)
        ON CONFLICT (sku) DO UPDATE SET (title, style, category, color, size, barcode, weight_grams, hsn,
            gst_rate_basis_points, price_minor, currency) = (excluded.title, excluded.style, excluded.category,
            excluded.color, excluded.size, excluded.barcode, excluded.weight_grams, excluded.hsn,
            excluded.gst_rate_basis_points, excluded.price_minor, excluded.currency)
        """,
        (msgspec.json.encode(items).decode(),),
    )


def select_items(tx: ReadTx, *, skus: Sequence[str]) -> list[Item]:
    """The items of these SKUs that exist."""
    return tx.all(Item, f"SELECT {_COLUMNS} FROM skus WHERE sku = ANY(%s)", (list(skus),))


def select_known(tx: ReadTx, *, skus: Sequence[str]) -> set[str]:
    """Which of these SKUs exist."""
    return set(tx.column(str, "SELECT sku FROM skus WHERE sku = ANY(%s)", (list(skus),)))


def select_all_skus(tx: ReadTx) -> list[Sku]:
    """All SKUs, in order."""
    return tx.column(Sku, "SELECT sku FROM skus ORDER BY sku")


def select_alike(tx: ReadTx, *, names: Sequence[str]) -> list[tuple[str, str]]:
    """Names with each SKU that has it as its barcode, or has the same letters."""
    rows = tx.rows(
        """
        SELECT n.name, s.sku FROM unnest(%s::text[]) AS n (name)
          JOIN skus s ON s.barcode = n.name OR lower(s.sku) = lower(btrim(n.name)) ORDER BY 1, 2
        """,
        (list(names),),
    )
    return [(str(row["name"]), str(row["sku"])) for row in rows]


@dataclass(frozen=True, slots=True)
class SkuAttributes:
    """The attributes of a SKU that routing needs."""

    sku: Sku
    weight_grams: int
    category: str
    style: str


def select_attributes(tx: ReadTx, *, skus: Sequence[str]) -> dict[Sku, SkuAttributes]:
    """The attributes of those of these SKUs that exist."""
    sql = "SELECT sku, weight_grams, category, style FROM skus WHERE sku = ANY(%s)"
    return {each.sku: each for each in tx.all(SkuAttributes, sql, (list(skus),))}


def select_of_styles(tx: ReadTx, *, styles: Sequence[str]) -> list[SkuAttributes]:
    """Every SKU of these styles."""
    sql = "SELECT sku, weight_grams, category, style FROM skus WHERE style = ANY(%s) AND style <> '' ORDER BY sku"
    return tx.all(SkuAttributes, sql, (list(styles),))


def select_barcodes(tx: ReadTx, *, skus: Sequence[str]) -> dict[str, str]:
    """Barcode to SKU, for these SKUs."""
    rows = tx.rows("SELECT barcode, sku FROM skus WHERE sku = ANY(%s) AND barcode <> ''", (list(skus),))
    return {str(row["barcode"]): str(row["sku"]) for row in rows}


@dataclass(frozen=True, slots=True)
class PartRow:
    """A component of a kit or B-grade SKU."""

    sku: Sku
    part_sku: Sku
    condition: str
    quantity: int


def select_parts(tx: ReadTx, *, skus: Sequence[str]) -> list[PartRow]:
    """The components of these SKUs; ordinary SKUs have no rows."""
    return tx.all(
        PartRow,
        "SELECT sku, part_sku, condition, quantity FROM sku_parts WHERE sku = ANY(%s) ORDER BY sku, part_sku, condition",
        (list(skus),),
    )


def copy_parts(tx: ReadTx) -> Iterator[bytes]:
    """Every recipe as CSV, the rows of a SKU together."""
    return tx.copy_out(
        """
        COPY (SELECT sku, part_sku, condition, quantity FROM sku_parts ORDER BY sku, part_sku, condition)
             TO STDOUT WITH (FORMAT csv, HEADER)
        """,
        {},
    )


def select_made_of(tx: ReadTx, *, skus: Sequence[str]) -> set[str]:
    """Kits and B-grade SKUs with one of these as a component."""
    return set(tx.column(str, "SELECT DISTINCT sku FROM sku_parts WHERE part_sku = ANY(%s)", (list(skus),)))


def select_made_and_used(tx: ReadTx, *, besides: Sequence[str]) -> tuple[set[str], set[str]]:
    """All SKUs with components, and all components, without the recipes of `besides`."""
    rows = tx.rows("SELECT sku, part_sku FROM sku_parts WHERE sku <> ALL(%s)", (list(besides),))
    return {str(row["sku"]) for row in rows}, {str(row["part_sku"]) for row in rows}


def replace_recipes(tx: WriteTx, recipes: Sequence[Recipe]) -> None:
    """Replace recipes."""
    delete_recipes(tx, skus=[recipe.sku for recipe in recipes])
    tx.copy(
        "COPY sku_parts (sku, part_sku, condition, quantity) FROM STDIN",
        [
            (recipe.sku, part.sku, part.condition, part.quantity)
            for recipe in recipes
            for part in recipe.parts
        ],
    )


def delete_recipes(tx: WriteTx, *, skus: Sequence[str]) -> None:
    """Delete recipes."""
    tx.execute("DELETE FROM sku_parts WHERE sku = ANY(%s)", (list(skus),))
