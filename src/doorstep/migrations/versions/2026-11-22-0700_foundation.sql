-- The foundation: catalogue, network, stock, orders, fulfilment, shipping, money, returns, messages,
-- connections with their inbox, identity, and the kernel's events, deliveries and schedules.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- Kernel ---------------------------------------------------------------------------------------------------------

CREATE TABLE events (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    txid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    stream      text NOT NULL,
    stream_id   bigint NOT NULL,
    version     bigint NOT NULL,
    type        text NOT NULL,
    data        jsonb NOT NULL,
    actor       text NOT NULL,
    trace_id    text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE events IS 'Append-only log of facts, written in the transaction of the rows they speak of. No personal data.';
CREATE UNIQUE INDEX events_stream_version ON events (stream, stream_id, version);
CREATE INDEX events_feed ON events (txid, position);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber      text NOT NULL,
    event_position  bigint NOT NULL REFERENCES events (position),
    key             bigint NOT NULL,
    state           smallint NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 3)),
    run_at          timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    leased_until    timestamptz,
    error           text,
    error_class     text,
    first_failed_at timestamptz,
    last_failed_at  timestamptz,
    UNIQUE (subscriber, event_position)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE deliveries IS 'What each subscriber still has to do; state 0 ready, 1 leased, 3 dead. Done rows are deleted.';
CREATE INDEX deliveries_ready ON deliveries (subscriber, run_at, id) WHERE state = 0;
CREATE INDEX deliveries_due ON deliveries (run_at) WHERE state = 0;
CREATE INDEX deliveries_key ON deliveries (subscriber, key, id) WHERE state IN (0, 1);
CREATE INDEX deliveries_lease ON deliveries (leased_until) WHERE state = 1;
CREATE INDEX deliveries_dead ON deliveries (error_class, last_failed_at) WHERE state = 3;

CREATE TABLE schedules (
    name            text PRIMARY KEY,
    every_seconds   double precision NOT NULL CHECK (every_seconds > 0),
    next_run_at     timestamptz NOT NULL,
    last_started_at timestamptz
);

-- Identity -------------------------------------------------------------------------------------------------------

CREATE TABLE locations (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code           text NOT NULL UNIQUE,
    name           text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('warehouse', 'store', 'dark_store', '3pl')),
    company        text NOT NULL,
    gstin          text NOT NULL DEFAULT '',
    phone          text NOT NULL DEFAULT '',
    email          text NOT NULL DEFAULT '',
    line1          text NOT NULL,
    line2          text NOT NULL DEFAULT '',
    city           text NOT NULL,
    state          text NOT NULL DEFAULT '',
    state_code     text NOT NULL DEFAULT '',
    postal_code    text NOT NULL,
    country        text NOT NULL,
    latitude       double precision NOT NULL,
    longitude      double precision NOT NULL,
    timezone       text NOT NULL,
    hours          jsonb NOT NULL DEFAULT '{}',
    cut_off        text NOT NULL DEFAULT '16:00',
    carrier        text NOT NULL DEFAULT '',
    return_carrier text NOT NULL DEFAULT '',
    ships          boolean NOT NULL DEFAULT true,
    active         boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN locations.carrier IS 'Key of the connection that ships from here.';

