-- One row. key_fingerprint recognizes a process with another secret key (empty: nothing was sealed since this step).
-- oldest_revision is the oldest schema revision whose code works on this schema, so that old and new code run side by side.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '1min';

CREATE TABLE installation (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    key_fingerprint text NOT NULL DEFAULT '',
    oldest_revision text NOT NULL DEFAULT ''
);
INSERT INTO installation DEFAULT VALUES;
