-- Promises: what is said of time, money and room of the network, how full shifts are, how fast locations work.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE network_documents (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document   jsonb NOT NULL,
    note       text NOT NULL,
    actor      text NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE network_documents IS 'Calendars, tariffs and shifts, as they were said; the newest holds, none is changed.';

CREATE TABLE network_revision (
    id    bigint PRIMARY KEY CHECK (id = 1),
    token uuid NOT NULL DEFAULT gen_random_uuid()
);
COMMENT ON TABLE network_revision IS 'Changes with locations and documents: who keeps them in memory looks here whether they still hold.';
INSERT INTO network_revision (id) VALUES (1);

CREATE TABLE location_pauses (
    location_id bigint PRIMARY KEY REFERENCES locations (id),
    reason      text NOT NULL,
    since_at    timestamptz NOT NULL,
    until_at    timestamptz,
    actor       text NOT NULL
);
COMMENT ON TABLE location_pauses IS 'Nothing is routed there until then (NULL: until somebody says otherwise).';

CREATE TABLE carrier_outages (
    carrier    text PRIMARY KEY,
    reason     text NOT NULL,
    since_at   timestamptz NOT NULL,
    until_at   timestamptz,
    is_noticed boolean NOT NULL DEFAULT false,
    actor      text NOT NULL
);
COMMENT ON TABLE carrier_outages IS 'Carriers that get no parcels until then (NULL: until somebody says otherwise).';
COMMENT ON COLUMN carrier_outages.is_noticed IS 'Nobody said so: its calls kept failing. It ends by itself with the next label that is bought.';

CREATE TABLE location_pace (
    location_id    bigint PRIMARY KEY REFERENCES locations (id),
    units_per_hour double precision NOT NULL,
    open_units     bigint NOT NULL,
    reject_rate    double precision NOT NULL,
    measured_at    timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE location_pace IS 'Measured every few seconds, so that routing need not count the work of every location for every batch.';

CREATE TABLE shift_loads (
    location_id bigint NOT NULL REFERENCES locations (id),
    starts_at   timestamptz NOT NULL,
    orders      bigint NOT NULL DEFAULT 0 CHECK (orders >= 0),
    lines       bigint NOT NULL DEFAULT 0 CHECK (lines >= 0),
    units       bigint NOT NULL DEFAULT 0 CHECK (units >= 0),
    PRIMARY KEY (location_id, starts_at)
) WITH (fillfactor = 50);
COMMENT ON TABLE shift_loads IS 'What was routed to a shift and not given back. Its row is locked before a batch is planned.';

CREATE TABLE shift_work (
    fulfillment_order_id bigint PRIMARY KEY REFERENCES fulfillment_orders (id),
    location_id          bigint NOT NULL,
    starts_at            timestamptz NOT NULL,
    lines                bigint NOT NULL,
    units                bigint NOT NULL
);
COMMENT ON TABLE shift_work IS 'Which shift a fulfillment order counts in; the row goes when its room is given back.';

CREATE TABLE idle_work (
    fulfillment_order_id bigint PRIMARY KEY REFERENCES fulfillment_orders (id),
    stage                text NOT NULL CHECK (stage IN ('warned', 'escalated')),
    at                   timestamptz NOT NULL
);
COMMENT ON TABLE idle_work IS 'Work that its location let lie, and what was said about it; each stage once.';

-- The pace of locations is measured from what they picked and rejected in the last days.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX fulfillment_orders_picked ON fulfillment_orders (picked_at) WHERE picked_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX fulfillment_orders_rejected ON fulfillment_orders (created_at) WHERE state = 'rejected';
-- Work that nobody has accepted is looked for every minute.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX fulfillment_orders_open ON fulfillment_orders (coalesce(released_at, created_at)) WHERE state = 'open';
