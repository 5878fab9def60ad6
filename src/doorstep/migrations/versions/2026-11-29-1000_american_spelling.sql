SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

-- American spelling, and event types in the trade's words. It renames columns and rewrites states, so older processes
-- must be stopped first (docs/guides/operator.md, Upgrade).
-- squawk-ignore-file renaming-column, ban-drop-constraint, constraint-missing-not-valid

-- The log is append-only; this rename is the one exception, in a transaction of its own.
ALTER TABLE events DISABLE TRIGGER USER;
UPDATE events e SET type = renamed.new
  FROM (VALUES
               ('order.observed', 'order.updated_by_channel'),
               ('fulfillment.asked_back', 'fulfillment.recall_requested'),
               ('fulfillment.kept', 'fulfillment.recall_declined'),
               ('channel.told', 'channel.updated'),
               ('stock.freed', 'stock.released'),
               ('stock.contradicted', 'stock.discrepancy_found'),
               ('stock.synchronised', 'stock.synced'),
               ('stock.regraded', 'stock.condition_changed'),
               ('carrier.out', 'carrier.outage_started'),
               ('carrier.back', 'carrier.outage_ended'),
               ('count.handed_in', 'count.submitted'),
               ('count.sent_back', 'count.reopened'),
               ('promise.moved', 'promise.supply_changed'),
               ('order.cancelled', 'order.canceled'),
               ('transfer.cancelled', 'transfer.canceled'),
               ('count.cancelled', 'count.canceled')
       ) AS renamed(old, new)
 WHERE e.type = renamed.old;
ALTER TABLE events ENABLE TRIGGER USER;

ALTER TABLE orders RENAME COLUMN told_cancelled_at TO told_canceled_at;
ALTER TABLE orders RENAME COLUMN cancelled_at TO canceled_at;
ALTER TABLE order_lines RENAME COLUMN cancelled TO canceled;
ALTER TABLE transfers RENAME COLUMN cancelled_at TO canceled_at;
ALTER TABLE lab_runs RENAME COLUMN is_cancelled TO is_canceled;

UPDATE shipments SET tracking_status = 'canceled' WHERE tracking_status = 'cancelled';
UPDATE tracking_scans SET status = 'canceled' WHERE status = 'cancelled';
UPDATE returns SET channel_status = 'canceled' WHERE channel_status = 'cancelled';

ALTER TABLE supplies DROP CONSTRAINT supplies_state_check;
UPDATE supplies SET state = 'canceled' WHERE state = 'cancelled';
ALTER TABLE supplies ADD CONSTRAINT supplies_state_check CHECK (state IN ('open', 'closed', 'canceled'));

ALTER TABLE supply_promises DROP CONSTRAINT supply_promises_state_check;
UPDATE supply_promises SET state = 'canceled' WHERE state = 'cancelled';
ALTER TABLE supply_promises ADD CONSTRAINT supply_promises_state_check CHECK (state IN ('open', 'kept', 'reopened', 'canceled'));

ALTER TABLE transfers DROP CONSTRAINT transfers_state_check;
UPDATE transfers SET state = 'canceled' WHERE state = 'cancelled';
ALTER TABLE transfers ADD CONSTRAINT transfers_state_check CHECK (state IN ('draft', 'requested', 'shipped', 'received', 'canceled'));

ALTER TABLE counts DROP CONSTRAINT counts_state_check;
UPDATE counts SET state = 'canceled' WHERE state = 'cancelled';
ALTER TABLE counts ADD CONSTRAINT counts_state_check CHECK (state IN ('open', 'counted', 'approved', 'canceled'));

ALTER TABLE fulfillment_orders DROP CONSTRAINT fulfillment_orders_state_check;
UPDATE fulfillment_orders SET state = 'canceled' WHERE state = 'cancelled';
ALTER TABLE fulfillment_orders ADD CONSTRAINT fulfillment_orders_state_check CHECK (state IN ('planned', 'open', 'accepted', 'picked', 'packed', 'shipped', 'rejected', 'canceled'));

ALTER TABLE lab_runs DROP CONSTRAINT lab_runs_state_check;
UPDATE lab_runs SET state = 'canceled' WHERE state = 'cancelled';
ALTER TABLE lab_runs ADD CONSTRAINT lab_runs_state_check CHECK (state IN ('waiting', 'running', 'done', 'failed', 'canceled'));

COMMENT ON TABLE pool_draws IS 'What order lines took of a pool; what is left of it is its quantity less these. A canceled line has none.';
