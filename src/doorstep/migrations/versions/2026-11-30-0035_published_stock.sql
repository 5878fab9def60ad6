-- Stock levels for sales channels: the newest value of each SKU, what is being sent, what was sent last.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE published_stock (
    connection_id bigint NOT NULL REFERENCES connections (id),
    sku           text NOT NULL REFERENCES skus (sku),
    available     bigint NOT NULL CHECK (available >= 0),
    changed_at    timestamptz NOT NULL,
    sending       bigint,
    sent          bigint,
    sent_at       timestamptz,
    error         text NOT NULL DEFAULT '',
    PRIMARY KEY (connection_id, sku)
) WITH (fillfactor = 70);
COMMENT ON TABLE published_stock IS 'What each sales channel may sell of each SKU, and what it was sent last.';
COMMENT ON COLUMN published_stock.available IS 'The newest value; it replaces one that was not sent yet.';
COMMENT ON COLUMN published_stock.sending IS 'What the call under way sends; at most one call per connection is under way.';
COMMENT ON COLUMN published_stock.error IS 'Why the channel refused the SKU; it is not sent until a person has it sent again.';
CREATE INDEX published_stock_waiting ON published_stock (connection_id, changed_at, sku)
    WHERE sent IS DISTINCT FROM available AND error = '';
CREATE INDEX published_stock_refused ON published_stock (connection_id, sku) WHERE error <> '';

CREATE TABLE stock_publishers (
    connection_id    bigint PRIMARY KEY REFERENCES connections (id),
    stock_position   bigint NOT NULL DEFAULT 0,
    network_position bigint NOT NULL DEFAULT 0,
    compared_at      timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE stock_publishers IS 'How far the ledgers have been read for each channel that takes stock levels.';
COMMENT ON COLUMN stock_publishers.compared_at IS 'When every SKU was compared last; time and rules change what is available, too.';
