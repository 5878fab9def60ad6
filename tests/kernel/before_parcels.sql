-- A database before parcels had tables of their own (0019): a parcel of two orders that is on its way, a label whose
-- outcome is unknown, and a label that was not asked for yet.
INSERT INTO connections (key, kind, connector_id, name, mode)
VALUES ('shop', 'channels', 'sandbox', 'Shop', 'live'), ('parcels', 'carriers', 'sandbox', 'Parcels', 'live');
INSERT INTO locations (code, name, kind, company, line1, city, postal_code, country, latitude, longitude, timezone)
VALUES ('WH-A', 'Warehouse A', 'warehouse', 'Company', '1 Some Road', 'Mumbai', '400001', 'IN', 19, 72.8, 'Asia/Kolkata');
INSERT INTO orders (connection_id, external_id, number, version_at, placed_at, accepted_at, currency, total_minor,
                    shipping_minor, tax_minor, tip_minor, tax_included, payment_gateway, payment_method, is_paid,
                    on_delivery, customer_external_id, shipping_method, source, note, tags, trace_id)
SELECT 1, 'order-' || n, '#' || n, '{noon}', '{noon}', '{noon}', 'INR', 1000, 0, 0, 0, true, 'pay', 'upi', true, false,
       'c-1', '', 'web', '', '{{}}', 'trace' FROM generate_series(1, 4) n;
INSERT INTO order_lines (order_id, line_no, external_line_id, sku, title, quantity, unit_price_minor, discount_minor,
                         tax_minor, requires_shipping)
SELECT n, 1, 'line', 'SHIRT', 'Shirt', 1, 1000, 0, 0, true FROM generate_series(1, 4) n;
INSERT INTO fulfillment_orders (order_id, location_id, created_at, state)
SELECT n, 1, '{noon}', CASE WHEN n < 3 THEN 'shipped' ELSE 'packed' END FROM generate_series(1, 4) n;
INSERT INTO shipments (order_id, fulfillment_order_id, direction, location_id, connection_id, reference, weight_grams,
                       label_state, external_id, tracking_number, carrier, cost_minor, tracking_status, channel_ref,
                       requested_at, asked_at, purchased_at, dispatched_at, rides_with)
VALUES (1, 1, 'outbound', 1, 2, 'DS-00000001', 600, 'purchased', 'ext', 'TRK1', 'Parcels', 90, 'in_transit', 'f-1',
        '{noon}', '{noon}', '{noon}', '{noon}', NULL),
       (2, 2, 'outbound', 1, 2, 'DS-00000002', 200, 'purchased', 'ext', 'TRK1', 'Parcels', 0, 'in_transit', 'f-2',
        '{noon}', NULL, '{noon}', '{noon}', 1),
       (3, 3, 'outbound', 1, 2, 'DS-00000003', 300, 'in_doubt', '', '', '', 0, 'created', '', '{noon}', '{noon}', NULL,
        NULL, NULL),
       (4, 4, 'outbound', 1, 2, 'DS-00000004', 300, 'requested', '', '', '', 0, 'created', '', '{noon}', NULL, NULL,
        NULL, NULL);
INSERT INTO shipment_lines (shipment_id, order_id, line_no, sku, quantity)
SELECT n, n, 1, 'SHIRT', 1 FROM generate_series(1, 4) n;
INSERT INTO shipment_labels (shipment_id, pdf) VALUES (1, '%PDF');
INSERT INTO tracking_scans (shipment_id, at, raw_code, location, status, description)
VALUES (1, '{noon}', 'PU', 'Mumbai', 'picked_up', ''), (2, '{noon}', 'PU', 'Mumbai', 'picked_up', '');
