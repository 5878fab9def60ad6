"""Invoices stored before tax lines existed are read like new ones after the migration."""

from __future__ import annotations

from pathlib import Path

from psycopg.types.json import Jsonb
from tests.builders import SHIRT, Retailer, line, order_snapshot

import doorstep.migrations
from doorstep.domain.invoicing import views
from doorstep.domain.invoicing.model import TaxLine

(STEP,) = (Path(doorstep.migrations.__file__).parent / "versions").glob("*_tax_lines.sql")
SELLER = {"company": "NotNaked", "gstin": "27AABCN9999N1ZB", "state_code": "MH", "address": "1 Some Road"}
OLD_LINE = {"sku": "GT-WH-02", "title": "T-shirt", "hsn": "6109", "quantity": 1, "gst_rate_basis_points": 500}
LINES = [
    {
        **OLD_LINE,
        "line_no": 1,
        "taxable_minor": 152_190,
        "cgst_minor": 3_805,
        "sgst_minor": 3_805,
        "igst_minor": 0,
    },
    {**OLD_LINE, "line_no": 2, "taxable_minor": 100, "cgst_minor": 0, "sgst_minor": 0, "igst_minor": 5},
]


def test_an_old_document_gets_tax_lines_and_columns(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT)))
    statements = STEP.read_text().partition("-- Documents that were stored")[2].partition("\n")[2]

    def upgrade() -> None:
        with retailer.app.db.write(actor="system") as tx:
            tx.execute("DELETE FROM invoice_taxes")
            tx.execute(
                """
                UPDATE invoices SET document = document || %s
                       || jsonb_build_object('buyer', (document->'buyer') - 'tax_number'::text || '{"gstin": ""}'::jsonb)
                """,
                (Jsonb({"seller": SELLER, "lines": LINES}),),
            )
            tx.connection.execute(statements.encode())

    upgrade()
    (invoice,) = retailer.read(lambda tx: views.of_order(tx, order_id=order_id))
    seller = invoice.document.seller
    assert (seller.tax_number, seller.country, invoice.document.buyer.tax_number) == (
        SELLER["gstin"],
        "IN",
        "",
    )
    assert [line.taxes for line in invoice.document.lines] == [
        (TaxLine("CGST", 25_000, 3_805), TaxLine("SGST", 25_000, 3_805)),
        (TaxLine("IGST", 50_000, 5),),
    ]
    columns = "legal_entity, tax_number, currency, total_minor, tax_minor"
    (row,) = retailer.read(lambda tx: tx.rows(f"SELECT {columns} FROM invoices"))
    assert tuple(row.values()) == ("NotNaked", SELLER["gstin"], "INR", 159_905, 7_615)
    assert retailer.read(lambda tx: tx.value(int, "SELECT count(*) FROM invoice_taxes")) == 3
