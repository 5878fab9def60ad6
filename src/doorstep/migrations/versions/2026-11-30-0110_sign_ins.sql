-- A person signs in at a vendor in the browser: what was started, and who connected a connection when.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE connection_sign_ins (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id  bigint NOT NULL REFERENCES connections (id),
    state_digest   text NOT NULL UNIQUE,
    session_digest text,
    started_by     text NOT NULL,
    started_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz
);
CREATE INDEX connection_sign_ins_expires ON connection_sign_ins (expires_at);
COMMENT ON TABLE connection_sign_ins IS 'Sign-ins at vendors that were started: the state that the browser brings back counts once and for ten minutes.';
COMMENT ON COLUMN connection_sign_ins.session_digest IS 'The console session that may finish it; NULL: any session with the permission (started by API or command line).';

ALTER TABLE connection_tokens
    ADD COLUMN refresh_ends_at timestamptz,
    ADD COLUMN connected_at    timestamptz,
    ADD COLUMN connected_by    text NOT NULL DEFAULT '',
    ADD COLUMN account         text NOT NULL DEFAULT '',
    ADD COLUMN scopes          text NOT NULL DEFAULT '';
COMMENT ON COLUMN connection_tokens.refresh_ends_at IS 'When the refresh token ends, where the vendor says so: a person must have connected again by then.';
COMMENT ON COLUMN connection_tokens.account IS 'What the vendor calls the account of the person who signed in.';
