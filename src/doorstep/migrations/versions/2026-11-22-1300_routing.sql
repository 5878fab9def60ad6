-- Routing: what rules ask of an order, where it waits, what a decision cost, and work that is planned but not released.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE orders
    ADD COLUMN priority integer NOT NULL DEFAULT 0,
    ADD COLUMN promised_at timestamptz,
    ADD COLUMN ship_after timestamptz,
    ADD COLUMN origin text NOT NULL DEFAULT '',
    ADD COLUMN pickup text NOT NULL DEFAULT '',
    ADD COLUMN queue text NOT NULL DEFAULT '',
    ADD COLUMN queue_reason text NOT NULL DEFAULT '',
    ADD COLUMN parked_at timestamptz,
    ADD COLUMN wakes_on_stock boolean NOT NULL DEFAULT true,
    ADD COLUMN route_tries integer NOT NULL DEFAULT 0,
    ADD COLUMN auto_cancel_at timestamptz;
COMMENT ON COLUMN orders.promised_at IS 'By when it is with the customer: as the channel told it, or as the first decision promised.';
COMMENT ON COLUMN orders.pickup IS 'Code of the location where the customer fetches it; such an order never becomes a shipment.';
COMMENT ON COLUMN orders.queue IS 'Where an order waits that no rule could serve (a queue of the rule set); empty: nowhere.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX orders_queue ON orders (queue, parked_at) WHERE queue <> '';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX orders_auto_cancel ON orders (auto_cancel_at) WHERE auto_cancel_at IS NOT NULL;
-- What else the same customer has on the way, so that it goes into one parcel.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX orders_customer ON orders (customer_external_id) WHERE customer_external_id <> '';

ALTER TABLE fulfillment_orders
    ADD COLUMN release_after timestamptz,
    ADD COLUMN released_at timestamptz,
    ADD COLUMN leaves_at timestamptz,
    ADD COLUMN arrives_at timestamptz,
    ADD COLUMN held_back boolean NOT NULL DEFAULT false,
    ADD COLUMN asked_back_at timestamptz,
    ADD COLUMN asked_back_by text NOT NULL DEFAULT '',
    ADD COLUMN asked_back_why text NOT NULL DEFAULT '';
COMMENT ON COLUMN fulfillment_orders.asked_back_at IS 'Operations wants it elsewhere; the location that accepted it may agree or keep it.';
COMMENT ON COLUMN fulfillment_orders.leaves_at IS 'When routing expects the parcel to leave; the last moment to release it.';
COMMENT ON COLUMN fulfillment_orders.held_back IS 'Waits for the rest of its order before it is released.';
-- One more state. Rows that are there satisfied the narrower check, so nothing needs to be read again.
-- squawk-ignore ban-drop-constraint
ALTER TABLE fulfillment_orders DROP CONSTRAINT fulfillment_orders_state_check;
ALTER TABLE fulfillment_orders ADD CONSTRAINT fulfillment_orders_state_check
    CHECK (state IN ('planned', 'open', 'accepted', 'picked', 'packed', 'shipped', 'rejected', 'cancelled')) NOT VALID;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX fulfillment_orders_planned ON fulfillment_orders (location_id, leaves_at, id) WHERE state = 'planned';

-- squawk-ignore adding-foreign-key-constraint
ALTER TABLE shipments ADD COLUMN rides_with bigint REFERENCES shipments (id);
COMMENT ON COLUMN shipments.rides_with IS 'The parcel in whose box this order''s pieces travel: one label for several orders of a customer.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX shipments_riding ON shipments (rides_with) WHERE rides_with IS NOT NULL;

ALTER TABLE routing_decisions
    ADD COLUMN run text NOT NULL DEFAULT '',
    ADD COLUMN cost_minor bigint,
    ADD COLUMN parcels integer,
    ADD COLUMN km double precision,
    ADD COLUMN miss double precision,
    ADD COLUMN co2_grams bigint,
    ADD COLUMN short_pieces integer NOT NULL DEFAULT 0,
    ADD COLUMN best_minor bigint,
    ADD COLUMN actual_minor bigint;
COMMENT ON COLUMN routing_decisions.best_minor IS 'What the same order costs in the best plan of its whole day, known afterwards; with actual_minor its regret.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX routing_decisions_decided ON routing_decisions (decided_at);

CREATE TABLE routing_blocks (
    sku         text NOT NULL,
    location_id bigint NOT NULL REFERENCES locations (id),
    reason      text NOT NULL,
    until       timestamptz NOT NULL,
    PRIMARY KEY (sku, location_id)
);
COMMENT ON TABLE routing_blocks IS 'A location is not asked for a SKU by any order until then: it rejected it, and the rules say so.';

CREATE TABLE routing_prices (
    thing       text NOT NULL,
    location_id bigint NOT NULL REFERENCES locations (id),
    price_minor bigint NOT NULL CHECK (price_minor > 0),
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (thing, location_id)
);
COMMENT ON TABLE routing_prices IS 'What a piece at a location is worth to orders that are expected; worked out ahead.';

-- No question is asked by it, and every order paid for it.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX network_movements_sku;

CREATE TABLE routing_runs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run          text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('schedule', 'wave', 'prices', 'regret')),
    rules        text NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    attempted    integer NOT NULL DEFAULT 0,
    routed       integer NOT NULL DEFAULT 0,
    changed      integer NOT NULL DEFAULT 0,
    before_minor bigint,
    after_minor  bigint,
    result       text NOT NULL DEFAULT ''
);
CREATE INDEX routing_runs_started ON routing_runs (started_at DESC);
CREATE TABLE routing_schedule (
    run         text PRIMARY KEY,
    schedule    text NOT NULL,
    next_run_at timestamptz NOT NULL
);
COMMENT ON TABLE routing_schedule IS 'When a run that goes by the clock is due next.';
