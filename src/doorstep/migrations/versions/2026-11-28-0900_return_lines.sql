-- A customer may send units of one order line back for two reasons: each is a line of the return, numbered within it.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE return_lines ADD COLUMN return_line_no bigint NOT NULL DEFAULT 1;
UPDATE return_lines SET return_line_no = line_no;
-- squawk-ignore ban-drop-constraint
ALTER TABLE return_lines DROP CONSTRAINT return_lines_pkey;
-- Few rows, in the transaction that dropped the old key: nothing can slip in between.
-- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field, disallowed-unique-constraint
ALTER TABLE return_lines ADD PRIMARY KEY (return_id, return_line_no);
COMMENT ON COLUMN return_lines.return_line_no IS 'Number of the line within its return; line_no is the line of the order.';
