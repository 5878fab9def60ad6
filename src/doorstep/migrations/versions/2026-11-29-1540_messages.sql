-- Sentences that are stored can be translated: a message is JSON, either a text or a list of a template and its values. What
-- stands in these columns today becomes a text, which is shown as it is. It rewrites three small tables, so older processes
-- must be stopped first (docs/guides/operator.md, Upgrade).
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';
-- squawk-ignore-file changing-column-type, ban-drop-default

ALTER TABLE order_holds ALTER COLUMN message TYPE jsonb USING to_jsonb(message);
ALTER TABLE order_routing ALTER COLUMN queue_reason DROP DEFAULT;
ALTER TABLE order_routing ALTER COLUMN queue_reason TYPE jsonb USING to_jsonb(queue_reason);
ALTER TABLE order_routing ALTER COLUMN queue_reason SET DEFAULT '""';
ALTER TABLE carrier_outages ALTER COLUMN reason TYPE jsonb USING to_jsonb(reason);
