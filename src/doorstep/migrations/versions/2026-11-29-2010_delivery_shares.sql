-- Deliveries know their connection, so that leases are shared out fairly, and may be pending at a partner.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE deliveries
    ADD COLUMN connection_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN handle text,
    ADD COLUMN pending_since timestamptz,
    ADD COLUMN forgiven integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN deliveries.connection_id IS 'The connection that it will call. 0: not looked up yet, -1: it calls no partner, -2: none was found.';
COMMENT ON COLUMN deliveries.handle IS 'The partner has taken the call and has not finished: what to ask for the end. run_at is the next time to ask.';
COMMENT ON COLUMN deliveries.forgiven IS 'Attempts until the partner last answered that it has not finished: they do not count as failures.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX deliveries_connection ON deliveries (connection_id, subscriber, run_at, id) WHERE state = 0 AND connection_id <> -1;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX deliveries_pending ON deliveries (connection_id, pending_since) WHERE pending_since IS NOT NULL;

CREATE TABLE queue_minutes (
    queue  text NOT NULL,
    minute timestamptz NOT NULL,
    done   bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (queue, minute)
) WITH (fillfactor = 80);
COMMENT ON TABLE queue_minutes IS 'How many items of each queue workers finished, and how many attempts failed, by minute; kept for two days.';
