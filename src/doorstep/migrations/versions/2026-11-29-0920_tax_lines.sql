-- Taxes of any kind, and the legal entity, as columns beside the document: GST, VAT and sales tax have one shape.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE invoices
    ADD COLUMN legal_entity text NOT NULL DEFAULT '',
    ADD COLUMN tax_number text NOT NULL DEFAULT '',
    ADD COLUMN currency text NOT NULL DEFAULT '',
    ADD COLUMN total_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN tax_minor bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN invoices.legal_entity IS 'The company that sells, as the document names it.';
COMMENT ON COLUMN invoices.tax_number IS 'Its registration where the goods left from: GSTIN, VAT number.';

CREATE TABLE invoice_taxes (
    invoice_id        bigint NOT NULL REFERENCES invoices (id),
    line_no           bigint NOT NULL,
    kind              text NOT NULL,
    rate_ppm          bigint NOT NULL CHECK (rate_ppm >= 0),
    taxable_minor     bigint NOT NULL,
    amount_minor      bigint NOT NULL,
    PRIMARY KEY (invoice_id, line_no, kind)
);
COMMENT ON TABLE invoice_taxes IS 'Each tax on each line of an invoice or credit note; kinds as the tax office calls them.';

-- Documents that were stored with columns for CGST, SGST and IGST get a list of taxes.
UPDATE invoices i SET document = i.document - 'seller' - 'buyer' - 'lines' || jsonb_build_object(
    'seller', (i.document->'seller') - 'gstin'
              || jsonb_build_object('tax_number', i.document->'seller'->'gstin', 'country', 'IN'),
    'buyer', (i.document->'buyer') - 'gstin' || jsonb_build_object('tax_number', i.document->'buyer'->'gstin'),
    'lines', (SELECT coalesce(jsonb_agg(l - '{gst_rate_basis_points,cgst_minor,sgst_minor,igst_minor}'::text[]
                  || jsonb_build_object('taxes', (
                     SELECT coalesce(jsonb_agg(jsonb_build_object('kind', t.kind, 'amount_minor', (l->>t.name)::bigint,
                                'rate_ppm', (l->>'gst_rate_basis_points')::bigint * 100 / t.parts) ORDER BY t.turn), '[]')
                       FROM (VALUES (1, 'CGST', 'cgst_minor', 2), (2, 'SGST', 'sgst_minor', 2), (3, 'IGST', 'igst_minor', 1))
                            AS t(turn, kind, name, parts)
                      WHERE (l->>t.name)::bigint <> 0)) ORDER BY turn), '[]')
                FROM jsonb_array_elements(i.document->'lines') WITH ORDINALITY AS e(l, turn)))
 WHERE i.document->'seller' ? 'gstin';

INSERT INTO invoice_taxes (invoice_id, line_no, kind, rate_ppm, taxable_minor, amount_minor)
SELECT i.id, (l->>'line_no')::bigint, t->>'kind', max((t->>'rate_ppm')::bigint),
       sum((l->>'taxable_minor')::bigint), sum((t->>'amount_minor')::bigint)
  FROM invoices i, jsonb_array_elements(i.document->'lines') l, jsonb_array_elements(l->'taxes') t
 GROUP BY i.id, l->>'line_no', t->>'kind';
UPDATE invoices i SET legal_entity = i.document->'seller'->>'company', tax_number = i.document->'seller'->>'tax_number',
       currency = i.document->>'currency', tax_minor = sums.tax, total_minor = sums.taxable + sums.tax
  FROM (SELECT n.id, coalesce(sum((l->>'taxable_minor')::bigint), 0) AS taxable,
               coalesce(sum((SELECT sum((t->>'amount_minor')::bigint) FROM jsonb_array_elements(l->'taxes') t)), 0) AS tax
          FROM invoices n LEFT JOIN LATERAL jsonb_array_elements(n.document->'lines') l ON true GROUP BY n.id) sums
 WHERE sums.id = i.id;
