-- A payment remembers which connection to its gateway reported it: there may be several accounts at one gateway.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE payments ADD COLUMN gateway_connection_id bigint;
COMMENT ON COLUMN payments.gateway_connection_id IS 'Connection of the gateway that reported it; NULL: only the sales channel did.';
