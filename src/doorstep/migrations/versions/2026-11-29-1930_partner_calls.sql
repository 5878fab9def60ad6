-- What all processes share about the calls to a partner: access tokens, the vendor's rate limits, and whether calls are held
-- back because the partner keeps failing.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE connection_tokens (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections (id),
    scope         text NOT NULL DEFAULT '',
    sealed        bytea NOT NULL,
    expires_at    timestamptz,
    refreshed_at  timestamptz NOT NULL,
    by_person     boolean NOT NULL DEFAULT false,
    error         text,
    UNIQUE (connection_id, scope)
);
COMMENT ON TABLE connection_tokens IS 'Access tokens of connections, sealed with the master key; one process fetches one at a time.';
COMMENT ON COLUMN connection_tokens.by_person IS 'A person signed in at the vendor for it: new settings do not end it.';
COMMENT ON COLUMN connection_tokens.error IS 'Why the vendor gives no token any more: a person must connect again, and nobody asks until then.';

CREATE TABLE call_budgets (
    connection       text NOT NULL,
    operation        text NOT NULL,
    next_at          timestamptz NOT NULL,
    blocked_until    timestamptz,
    interval_seconds double precision,
    holder           uuid,
    PRIMARY KEY (connection, operation)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE call_budgets IS 'Rate limits that all processes share: when the bucket of an operation is full again.';
COMMENT ON COLUMN call_budgets.interval_seconds IS 'Seconds per call as the vendor''s last answer said; NULL: as the connector declares.';
COMMENT ON COLUMN call_budgets.holder IS 'Whoever took the last slot: shows a process whether its request was granted.';

CREATE TABLE partner_circuits (
    connection text PRIMARY KEY,
    failures   integer NOT NULL,
    open_until timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE partner_circuits IS 'Failures in a row per connection; from the policy''s number on, calls wait until open_until, then one is tried.';
