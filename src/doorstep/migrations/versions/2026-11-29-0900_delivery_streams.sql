-- Deliveries know the stream of their event; a call that was only shadowed is kept until somebody sends or drops it.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE deliveries
    ADD COLUMN stream text NOT NULL DEFAULT 'order',
    ADD COLUMN shadowed_connection text,
    ADD COLUMN would_send jsonb;
COMMENT ON COLUMN deliveries.key IS 'Id within the stream; deliveries of one subscriber come in order per stream and id.';
COMMENT ON COLUMN deliveries.shadowed_connection IS 'State 4: key of the connection in shadow mode that did not make the call.';
UPDATE deliveries d SET stream = e.stream FROM events e WHERE e.position = d.event_position AND e.stream <> 'order';

-- squawk-ignore ban-drop-constraint
ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_check;
-- Done deliveries are deleted: the table is short, and the scan that the new check needs is too.
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_check CHECK (state IN (0, 1, 3, 4));
COMMENT ON TABLE deliveries IS 'What each subscriber still has to do: state 0 ready, 1 leased, 3 dead, 4 shadowed. Done rows are deleted.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX deliveries_shadowed ON deliveries (shadowed_connection, id) WHERE state = 4;

CREATE OR REPLACE VIEW dead_letters AS
SELECT 'delivery' AS source, d.id, d.subscriber AS what, ''::text AS connection, e.type AS topic,
       CASE WHEN e.stream = 'order' THEN e.stream_id END AS order_id,
       d.attempts, d.error, d.error_class, d.first_failed_at, d.last_failed_at, e.trace_id, e.stream, e.stream_id
  FROM deliveries d JOIN events e ON e.position = d.event_position
 WHERE d.state = 3
UNION ALL
SELECT 'inbox', i.id, 'intake', c.key, i.topic, NULL, i.attempts, i.error, i.error_class, i.first_failed_at,
       i.last_failed_at, i.trace_id, NULL, NULL
  FROM inbox i JOIN connections c ON c.id = i.connection_id
 WHERE i.state = 3;
