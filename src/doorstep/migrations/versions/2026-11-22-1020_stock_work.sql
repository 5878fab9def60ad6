-- What people and feeds do with stock: receipts, transfers, counts, feeds, replenishment, files taken in.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- What was on hand at a moment of the past: counts and snapshots ask for what has moved since. Reservations are not in it.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX stock_movements_on_hand ON stock_movements (sku, location_id, condition, occurred_at)
    INCLUDE (on_hand_change) WHERE on_hand_change <> 0;
-- How fast things sell: the last weeks of an append-only table lie together.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX stock_movements_occurred ON stock_movements USING brin (occurred_at);
-- Reservations that are not for orders (transfers) are found by their cause.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX stock_movements_reserved_cause ON stock_movements (cause) WHERE type = 'reserved' AND order_id IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX stock_missing ON stock (location_id, sku) WHERE missing > 0;

-- Feeds ----------------------------------------------------------------------------------------------------------

CREATE TABLE stock_feeds (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text NOT NULL,
    key          text NOT NULL,
    mode         text NOT NULL CHECK (mode IN ('set', 'delta')),
    as_of        timestamptz NOT NULL,
    lines        bigint NOT NULL,
    applied      bigint NOT NULL,
    unchanged    bigint NOT NULL,
    ignored      bigint NOT NULL,
    contradicted bigint NOT NULL,
    refused      bigint NOT NULL,
    actor        text NOT NULL,
    received_at  timestamptz NOT NULL,
    UNIQUE (source, key)
);
COMMENT ON TABLE stock_feeds IS 'What ERP, WMS and POS told of stock, once per source and key.';
COMMENT ON COLUMN stock_feeds.as_of IS 'When the source looked; what moved here since then stays moved.';
CREATE INDEX stock_feeds_received ON stock_feeds (received_at DESC);

CREATE TABLE stock_feed_troubles (
    feed_id  bigint NOT NULL REFERENCES stock_feeds (id) ON DELETE CASCADE,
    line_no  bigint NOT NULL,
    sku      text NOT NULL,
    location text NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN ('ignored', 'contradicted', 'refused')),
    reason   text NOT NULL,
    PRIMARY KEY (feed_id, line_no)
);
COMMENT ON TABLE stock_feed_troubles IS 'Lines of a feed that did not simply apply, in words for whoever mends the source.';

-- Transfers ------------------------------------------------------------------------------------------------------

CREATE TABLE transfers (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin_id      bigint NOT NULL REFERENCES locations (id),
    destination_id bigint NOT NULL REFERENCES locations (id),
    state          text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'requested', 'shipped', 'received', 'cancelled')),
    suggested      boolean NOT NULL DEFAULT false,
    reference      text NOT NULL DEFAULT '',
    note           text NOT NULL DEFAULT '',
    expected_date  date,
    version        bigint NOT NULL DEFAULT 1,
    created_by     text NOT NULL,
    created_at     timestamptz NOT NULL,
    requested_at   timestamptz,
    shipped_at     timestamptz,
    received_at    timestamptz,
    cancelled_at   timestamptz,
    CONSTRAINT transfers_go_somewhere CHECK (origin_id <> destination_id)
);
COMMENT ON COLUMN transfers.suggested IS 'Made by replenishment; while it is a draft there is one for each pair of locations.';
COMMENT ON COLUMN transfers.reference IS 'The number it has in another system, or on paper.';
CREATE UNIQUE INDEX transfers_suggested ON transfers (origin_id, destination_id) WHERE state = 'draft' AND suggested;
CREATE INDEX transfers_origin ON transfers (origin_id, id DESC);
CREATE INDEX transfers_destination ON transfers (destination_id, id DESC);
CREATE INDEX transfers_open ON transfers (id) WHERE state IN ('draft', 'requested', 'shipped');

