-- Listings, locations, shipping methods, parcel statuses, carriers and taxes are mapped like payment gateways.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

COMMENT ON TABLE connection_maps IS 'The words of a vendor for things of ours, per connection (model/maps.py:MapKind).';
COMMENT ON COLUMN connection_maps.external_value IS 'The name as it comes: the vendor''s; of carriers and taxes ours, which goes out.';
COMMENT ON COLUMN connection_maps.our_value IS 'Its translation: ours; of carriers and taxes the vendor''s.';

-- Few rows are in it, and webhooks that arrive meanwhile wait in the inbox.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX tracking_events_unknown ON tracking_events (raw_code, parcel_id) WHERE status = 'unknown';
COMMENT ON INDEX tracking_events_unknown IS 'Scans that a map of the carrier''s status explains later.';