CREATE TABLE users (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL,
    role          text NOT NULL CHECK (role IN ('administrator', 'operations', 'location_staff', 'read_only')),
    location_id   bigint REFERENCES locations (id),
    password_hash text NOT NULL,
    active        boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (role <> 'location_staff' OR location_id IS NOT NULL)
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
    token_digest text PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE login_failures (
    email     text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_failures_email ON login_failures (email, failed_at);

CREATE TABLE api_keys (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    prefix       text NOT NULL,
    key_digest   text NOT NULL UNIQUE,
    role         text NOT NULL CHECK (role IN ('administrator', 'operations', 'location_staff', 'read_only')),
    location_id  bigint REFERENCES locations (id),
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz,
    CHECK (role <> 'location_staff' OR location_id IS NOT NULL)
);

CREATE TABLE idempotency_keys (
    actor          text NOT NULL,
    key            text NOT NULL,
    request_digest text NOT NULL,
    status         integer,
    response       jsonb,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Connections ----------------------------------------------------------------------------------------------------

CREATE TABLE connections (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          text NOT NULL UNIQUE CHECK (key ~ '^[a-z0-9][a-z0-9-]*$'),
    kind         text NOT NULL,
    connector_id text NOT NULL,
    name         text NOT NULL,
    mode         text NOT NULL CHECK (mode IN ('off', 'shadow', 'live')),
    settings     jsonb NOT NULL DEFAULT '{}',
    secrets      bytea,
    changed_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN connections.secrets IS 'Sealed with the master key; never logged, never shown.';

CREATE TABLE inbox (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id     bigint NOT NULL REFERENCES connections (id),
    external_event_id text NOT NULL,
    topic             text NOT NULL,
    headers           jsonb NOT NULL,
    body              bytea NOT NULL,
    trace_id          text NOT NULL,
    received_at       timestamptz NOT NULL DEFAULT now(),
    state             smallint NOT NULL DEFAULT 0 CHECK (state IN (0, 2, 3)),
    attempts          integer NOT NULL DEFAULT 0,
    run_at            timestamptz NOT NULL DEFAULT now(),
    error             text,
    error_class       text,
    first_failed_at   timestamptz,
    last_failed_at    timestamptz,
    UNIQUE (connection_id, external_event_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE inbox IS 'Raw messages, stored before they are acknowledged; state 0 due, 2 read, 3 dead.';
CREATE INDEX inbox_due ON inbox (run_at, id) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (error_class, last_failed_at) WHERE state = 3;

-- Catalogue and stock --------------------------------------------------------------------------------------------

CREATE TABLE skus (
    sku                   text PRIMARY KEY,
    title                 text NOT NULL,
    style                 text NOT NULL DEFAULT '',
    category              text NOT NULL DEFAULT '',
    colour                text NOT NULL DEFAULT '',
    size                  text NOT NULL DEFAULT '',
    barcode               text NOT NULL DEFAULT '',
    weight_grams          bigint NOT NULL CHECK (weight_grams >= 0),
    hsn                   text NOT NULL DEFAULT '',
    gst_rate_basis_points bigint NOT NULL DEFAULT 0 CHECK (gst_rate_basis_points BETWEEN 0 AND 10000),
    price_minor           bigint NOT NULL CHECK (price_minor >= 0),
    currency              text NOT NULL
);
CREATE INDEX skus_barcode ON skus (barcode) WHERE barcode <> '';

CREATE TABLE stock (
    sku         text NOT NULL REFERENCES skus (sku),
    location_id bigint NOT NULL REFERENCES locations (id),
    condition   text NOT NULL DEFAULT 'new' CHECK (condition IN ('new', 'b_grade', 'quarantine', 'damaged', 'in_transit')),
    on_hand     bigint NOT NULL DEFAULT 0,
    reserved    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, location_id, condition),
    CONSTRAINT stock_never_negative CHECK (on_hand >= 0 AND reserved >= 0),
    CONSTRAINT stock_never_oversold CHECK (reserved <= on_hand)
) WITH (fillfactor = 70);
CREATE INDEX stock_location ON stock (location_id);

CREATE TABLE stock_movements (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type                 text NOT NULL
        CHECK (type IN ('received', 'reserved', 'released', 'shipped', 'adjusted', 'transferred', 'returned')),
    sku                  text NOT NULL,
    location_id          bigint NOT NULL,
    condition            text NOT NULL,
    on_hand_change       bigint NOT NULL,
    reserved_change      bigint NOT NULL,
    cause                text NOT NULL,
    key                  text,
    reason               text NOT NULL DEFAULT '',
    order_id             bigint,
    actor                text NOT NULL,
    occurred_at          timestamptz NOT NULL,
    recorded_at          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE stock_movements IS 'The ledger: the only writer of the counters in stock.';
CREATE UNIQUE INDEX stock_movements_key ON stock_movements (key) WHERE key IS NOT NULL;
CREATE INDEX stock_movements_position ON stock_movements (sku, location_id, id);
CREATE INDEX stock_movements_order ON stock_movements (order_id) WHERE order_id IS NOT NULL;
CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Orders ---------------------------------------------------------------------------------------------------------

CREATE TABLE orders (
    id                   bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    connection_id        bigint NOT NULL REFERENCES connections (id),
    external_id          text NOT NULL,
    number               text NOT NULL,
    version_at           timestamptz NOT NULL,
    placed_at            timestamptz NOT NULL,
    accepted_at          timestamptz NOT NULL,
    currency             text NOT NULL,
    total_minor          bigint NOT NULL,
    shipping_minor       bigint NOT NULL,
    tax_minor            bigint NOT NULL,
    tip_minor            bigint NOT NULL,
    tax_included         boolean NOT NULL,
    payment_gateway      text NOT NULL,
    payment_method       text NOT NULL,
    is_paid              boolean NOT NULL,
    on_delivery          boolean NOT NULL,
    customer_external_id text NOT NULL,
    shipping_method      text NOT NULL,
    source               text NOT NULL,
    note                 text NOT NULL,
    tags                 text[] NOT NULL,
    due                  text CHECK (due IN ('approve', 'route')),
    due_at               timestamptz NOT NULL DEFAULT now(),
    is_short             boolean NOT NULL DEFAULT false,
    approved_at          timestamptz,
    told_cancelled_at    timestamptz,
    cancelled_at         timestamptz,
    completed_at         timestamptz,
    trace_id             text NOT NULL,
    UNIQUE (connection_id, external_id)
);
COMMENT ON COLUMN orders.due IS 'What is to be done next, or nothing; a worker that dies leaves it as it was.';
COMMENT ON COLUMN orders.told_cancelled_at IS 'When the channel said that it is cancelled; acted on once.';
CREATE INDEX orders_short ON orders (id) WHERE is_short;
CREATE INDEX orders_due ON orders (due_at, id) WHERE due IS NOT NULL;
CREATE INDEX orders_placed ON orders (placed_at DESC, id DESC);
CREATE INDEX orders_external ON orders (external_id);
CREATE INDEX orders_number ON orders (lower(number));

CREATE TABLE order_lines (
    order_id          bigint NOT NULL REFERENCES orders (id),
    line_no           bigint NOT NULL,
    external_line_id  text NOT NULL,
    sku               text NOT NULL,
    title             text NOT NULL,
    quantity          bigint NOT NULL,
    unit_price_minor  bigint NOT NULL,
    discount_minor    bigint NOT NULL,
    tax_minor         bigint NOT NULL,
    requires_shipping boolean NOT NULL,
    allocated         bigint NOT NULL DEFAULT 0,
    picked            bigint NOT NULL DEFAULT 0,
    packed            bigint NOT NULL DEFAULT 0,
    shipped           bigint NOT NULL DEFAULT 0,
    delivered         bigint NOT NULL DEFAULT 0,
    cancelled         bigint NOT NULL DEFAULT 0,
    return_requested  bigint NOT NULL DEFAULT 0,
    returned          bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, line_no),
    CONSTRAINT order_lines_in_order CHECK (
        0 <= delivered AND delivered <= shipped AND shipped <= packed AND packed <= picked AND picked <= allocated
        AND 0 <= cancelled AND allocated + cancelled <= greatest(quantity, 0)
        AND 0 <= returned AND returned <= return_requested AND return_requested <= shipped)
) WITH (fillfactor = 80);
CREATE INDEX order_lines_sku ON order_lines (sku, order_id);

CREATE TABLE order_addresses (
    order_id    bigint NOT NULL REFERENCES orders (id),
    kind        text NOT NULL CHECK (kind IN ('shipping', 'billing')),
    name        text NOT NULL,
    phone       text NOT NULL,
    email       text NOT NULL,
    company     text NOT NULL,
    line1       text NOT NULL,
    line2       text NOT NULL,
    city        text NOT NULL,
    state       text NOT NULL,
    state_code  text NOT NULL,
    postal_code text NOT NULL,
    country     text NOT NULL,
    latitude    double precision,
    longitude   double precision,
    PRIMARY KEY (order_id, kind)
);
COMMENT ON TABLE order_addresses IS 'Personal data of an order, apart from everything else so that it can be erased.';
CREATE INDEX order_addresses_search ON order_addresses (lower(name) text_pattern_ops);
CREATE INDEX order_addresses_phone ON order_addresses (phone text_pattern_ops);
CREATE INDEX order_addresses_email ON order_addresses (lower(email) text_pattern_ops);

CREATE TABLE order_holds (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES orders (id),
    reason      text NOT NULL,
    message     text NOT NULL,
    placed_by   text NOT NULL,
    placed_at   timestamptz NOT NULL,
    released_at timestamptz,
    released_by text
);
CREATE UNIQUE INDEX order_holds_open ON order_holds (order_id, reason) WHERE released_at IS NULL;

CREATE TABLE order_notes (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id),
    text     text NOT NULL,
    author   text NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX order_notes_order ON order_notes (order_id);

CREATE TABLE routing_decisions (
    id         bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    order_id   bigint NOT NULL REFERENCES orders (id),
    decided_at timestamptz NOT NULL,
    rules      text NOT NULL,
    receipt    jsonb NOT NULL
);
CREATE INDEX routing_decisions_order ON routing_decisions (order_id);

CREATE TABLE routing_exclusions (
    order_id    bigint NOT NULL REFERENCES orders (id),
    sku         text NOT NULL,
    location_id bigint NOT NULL REFERENCES locations (id),
    reason      text NOT NULL,
    until       timestamptz NOT NULL,
    PRIMARY KEY (order_id, sku, location_id)
);

-- Fulfilment -----------------------------------------------------------------------------------------------------

CREATE TABLE fulfillment_orders (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    order_id      bigint NOT NULL REFERENCES orders (id),
    location_id   bigint NOT NULL REFERENCES locations (id),
    state         text NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'accepted', 'picked', 'packed', 'shipped', 'rejected', 'cancelled')),
    version       bigint NOT NULL DEFAULT 1,
    decision_id   bigint REFERENCES routing_decisions (id),
    reject_reason text,
    reject_note   text,
    created_at    timestamptz NOT NULL,
    accepted_at   timestamptz,
    picked_at     timestamptz,
    packed_at     timestamptz,
    shipped_at    timestamptz
) WITH (fillfactor = 80);
CREATE INDEX fulfillment_orders_order ON fulfillment_orders (order_id);
CREATE INDEX fulfillment_orders_board ON fulfillment_orders (location_id, state, id)
    WHERE state IN ('open', 'accepted', 'picked', 'packed');
CREATE INDEX fulfillment_orders_recent ON fulfillment_orders (location_id, shipped_at) WHERE state = 'shipped';

CREATE TABLE fulfillment_lines (
    fulfillment_order_id bigint NOT NULL REFERENCES fulfillment_orders (id),
    order_id             bigint NOT NULL,
    line_no              bigint NOT NULL,
    sku                  text NOT NULL,
    quantity             bigint NOT NULL CHECK (quantity > 0),
    picked               bigint NOT NULL DEFAULT 0,
    packed               bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (fulfillment_order_id, line_no),
    FOREIGN KEY (order_id, line_no) REFERENCES order_lines (order_id, line_no),
    CHECK (0 <= packed AND packed <= picked AND picked <= quantity)
) WITH (fillfactor = 80);
CREATE INDEX fulfillment_lines_order ON fulfillment_lines (order_id, line_no);

-- Shipping -------------------------------------------------------------------------------------------------------

CREATE TABLE shipments (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id             bigint NOT NULL REFERENCES orders (id),
    fulfillment_order_id bigint REFERENCES fulfillment_orders (id),
    return_id            bigint,
    direction            text NOT NULL CHECK (direction IN ('outbound', 'inbound', 'rto')),
    location_id          bigint NOT NULL REFERENCES locations (id),
    connection_id        bigint NOT NULL REFERENCES connections (id),
    reference            text NOT NULL UNIQUE,
    label_state          text NOT NULL DEFAULT 'requested'
        CHECK (label_state IN ('requested', 'purchased', 'failed', 'in_doubt', 'voided')),
    external_id          text NOT NULL DEFAULT '',
    tracking_number      text NOT NULL DEFAULT '',
    tracking_url         text NOT NULL DEFAULT '',
    carrier              text NOT NULL DEFAULT '',
    service              text NOT NULL DEFAULT '',
    cost_minor           bigint NOT NULL DEFAULT 0,
    weight_grams         bigint NOT NULL,
    tracking_status      text NOT NULL DEFAULT 'created',
    tracking_at          timestamptz,
    channel_ref          text NOT NULL DEFAULT '',
    error                text NOT NULL DEFAULT '',
    requested_at         timestamptz NOT NULL,
    asked_at             timestamptz,
    purchased_at         timestamptz,
    dispatched_at        timestamptz,
    delivered_at         timestamptz
);
CREATE INDEX shipments_order ON shipments (order_id);
CREATE UNIQUE INDEX shipments_fulfillment ON shipments (fulfillment_order_id)
    WHERE fulfillment_order_id IS NOT NULL AND label_state <> 'voided';
CREATE UNIQUE INDEX shipments_return ON shipments (return_id) WHERE return_id IS NOT NULL AND label_state <> 'voided';
CREATE INDEX shipments_tracking ON shipments (tracking_number) WHERE tracking_number <> '';
CREATE INDEX shipments_external ON shipments (connection_id, external_id) WHERE external_id <> '';

CREATE TABLE shipment_lines (
    shipment_id bigint NOT NULL REFERENCES shipments (id),
    order_id    bigint NOT NULL,
    line_no     bigint NOT NULL,
    sku         text NOT NULL,
    quantity    bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, line_no)
);
CREATE INDEX shipment_lines_order ON shipment_lines (order_id, line_no);

CREATE TABLE shipment_labels (
    shipment_id bigint PRIMARY KEY REFERENCES shipments (id),
    pdf         bytea NOT NULL
);

CREATE TABLE tracking_scans (
    shipment_id bigint NOT NULL REFERENCES shipments (id),
    at          timestamptz NOT NULL,
    raw_code    text NOT NULL,
    location    text NOT NULL,
    status      text NOT NULL,
    description text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shipment_id, at, raw_code, location)
);

-- Money ----------------------------------------------------------------------------------------------------------

CREATE TABLE payments (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id        bigint REFERENCES orders (id),
    gateway         text NOT NULL,
    external_id     text,
    order_reference text NOT NULL,
    status          text NOT NULL CHECK (status IN ('pending', 'authorized', 'captured', 'failed')),
    method          text NOT NULL,
    payer           text NOT NULL DEFAULT '',
    amount_minor    bigint NOT NULL CHECK (amount_minor >= 0),
    refunded_minor  bigint NOT NULL DEFAULT 0,
    currency        text NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT payments_not_over_refunded CHECK (0 <= refunded_minor AND refunded_minor <= amount_minor)
);
COMMENT ON COLUMN payments.external_id IS 'The gateway''s id; unknown while only the channel has told of the payment.';
CREATE UNIQUE INDEX payments_external ON payments (gateway, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX payments_order ON payments (order_id);
CREATE INDEX payments_unmatched ON payments (order_reference) WHERE order_id IS NULL;

CREATE TABLE refunds (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES orders (id),
    return_id    bigint,
    payment_id   bigint REFERENCES payments (id),
    reference    text NOT NULL UNIQUE,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    reason       text NOT NULL,
    state        text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'succeeded', 'failed', 'in_doubt')),
    external_id  text NOT NULL DEFAULT '',
    arrived_at   timestamptz,
    error        text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL,
    asked_at     timestamptz,
    credited_at  timestamptz
);
CREATE UNIQUE INDEX refunds_return ON refunds (return_id) WHERE return_id IS NOT NULL;
CREATE INDEX refunds_order ON refunds (order_id);

