-- What a connection reads by itself: feeds (by the clock, from a stored position), back-fills (the same, with an end, after
-- everything else) and hints (a message named a resource; it is fetched). What is read is stored in the inbox like a webhook.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE inbox ADD COLUMN is_background boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN inbox.is_background IS 'History that is filled in: read after everything else.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX inbox_due_live_first ON inbox (is_background, run_at, id) WHERE state = 0;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX inbox_due;

CREATE TABLE feed_readings (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id     bigint NOT NULL REFERENCES connections (id),
    feed              text NOT NULL,
    state             text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'done', 'canceled')),
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz CHECK (ends_at > starts_at),
    watermark_at      timestamptz NOT NULL,
    window_since      timestamptz,
    window_until      timestamptz,
    page_token        text NOT NULL DEFAULT '',
    newest_at         timestamptz,
    due_at            timestamptz NOT NULL DEFAULT now(),
    lease             bigint NOT NULL DEFAULT 0,
    leased_until      timestamptz,
    failures          integer NOT NULL DEFAULT 0,
    error             text,
    error_class       text,
    documents         bigint NOT NULL DEFAULT 0,
    new_documents     bigint NOT NULL DEFAULT 0,
    missing_documents bigint NOT NULL DEFAULT 0,
    last_started_at   timestamptz,
    last_succeeded_at timestamptz,
    last_document_at  timestamptz,
    reconciled_until  timestamptz,
    requested_by      text NOT NULL DEFAULT 'system',
    created_at        timestamptz NOT NULL DEFAULT business_now(),
    finished_at       timestamptz
) WITH (fillfactor = 70);
COMMENT ON TABLE feed_readings IS 'How far each feed of a connection has been read; with ends_at it is a back-fill of history.';
COMMENT ON COLUMN feed_readings.watermark_at IS 'Everything before it has been read, in the vendor''s time; it never moves back.';
COMMENT ON COLUMN feed_readings.page_token IS 'Where the window goes on; stored together with the page before it.';
COMMENT ON COLUMN feed_readings.lease IS 'Grows with every lease; a process whose lease is over cannot store its result.';
COMMENT ON COLUMN feed_readings.missing_documents IS 'Found by comparing complete hours with what had been stored, and fetched.';
CREATE UNIQUE INDEX feed_readings_live ON feed_readings (connection_id, feed) WHERE ends_at IS NULL;
CREATE INDEX feed_readings_due ON feed_readings (due_at) WHERE state = 'running';

CREATE TABLE fetches (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections (id),
    feed          text NOT NULL,
    external_id   text NOT NULL,
    wanted        bigint NOT NULL DEFAULT 1,
    attempts      integer NOT NULL DEFAULT 0,
    run_at        timestamptz NOT NULL DEFAULT now(),
    leased_until  timestamptz,
    error         text,
    error_class   text,
    asked_at      timestamptz NOT NULL DEFAULT business_now(),
    UNIQUE (connection_id, feed, external_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE fetches IS 'Resources that a hint named, to be fetched from the vendor; hints for one resource are one row. One that fails for good becomes a dead message of the inbox.';
COMMENT ON COLUMN fetches.wanted IS 'Grows with every hint: one that comes while the resource is fetched has it fetched again.';
CREATE INDEX fetches_due ON fetches (run_at, id);
