-- The newest messages of a connection, also among millions of others; and what the last check of a connection found.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX inbox_received ON inbox (connection_id, received_at, id);

CREATE TABLE connection_checks (
    connection_id bigint PRIMARY KEY REFERENCES connections (id),
    checked_at    timestamptz NOT NULL,
    findings      jsonb NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE connection_checks IS 'What the last check of a connection found, on save, once a day, or when a person asked.';
COMMENT ON COLUMN connection_checks.findings IS 'A list of {name, is_ok, message}: what was looked at, and what is wrong with it.';
