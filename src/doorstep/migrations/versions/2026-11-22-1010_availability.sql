-- What may be promised: rules, future supply, promises, freshness.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- Rules and what they come to ------------------------------------------------------------------------------------

CREATE TABLE atp_rules (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version        bigint NOT NULL DEFAULT 1,
    kind           text NOT NULL CHECK (kind IN ('safety_stock', 'threshold', 'allow_ship', 'allow_pickup', 'exclude', 'pool')),
    name           text NOT NULL,
    skus           text[] NOT NULL,
    styles         text[] NOT NULL,
    categories     text[] NOT NULL,
    locations      text[] NOT NULL,
    location_kinds text[] NOT NULL,
    channels       text[] NOT NULL,
    audience       text NOT NULL,
    value          bigint NOT NULL CHECK (value >= 0),
    precedence     bigint NOT NULL,
    active         boolean NOT NULL,
    reason         text NOT NULL,
    changed_by     text NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT atp_rules_pool_has_audience CHECK ((kind = 'pool') = (audience <> ''))
);
COMMENT ON TABLE atp_rules IS 'What planners decide about availability; each change is an event of stream atp_rule with the whole rule in it.';
COMMENT ON COLUMN atp_rules.skus IS 'A SKU matches that is named here, or whose style or category is; nothing named anywhere matches all.';
COMMENT ON COLUMN atp_rules.locations IS 'Codes; a location matches that is named or of a named kind; nothing named matches all.';
COMMENT ON COLUMN atp_rules.value IS 'Pieces; for allow_ship, allow_pickup and exclude 1 is yes and 0 is no.';
COMMENT ON COLUMN atp_rules.precedence IS 'The lower number wins; then the more specific rule; then the newer (higher id).';

CREATE TABLE node_policies (
    sku               text NOT NULL,
    location_id       bigint NOT NULL,
    channel           text NOT NULL,
    safety_stock      bigint,
    safety_stock_rule bigint,
    allow_ship        boolean,
    allow_ship_rule   bigint,
    allow_pickup      boolean,
    allow_pickup_rule bigint,
    "exclude"         boolean,
    exclude_rule      bigint,
    PRIMARY KEY (sku, location_id, channel)
);
COMMENT ON TABLE node_policies IS
    'What the active rules come to per SKU and location, with the rule that decided; a row only where one did. Derived: rebuilt at will, so no foreign keys.';
COMMENT ON COLUMN node_policies.channel IS 'Empty: every channel without a row of its own.';

CREATE TABLE channel_policies (
    sku            text NOT NULL,
    channel        text NOT NULL,
    threshold      bigint NOT NULL,
    threshold_rule bigint NOT NULL,
    PRIMARY KEY (sku, channel)
);
COMMENT ON TABLE channel_policies IS 'Pieces of a SKU that a channel must leave over. Derived from atp_rules; channel as in node_policies.';

CREATE TABLE pools (
    sku      text NOT NULL,
    audience text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    rule     bigint NOT NULL,
    PRIMARY KEY (sku, audience)
);
COMMENT ON TABLE pools IS 'Pieces of a SKU set aside for one audience: a channel key or group:vip. Derived from atp_rules.';

CREATE TABLE pool_draws (
    order_id bigint NOT NULL REFERENCES orders (id),
    line_no  bigint NOT NULL,
    sku      text NOT NULL,
    audience text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line_no, sku, audience)
);
COMMENT ON TABLE pool_draws IS 'What order lines took of a pool; what is left of it is its quantity less these. A cancelled line has none.';
CREATE INDEX pool_draws_pool ON pool_draws (sku, audience);

CREATE TABLE policy_skus (
    sku      text PRIMARY KEY,
    style    text NOT NULL,
    category text NOT NULL
);
COMMENT ON TABLE policy_skus IS 'The SKUs that the policies know, as the rules saw them; what differs from skus is due.';

CREATE TABLE policy_locations (
    location_id bigint PRIMARY KEY,
    code        text NOT NULL,
    kind        text NOT NULL
);
COMMENT ON TABLE policy_locations IS 'The locations that the policies know, as the rules saw them; what differs from locations is due.';

-- Future supply --------------------------------------------------------------------------------------------------

