-- One clock for the business: columns that say when something happened follow the application's clock, not the server's.
-- Left on the server's clock, because queues and caches of several processes meet there: deliveries.run_at, inbox.run_at,
-- leases, schedules, connections.changed_at; and events.recorded_at, the witness beside occurred_at.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

CREATE FUNCTION business_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('doorstep.now', true), '')::timestamptz, now());
COMMENT ON FUNCTION business_now() IS 'The clock of the application: the server''s, unless a demo or a test moved it for this transaction.';

ALTER TABLE users ALTER COLUMN created_at SET DEFAULT business_now();
ALTER TABLE sessions ALTER COLUMN created_at SET DEFAULT business_now();
ALTER TABLE login_failures ALTER COLUMN failed_at SET DEFAULT business_now();
ALTER TABLE api_keys ALTER COLUMN created_at SET DEFAULT business_now();
ALTER TABLE idempotency_keys ALTER COLUMN created_at SET DEFAULT business_now();
ALTER TABLE inbox ALTER COLUMN received_at SET DEFAULT business_now();
ALTER TABLE orders ALTER COLUMN due_at SET DEFAULT business_now();
ALTER TABLE stock_movements ALTER COLUMN recorded_at SET DEFAULT business_now();
ALTER TABLE network_movements ALTER COLUMN recorded_at SET DEFAULT business_now();
ALTER TABLE tracking_scans ALTER COLUMN recorded_at SET DEFAULT business_now();