CREATE TABLE transfer_lines (
    transfer_id bigint NOT NULL REFERENCES transfers (id) ON DELETE CASCADE,
    sku         text NOT NULL REFERENCES skus (sku),
    requested   bigint NOT NULL CHECK (requested > 0),
    shipped     bigint NOT NULL DEFAULT 0 CHECK (shipped >= 0),
    received    bigint NOT NULL DEFAULT 0 CHECK (received >= 0),
    why         text NOT NULL DEFAULT '',
    PRIMARY KEY (transfer_id, sku)
);
COMMENT ON COLUMN transfer_lines.why IS 'Why so many: the sentence of a suggestion.';
CREATE INDEX transfer_lines_sku ON transfer_lines (sku);

-- Receipts -------------------------------------------------------------------------------------------------------

CREATE TABLE receipts (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location_id bigint NOT NULL REFERENCES locations (id),
    kind        text NOT NULL CHECK (kind IN ('supply', 'transfer', 'none')),
    transfer_id bigint REFERENCES transfers (id),
    reference   text NOT NULL DEFAULT '',
    note        text NOT NULL DEFAULT '',
    closes      boolean NOT NULL DEFAULT false,
    key         text,
    actor       text NOT NULL,
    received_at timestamptz NOT NULL
);
COMMENT ON TABLE receipts IS 'What came through the door, beside what the document announced.';
COMMENT ON COLUMN receipts.reference IS 'The document that announced it: purchase order, ASN, delivery note.';
COMMENT ON COLUMN receipts.closes IS 'Nothing more of the document will come: what is open on it was closed short.';
CREATE UNIQUE INDEX receipts_key ON receipts (key) WHERE key IS NOT NULL;
CREATE INDEX receipts_location ON receipts (location_id, id DESC);
CREATE INDEX receipts_transfer ON receipts (transfer_id) WHERE transfer_id IS NOT NULL;

CREATE TABLE receipt_lines (
    receipt_id bigint NOT NULL REFERENCES receipts (id) ON DELETE CASCADE,
    sku        text NOT NULL REFERENCES skus (sku),
    condition  text NOT NULL CHECK (condition IN ('new', 'b_grade', 'quarantine', 'damaged')),
    expected   bigint NOT NULL CHECK (expected >= 0),
    received   bigint NOT NULL CHECK (received >= 0),
    reason     text NOT NULL DEFAULT '',
    PRIMARY KEY (receipt_id, sku, condition)
);
COMMENT ON COLUMN receipt_lines.reason IS 'Why it differs, or why it lies in another condition than announced.';

-- Counts ---------------------------------------------------------------------------------------------------------

CREATE TABLE counts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location_id  bigint NOT NULL REFERENCES locations (id),
    kind         text NOT NULL CHECK (kind IN ('blind', 'open', 'directed')),
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'counted', 'approved', 'cancelled')),
    title        text NOT NULL,
    directed_sku text REFERENCES skus (sku),
    version      bigint NOT NULL DEFAULT 1,
    opened_by    text NOT NULL,
    opened_at    timestamptz NOT NULL,
    counted_by   text NOT NULL DEFAULT '',
    counted_at   timestamptz,
    approved_by  text NOT NULL DEFAULT '',
    approved_at  timestamptz,
    CHECK ((kind = 'directed') = (directed_sku IS NOT NULL))
);
COMMENT ON COLUMN counts.directed_sku IS 'What an order did not find here; counted once however many orders miss it.';
CREATE UNIQUE INDEX counts_directed ON counts (location_id, directed_sku) WHERE state IN ('open', 'counted');
CREATE INDEX counts_location ON counts (location_id, id DESC);
CREATE INDEX counts_unfinished ON counts (id) WHERE state IN ('open', 'counted');