CREATE TABLE invoices (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES orders (id),
    kind         text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    shipment_id  bigint REFERENCES shipments (id),
    return_id    bigint,
    reference    text NOT NULL UNIQUE,
    state        text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'issued', 'failed')),
    number       text NOT NULL DEFAULT '',
    document     jsonb NOT NULL,
    error        text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL,
    issued_at    timestamptz
);
CREATE UNIQUE INDEX invoices_shipment ON invoices (shipment_id) WHERE kind = 'invoice';
CREATE UNIQUE INDEX invoices_return ON invoices (return_id) WHERE kind = 'credit_note';
CREATE INDEX invoices_order ON invoices (order_id);

-- Returns --------------------------------------------------------------------------------------------------------

CREATE TABLE returns (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id       bigint NOT NULL REFERENCES orders (id),
    number         text NOT NULL,
    connection_id  bigint NOT NULL REFERENCES connections (id),
    external_id    text NOT NULL,
    version_at     timestamptz NOT NULL,
    channel_status text NOT NULL,
    reason         text NOT NULL,
    location_id    bigint REFERENCES locations (id),
    custody        text NOT NULL DEFAULT 'advised'
        CHECK (custody IN ('advised', 'in_transit', 'arrived', 'received', 'inspected', 'not_returned')),
    money          text NOT NULL DEFAULT 'pending'
        CHECK (money IN ('pending', 'triggered', 'refunded', 'denied', 'in_doubt')),
    created_at     timestamptz NOT NULL,
    received_at    timestamptz,
    inspected_at   timestamptz,
    refunded_at    timestamptz,
    UNIQUE (connection_id, external_id)
);
CREATE INDEX returns_order ON returns (order_id);
CREATE INDEX returns_open ON returns (location_id, custody) WHERE money IN ('pending', 'triggered', 'in_doubt');
ALTER TABLE shipments ADD FOREIGN KEY (return_id) REFERENCES returns (id);
ALTER TABLE refunds ADD FOREIGN KEY (return_id) REFERENCES returns (id);
ALTER TABLE invoices ADD FOREIGN KEY (return_id) REFERENCES returns (id);

