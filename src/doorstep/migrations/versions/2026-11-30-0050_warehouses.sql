-- A location can be a partner's warehouse: its fulfillment orders are sent there, and the warehouse reports what it does.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE warehouse_orders (
    fulfillment_order_id bigint PRIMARY KEY REFERENCES fulfillment_orders (id),
    order_id             bigint NOT NULL REFERENCES orders (id),
    connection_id        bigint NOT NULL REFERENCES connections (id),
    warehouse            text NOT NULL,
    reference            text NOT NULL,
    external_ref         text NOT NULL DEFAULT '',
    state                text NOT NULL CHECK (state IN ('requested', 'sent', 'acknowledged', 'failed', 'refused', 'canceling', 'too_late', 'canceled', 'shipped')),
    reported             text NOT NULL DEFAULT '',
    reported_at          timestamptz,
    cancel_for           text NOT NULL DEFAULT '' CHECK (cancel_for IN ('', 'order', 'recall', 'ended')),
    cancel_reason        text NOT NULL DEFAULT '',
    error                text NOT NULL DEFAULT '',
    requested_at         timestamptz NOT NULL,
    sent_at              timestamptz
);
CREATE UNIQUE INDEX warehouse_orders_reference ON warehouse_orders (connection_id, reference);
CREATE INDEX warehouse_orders_order ON warehouse_orders (order_id);
COMMENT ON TABLE warehouse_orders IS 'Fulfillment orders at warehouses of partners: what was sent under which reference, and what the warehouse reported.';
COMMENT ON COLUMN warehouse_orders.warehouse IS 'What the warehouse calls the location.';
