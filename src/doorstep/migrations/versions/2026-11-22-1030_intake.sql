-- Intake at speed: upkeep of the tables that orders fill does not wait for a share of all history, and counters stay small.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- Rows that are written once: every so many new ones are looked after, however many there are already. A share of the
-- table would be a rare pass over a million rows at once, and an ever rarer one.
ALTER TABLE events SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000);
ALTER TABLE stock_movements SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000);
ALTER TABLE routing_decisions SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
ALTER TABLE order_addresses SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
ALTER TABLE payments SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);

-- Counters that are rewritten with every order: a few thousand dead versions are cleared at once.
ALTER TABLE stock SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE network_stock SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