CREATE TABLE supplies (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('purchase_order', 'transfer', 'asn', 'production')),
    number      text NOT NULL,
    line_no     bigint NOT NULL,
    sku         text NOT NULL REFERENCES skus (sku),
    location_id bigint NOT NULL REFERENCES locations (id),
    quantity    bigint NOT NULL CHECK (quantity > 0),
    received    bigint NOT NULL DEFAULT 0 CHECK (received >= 0),
    eta_date    date NOT NULL,
    confidence  bigint NOT NULL DEFAULT 100 CHECK (confidence BETWEEN 0 AND 100),
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'cancelled')),
    source      text NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    changed_at  timestamptz NOT NULL,
    UNIQUE (kind, number, line_no)
);
COMMENT ON TABLE supplies IS 'Lines of documents that say what will come. What is open of them is the incoming counter, through expected movements.';
COMMENT ON COLUMN supplies.received IS 'May be more than quantity: suppliers over-deliver.';
COMMENT ON COLUMN supplies.confidence IS 'How sure the date and quantity are, in percent; promises and answers may ask for a minimum.';
CREATE INDEX supplies_open ON supplies (sku, eta_date, id) WHERE state = 'open';

CREATE TABLE sell_ahead (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku                 text NOT NULL UNIQUE REFERENCES skus (sku),
    mode                text NOT NULL CHECK (mode IN ('none', 'preorder', 'backorder')),
    quantity_limit      bigint CHECK (quantity_limit >= 0),
    available_from_date date,
    until_date          date,
    min_confidence      bigint NOT NULL DEFAULT 0 CHECK (min_confidence BETWEEN 0 AND 100),
    changed_at          timestamptz NOT NULL
);
COMMENT ON TABLE sell_ahead IS 'May a SKU be sold before it is here; a SKU without a row may not.';
COMMENT ON COLUMN sell_ahead.quantity_limit IS 'Most pieces promised and not yet here, over all orders; NULL: no limit.';
COMMENT ON COLUMN sell_ahead.available_from_date IS 'Nothing is promised for an earlier day (the day a pre-order is released).';
COMMENT ON COLUMN sell_ahead.until_date IS 'Last day on which it may be sold ahead.';

CREATE TABLE supply_promises (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      bigint NOT NULL REFERENCES orders (id),
    line_no       bigint NOT NULL,
    sku           text NOT NULL REFERENCES skus (sku),
    quantity      bigint NOT NULL CHECK (quantity > 0),
    supply_id     bigint REFERENCES supplies (id),
    promised_date date,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'kept', 'reopened', 'cancelled')),
    arrived       bigint NOT NULL DEFAULT 0,
    made_at       timestamptz NOT NULL,
    ended_at      timestamptz,
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK (supply_id IS NULL OR promised_date IS NOT NULL),
    CHECK (arrived BETWEEN 0 AND quantity)
);
COMMENT ON TABLE supply_promises IS 'Pieces of order lines promised from supply that is still to come; rows end and are followed by others when supply slips.';
COMMENT ON COLUMN supply_promises.supply_id IS 'NULL: backordered without a supply, and so without a date.';
COMMENT ON COLUMN supply_promises.arrived IS 'So many of them are here and the line is not routed yet: they are the line''s, not anybody''s.';
COMMENT ON COLUMN supply_promises.made_at IS 'When the customer was first promised; who waits longer is served first, also after supply slipped.';
CREATE INDEX supply_promises_sku ON supply_promises (sku, made_at, id) WHERE state = 'open';
CREATE INDEX supply_promises_order ON supply_promises (order_id, line_no);
CREATE INDEX supply_promises_supply ON supply_promises (supply_id) WHERE supply_id IS NOT NULL;

-- Freshness ------------------------------------------------------------------------------------------------------

CREATE TABLE stock_sources (
    location_id     bigint NOT NULL REFERENCES locations (id),
    name            text NOT NULL,
    max_age_seconds bigint NOT NULL CHECK (max_age_seconds > 0),
    last_heard_at   timestamptz,
    PRIMARY KEY (location_id, name)
);
COMMENT ON TABLE stock_sources IS
    'Systems whose word on a location''s stock we depend on (a POS, a WMS). Silent for longer than max_age_seconds: we do not know the stock there.';
