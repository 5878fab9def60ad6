-- What an order still waits for (checks, routing, its turn in an exception queue) leaves the row of its commercial facts.
-- It drops columns, so older processes must be stopped first (docs/guides/operator.md, Upgrade).
-- squawk-ignore-file ban-drop-column, require-concurrent-index-creation
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE order_routing (
    order_id       bigint PRIMARY KEY REFERENCES orders (id),
    due            text CHECK (due IN ('approve', 'route')),
    due_at         timestamptz,
    is_short       boolean NOT NULL DEFAULT false,
    queue          text NOT NULL DEFAULT '',
    queue_reason   text NOT NULL DEFAULT '',
    queued_at      timestamptz,
    wakes_on_stock boolean NOT NULL DEFAULT true,
    tries          integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    auto_cancel_at timestamptz,
    CONSTRAINT order_routing_waits CHECK (due IS NOT NULL OR is_short),
    CONSTRAINT order_routing_timed CHECK (due IS NOT NULL OR due_at IS NULL)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE order_routing IS 'Orders that wait for checks or routing; an order without a row waits for nothing. Writers lock the order first.';
COMMENT ON COLUMN order_routing.due IS 'What is done next; empty: a person decides. A worker that dies leaves it as it was.';
COMMENT ON COLUMN order_routing.due_at IS 'From when it is done; empty: not before new stock arrives.';
COMMENT ON COLUMN order_routing.queue IS 'Exception queue of the rule set; empty: none.';
COMMENT ON COLUMN order_routing.tries IS 'How often the order could not be allocated in full since it became short.';

INSERT INTO order_routing (order_id, due, due_at, is_short, queue, queue_reason, queued_at, wakes_on_stock, tries, auto_cancel_at)
SELECT id, due, CASE WHEN due IS NOT NULL AND due_at < business_now() + interval '5 years' THEN due_at END, is_short, queue,
       queue_reason, parked_at, wakes_on_stock, route_tries, auto_cancel_at
  FROM orders WHERE due IS NOT NULL OR is_short;

CREATE INDEX order_routing_due ON order_routing (due, due_at, order_id) WHERE due_at IS NOT NULL;
CREATE INDEX order_routing_queue ON order_routing (queue, queued_at) WHERE queue <> '';
CREATE INDEX order_routing_auto_cancel ON order_routing (auto_cancel_at, order_id) WHERE auto_cancel_at IS NOT NULL;

ALTER TABLE orders
    DROP COLUMN due,
    DROP COLUMN due_at,
    DROP COLUMN is_short,
    DROP COLUMN queue,
    DROP COLUMN queue_reason,
    DROP COLUMN parked_at,
    DROP COLUMN wakes_on_stock,
    DROP COLUMN route_tries,
    DROP COLUMN auto_cancel_at;
