-- Webhooks get lost: parcels on the way without news and payments that stay open are looked up at their partner.
-- The indexes hold what is on the way or open, and are built in one short scan.
-- squawk-ignore-file require-concurrent-index-creation
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE parcels ADD COLUMN looked_up_at timestamptz;
COMMENT ON COLUMN parcels.looked_up_at IS 'When the carrier was last asked for scans, because none had come.';
CREATE INDEX parcels_on_the_way ON parcels (dispatched_at) WHERE dispatched_at IS NOT NULL AND delivered_at IS NULL;

ALTER TABLE payments ADD COLUMN looked_up_at timestamptz;
COMMENT ON COLUMN payments.looked_up_at IS 'When the gateway was last asked for the payment, because it had stayed open.';
CREATE INDEX payments_open ON payments (at) WHERE status IN ('pending', 'authorized') AND external_id IS NOT NULL;
