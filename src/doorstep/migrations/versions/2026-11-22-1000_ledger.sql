-- The ledger grows: incoming, reversals, soft holds and commitments of the network, what kits and graded SKUs consist of.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- Positions ------------------------------------------------------------------------------------------------------

ALTER TABLE stock ADD COLUMN incoming bigint NOT NULL DEFAULT 0;
ALTER TABLE stock ADD COLUMN missing bigint NOT NULL DEFAULT 0;
ALTER TABLE stock ADD COLUMN confirmed_at timestamptz;
COMMENT ON COLUMN stock.incoming IS 'Pieces that open purchase orders and transfers say will come here.';
COMMENT ON COLUMN stock.missing IS 'Reserved pieces that a count or a source does not find; more than 0 makes answers unknown.';
COMMENT ON COLUMN stock.confirmed_at IS 'As-of time of the last count or snapshot; an older one is ignored.';
ALTER TABLE stock ADD CONSTRAINT stock_other_counters CHECK (incoming >= 0 AND missing >= 0) NOT VALID;

ALTER TABLE stock_movements ADD COLUMN incoming_change bigint NOT NULL DEFAULT 0;
ALTER TABLE stock_movements ADD COLUMN reverses bigint;
COMMENT ON COLUMN stock_movements.reverses IS
    'The movement that this one ends or undoes: a reservation ends once, by being released or shipped; a return names its shipment.';
-- Nothing is in this index when it is made, so that the build is one short scan.
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX stock_movements_ended ON stock_movements (reverses)
    WHERE reverses IS NOT NULL AND type IN ('released', 'shipped');
-- The list of types only grows: what was allowed stays allowed.
-- squawk-ignore ban-drop-constraint
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_type_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_type_check CHECK (type IN (
    'received', 'reserved', 'released', 'shipped', 'adjusted', 'transferred', 'returned', 'expected', 'regraded',
    'counted', 'synchronised')) NOT VALID;

-- Reservations of one cause that is not an order's (a transfer's) are found by it.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX stock_movements_cause ON stock_movements (cause) WHERE type = 'reserved' AND order_id IS NULL;

-- Reservations are named by the work they are for from now on: what is open is released and reserved anew under that name.
INSERT INTO stock_movements (type, sku, location_id, condition, on_hand_change, reserved_change, cause, reason, order_id,
                             actor, occurred_at)
SELECT m.type, l.sku, f.location_id, 'new', 0, m.sign * l.quantity, m.cause, 'renamed', f.order_id, 'system', now()
  FROM fulfillment_orders f JOIN fulfillment_lines l ON l.fulfillment_order_id = f.id
 CROSS JOIN LATERAL (VALUES ('released', -1, format('order/%s/line/%s', l.order_id, l.line_no)),
                            ('reserved', 1, format('fulfillment/%s/line/%s', f.id, l.line_no))) AS m(type, sign, cause)
 WHERE f.state IN ('open', 'accepted', 'picked', 'packed');

-- The network ----------------------------------------------------------------------------------------------------

CREATE TABLE network_stock (
    sku       text NOT NULL REFERENCES skus (sku),
    condition text NOT NULL DEFAULT 'new' CHECK (condition IN ('new', 'b_grade', 'quarantine', 'damaged', 'in_transit')),
    held      bigint NOT NULL DEFAULT 0,
    committed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, condition),
    CONSTRAINT network_stock_never_negative CHECK (held >= 0 AND committed >= 0)
) WITH (fillfactor = 70);
COMMENT ON TABLE network_stock IS 'What is asked of a SKU without a location: held by carts, committed to orders that are not routed.';

CREATE TABLE network_movements (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type             text NOT NULL CHECK (type IN ('held', 'lapsed', 'dropped', 'consumed', 'committed', 'uncommitted')),
    sku              text NOT NULL,
    condition        text NOT NULL,
    held_change      bigint NOT NULL DEFAULT 0,
    committed_change bigint NOT NULL DEFAULT 0,
    cause            text NOT NULL,
    order_id         bigint,
    actor            text NOT NULL,
    occurred_at      timestamptz NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE network_movements IS 'The ledger of network_stock: its only writer.';
CREATE INDEX network_movements_sku ON network_movements (sku, id);
CREATE TRIGGER network_movements_append_only BEFORE UPDATE OR DELETE ON network_movements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE stock_holds (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel    text NOT NULL,
    reference  text NOT NULL,
    line_sku   text NOT NULL,
    sku        text NOT NULL REFERENCES skus (sku),
    condition  text NOT NULL,
    quantity   bigint NOT NULL CHECK (quantity > 0),
    state      text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'consumed', 'lapsed', 'dropped')),
    expires_at timestamptz NOT NULL,
    kept_until timestamptz,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    order_id   bigint
);
COMMENT ON TABLE stock_holds IS 'Soft reservations of carts and checkouts, by component: line_sku is what the customer sees.';
COMMENT ON COLUMN stock_holds.kept_until IS 'While a payment or a review is under way the sweep extends instead of releasing, until then.';
CREATE UNIQUE INDEX stock_holds_live ON stock_holds (channel, reference, line_sku, sku, condition) WHERE state = 'held';
CREATE INDEX stock_holds_expiry ON stock_holds (expires_at) WHERE state = 'held';

CREATE TABLE stock_commitments (
    order_id  bigint NOT NULL REFERENCES orders (id),
    line_no   bigint NOT NULL,
    sku       text NOT NULL REFERENCES skus (sku),
    condition text NOT NULL,
    quantity  bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line_no, sku, condition)
);
COMMENT ON TABLE stock_commitments IS 'Captured and not yet routed: lowers what may be promised at once, ties up no location.';
CREATE INDEX stock_commitments_sku ON stock_commitments (sku, condition);

-- What a sellable SKU consists of --------------------------------------------------------------------------------

CREATE TABLE sku_parts (
    sku       text NOT NULL REFERENCES skus (sku),
    part_sku  text NOT NULL REFERENCES skus (sku),
    condition text NOT NULL DEFAULT 'new' CHECK (condition IN ('new', 'b_grade')),
    pieces    bigint NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (sku, part_sku, condition)
);
COMMENT ON TABLE sku_parts IS 'Kits (several parts) and graded SKUs (one part in another condition); a SKU without rows is itself.';
CREATE INDEX sku_parts_part ON sku_parts (part_sku);
