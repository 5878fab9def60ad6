-- Units of one return may have been invoiced on several invoices: each of them is credited by a note of its own.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore-file require-concurrent-index-deletion, require-concurrent-index-creation
DROP INDEX invoices_return;
CREATE UNIQUE INDEX invoices_return ON invoices (return_id, (document->>'against_reference')) WHERE kind = 'credit_note';
