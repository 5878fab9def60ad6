-- Between the change here and the change at the vendor, messages are signed with the former secret: it verifies for a day more.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE former_secrets (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL UNIQUE REFERENCES connections (id),
    sealed        bytea NOT NULL,
    good_until    timestamptz NOT NULL
);
COMMENT ON TABLE former_secrets IS 'Secrets that a connection had before, sealed: webhooks signed with them are taken until good_until.';
