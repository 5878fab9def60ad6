-- One ship-by for boards, queues, reports and the release of planned work: the earliest of the channel's date, the
-- departure by calendar, and the cut-off.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE orders ADD COLUMN channel_ship_by timestamptz;
COMMENT ON COLUMN orders.channel_ship_by IS 'Until when the channel wants the order shipped; empty: it names no date.';

-- Work without a departure by calendar leaves at today's cut-off, or tomorrow's if it came after that. A cut-off before the
-- work came does not count: its service has a later one.
CREATE FUNCTION ship_by(
    leaves_at timestamptz, created_at timestamptz, cut_off text, timezone text, channel_ship_by timestamptz
) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN least(
    CASE WHEN leaves_at IS NULL THEN
        ((created_at AT TIME ZONE timezone)::date
         + CASE WHEN (created_at AT TIME ZONE timezone)::time > cut_off::time THEN 1 ELSE 0 END
         + cut_off::time) AT TIME ZONE timezone
    WHEN ((leaves_at AT TIME ZONE timezone)::date + cut_off::time) AT TIME ZONE timezone > created_at THEN
        least(leaves_at, ((leaves_at AT TIME ZONE timezone)::date + cut_off::time) AT TIME ZONE timezone)
    ELSE leaves_at END,
    channel_ship_by);
COMMENT ON FUNCTION ship_by IS 'Until when a fulfillment order must leave its location.';
