-- A payment names the sales channel of its order where it can: channels may use the same order ids.
-- It renames columns, so older processes must be stopped first (docs/guides/operator.md, Upgrade).
-- squawk-ignore-file renaming-column, adding-foreign-key-constraint
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE payments ADD COLUMN channel_id bigint REFERENCES connections (id);
COMMENT ON COLUMN payments.channel_id IS 'The sales channel of the order that it pays; empty: not known yet, any channel.';
UPDATE payments p SET channel_id = o.connection_id FROM orders o WHERE o.id = p.order_id;

ALTER TABLE channel_updates RENAME COLUMN told_at TO accepted_at;
ALTER TABLE orders RENAME COLUMN told_canceled_at TO channel_canceled_at;
