"""SQL of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from doorstep.domain.catalog.model import Item
from doorstep.kernel.db import ReadTx, WriteTx

_COLUMNS = "sku, title, style, category, colour, size, barcode, weight_grams, hsn, gst_rate_basis_points, price_minor, currency"


def upsert_items(tx: WriteTx, items: Sequence[Item]) -> None:
    """Create or replace items by SKU."""
    tx.execute(
        f"""
        INSERT INTO skus ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::skus, %s::json)
        ON CONFLICT (sku) DO UPDATE SET (title, style, category, colour, size, barcode, weight_grams, hsn,
            gst_rate_basis_points, price_minor, currency) = (excluded.title, excluded.style, excluded.category,
            excluded.colour, excluded.size, excluded.barcode, excluded.weight_grams, excluded.hsn,
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


def select_barcodes(tx: ReadTx, *, skus: Sequence[str]) -> dict[str, str]:
    """Barcode to SKU, for these SKUs."""
    rows = tx.rows("SELECT barcode, sku FROM skus WHERE sku = ANY(%s) AND barcode <> ''", (list(skus),))
    return {str(row["barcode"]): str(row["sku"]) for row in rows}
