-- While a connection is in shadow mode, other systems still do the work: what a channel reports of it is stored, and compared
-- with the calls that the connection would have made.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE reported_fulfillments (
    connection_id    bigint NOT NULL REFERENCES connections (id),
    external_id      text NOT NULL,
    order_id         bigint NOT NULL REFERENCES orders (id),
    is_void          boolean NOT NULL,
    lines            jsonb NOT NULL,
    tracking_numbers text[] NOT NULL,
    carrier          text NOT NULL,
    shipped_at       timestamptz,
    delivered_at     timestamptz,
    version_at       timestamptz NOT NULL,
    reported_at      timestamptz NOT NULL,
    is_compared      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (connection_id, external_id)
);
CREATE INDEX reported_fulfillments_order ON reported_fulfillments (order_id);
CREATE INDEX reported_fulfillments_new ON reported_fulfillments (order_id) WHERE NOT is_compared;
COMMENT ON TABLE reported_fulfillments IS 'Fulfillments that channels report with their orders, stored while any connection is in shadow mode.';
COMMENT ON COLUMN reported_fulfillments.is_void IS 'It was canceled at the channel, or failed there: nothing was shipped by it.';
COMMENT ON COLUMN reported_fulfillments.lines IS 'Units by the channel''s id of the line.';
COMMENT ON COLUMN reported_fulfillments.version_at IS 'The version of the order that had it; an older one never replaces it.';

CREATE TABLE shadow_comparisons (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections (id),
    operation     text NOT NULL,
    reference     text NOT NULL,
    delivery_id   bigint,
    order_id      bigint REFERENCES orders (id),
    occurred_at   timestamptz NOT NULL,
    result        text NOT NULL CHECK (result IN ('same', 'different', 'only_ours', 'only_theirs', 'open')),
    reason        jsonb NOT NULL DEFAULT '""',
    ours          jsonb NOT NULL DEFAULT '{}',
    theirs        jsonb NOT NULL DEFAULT '{}',
    differs       text[] NOT NULL DEFAULT '{}',
    compared_at   timestamptz NOT NULL,
    due_at        timestamptz,
    ended         text NOT NULL DEFAULT '' CHECK (ended IN ('', 'sent', 'discarded')),
    UNIQUE (connection_id, operation, reference)
);
CREATE INDEX shadow_comparisons_due ON shadow_comparisons (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX shadow_comparisons_result ON shadow_comparisons (connection_id, result, occurred_at);
CREATE INDEX shadow_comparisons_delivery ON shadow_comparisons (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX shadow_comparisons_order ON shadow_comparisons (order_id);
COMMENT ON TABLE shadow_comparisons IS 'Each call that a connection in shadow mode did not make, beside what its partner shows that others did.';
COMMENT ON COLUMN shadow_comparisons.delivery_id IS 'The call that was kept; none for what only others did. A call about many things has a row for each.';
COMMENT ON COLUMN shadow_comparisons.result IS 'open: it cannot be compared yet, and reason says why.';
COMMENT ON COLUMN shadow_comparisons.due_at IS 'When it is compared next; none once others'' facts are final.';
COMMENT ON COLUMN shadow_comparisons.ended IS 'What became of the call when the connection went live.';