CREATE TABLE count_lines (
    count_id   bigint NOT NULL REFERENCES counts (id) ON DELETE CASCADE,
    sku        text NOT NULL REFERENCES skus (sku),
    condition  text NOT NULL CHECK (condition IN ('new', 'b_grade', 'quarantine', 'damaged', 'in_transit')),
    counted    bigint CHECK (counted >= 0),
    counted_at timestamptz,
    expected   bigint,
    changed    bigint,
    missing    bigint NOT NULL DEFAULT 0,
    outcome    text NOT NULL DEFAULT '',
    PRIMARY KEY (count_id, sku, condition)
);
COMMENT ON COLUMN count_lines.counted IS 'Pieces found; without a number the line was not counted and nothing follows from it.';
COMMENT ON COLUMN count_lines.expected IS 'On hand as the ledger had it when the pieces were counted; written when the count is handed in.';
COMMENT ON COLUMN count_lines.changed IS 'What was added to on hand when the count was approved.';
COMMENT ON COLUMN count_lines.missing IS 'Reserved pieces that were not found: they stay on the books until their orders are settled.';

-- Replenishment --------------------------------------------------------------------------------------------------

CREATE TABLE replenishment_rules (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku           text REFERENCES skus (sku),
    category      text,
    location_id   bigint REFERENCES locations (id),
    location_kind text CHECK (location_kind IN ('warehouse', 'store', 'dark_store', '3pl')),
    source_id     bigint NOT NULL REFERENCES locations (id),
    min_quantity  bigint NOT NULL CHECK (min_quantity >= 0),
    max_quantity  bigint NOT NULL CHECK (max_quantity >= min_quantity),
    cover_days    bigint NOT NULL DEFAULT 0 CHECK (cover_days BETWEEN 0 AND 365),
    CHECK (sku IS NULL OR category IS NULL),
    CHECK (location_id IS NULL OR location_kind IS NULL),
    CHECK (location_id <> source_id),
    UNIQUE NULLS NOT DISTINCT (sku, category, location_id, location_kind)
);
COMMENT ON TABLE replenishment_rules IS 'How much a place should hold, and where it comes from; the most particular rule counts: SKU before category before all, location before kind before all.';

-- Files ----------------------------------------------------------------------------------------------------------

CREATE TABLE imports (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    state       text NOT NULL DEFAULT 'checking' CHECK (state IN ('checking', 'applying', 'done', 'refused', 'failed')),
    whole       boolean NOT NULL,
    source      text NOT NULL,
    as_of       timestamptz NOT NULL,
    file_name   text NOT NULL,
    key         text,
    loaded      bigint NOT NULL DEFAULT 0,
    last_line   bigint NOT NULL DEFAULT 0,
    checked_to  bigint NOT NULL DEFAULT 0,
    applied_to  bigint NOT NULL DEFAULT 0,
    applied     bigint NOT NULL DEFAULT 0,
    ignored     bigint NOT NULL DEFAULT 0,
    bad         bigint NOT NULL DEFAULT 0,
    error       text NOT NULL DEFAULT '',
    actor       text NOT NULL,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz
);
COMMENT ON TABLE imports IS 'A file and how far it has been worked: a worker that dies leaves it where the next one goes on.';
COMMENT ON COLUMN imports.whole IS 'All rows or none: one bad row refuses the file.';
COMMENT ON COLUMN imports.checked_to IS 'The last line that was checked; applied_to the last one that was applied.';
COMMENT ON COLUMN imports.ignored IS 'Rows that say nothing new: a newer count or snapshot knows better.';
CREATE UNIQUE INDEX imports_key ON imports (key) WHERE key IS NOT NULL;
CREATE INDEX imports_due ON imports (id) WHERE state IN ('checking', 'applying');

CREATE TABLE import_rows (
    import_id bigint NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    line_no   bigint NOT NULL,
    cells     jsonb NOT NULL,
    key       text NOT NULL,
    problem   text,
    PRIMARY KEY (import_id, line_no)
);
COMMENT ON TABLE import_rows IS 'Rows of a file: good ones are deleted in the transaction that applies them, those with a problem stay to be read.';
COMMENT ON COLUMN import_rows.cells IS 'The values, in the order of their kind''s columns.';
COMMENT ON COLUMN import_rows.key IS 'What the row speaks of; no other row of its file may speak of the same (empty: any may).';
CREATE INDEX import_rows_problem ON import_rows (import_id, line_no) WHERE problem IS NOT NULL;