CREATE TABLE return_lines (
    return_id               bigint NOT NULL REFERENCES returns (id),
    order_id                bigint NOT NULL,
    line_no                 bigint NOT NULL,
    external_return_line_id text NOT NULL,
    sku                     text NOT NULL,
    quantity                bigint NOT NULL CHECK (quantity > 0),
    reason                  text NOT NULL,
    note                    text NOT NULL,
    received                bigint NOT NULL DEFAULT 0,
    grade                   text,
    disposition             text,
    refund                  boolean NOT NULL DEFAULT true,
    inspection_note         text NOT NULL DEFAULT '',
    PRIMARY KEY (return_id, line_no),
    FOREIGN KEY (order_id, line_no) REFERENCES order_lines (order_id, line_no),
    CHECK (0 <= received AND received <= quantity)
);

-- Messages and what channels were told ---------------------------------------------------------------------------

CREATE TABLE messages (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      bigint NOT NULL REFERENCES orders (id),
    fact          text NOT NULL,
    template      text NOT NULL,
    connection_id bigint NOT NULL REFERENCES connections (id),
    recipient     text NOT NULL,
    name          text NOT NULL,
    subject       text NOT NULL,
    body_text     text NOT NULL,
    body_html     text NOT NULL,
    state         text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'sending', 'sent', 'failed', 'in_doubt')),
    provider_id   text NOT NULL DEFAULT '',
    error         text NOT NULL DEFAULT '',
    requested_at  timestamptz NOT NULL,
    sent_at       timestamptz,
    UNIQUE (order_id, fact, template)
);

CREATE TABLE channel_updates (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      bigint NOT NULL REFERENCES orders (id),
    connection_id bigint NOT NULL REFERENCES connections (id),
    what          text NOT NULL,
    reference     text NOT NULL,
    external_ref  text NOT NULL DEFAULT '',
    told_at       timestamptz,
    UNIQUE (connection_id, what, reference)
);
CREATE INDEX channel_updates_order ON channel_updates (order_id);

-- Screens that join modules --------------------------------------------------------------------------------------

CREATE VIEW dead_letters AS
SELECT 'delivery' AS source, d.id, d.subscriber AS what, ''::text AS connection, e.type AS topic, e.stream_id AS order_id,
       d.attempts, d.error, d.error_class, d.first_failed_at, d.last_failed_at, e.trace_id
  FROM deliveries d JOIN events e ON e.position = d.event_position
 WHERE d.state = 3
UNION ALL
SELECT 'inbox', i.id, 'intake', c.key, i.topic, NULL, i.attempts, i.error, i.error_class, i.first_failed_at,
       i.last_failed_at, i.trace_id
  FROM inbox i JOIN connections c ON c.id = i.connection_id
 WHERE i.state = 3;
