-- An order that others ship, that is older than the connection or that the channel has not released is shown and not routed.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE orders ADD COLUMN handling text NOT NULL DEFAULT 'ours'
    CHECK (handling IN ('ours', 'waiting', 'partly_shipped', 'elsewhere', 'history'));
COMMENT ON COLUMN orders.handling IS 'What we do with it: decided by the first snapshot; only a waiting order changes later.';
