-- What a vendor calls something of ours: the shop's "1 Razorpay" is the payment gateway razorpay. Values without a map are
-- listed, so that a person can make one.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE connection_maps (
    connection_id  bigint NOT NULL REFERENCES connections (id),
    kind           text NOT NULL,
    external_value text NOT NULL,
    our_value      text NOT NULL,
    is_suggested   boolean NOT NULL DEFAULT false,
    changed_at     timestamptz NOT NULL DEFAULT business_now(),
    changed_by     text NOT NULL,
    PRIMARY KEY (connection_id, kind, external_value)
);
COMMENT ON TABLE connection_maps IS 'What a vendor calls something of ours, per connection: gateways.';
COMMENT ON COLUMN connection_maps.is_suggested IS 'Found by the likeness of the names, not by a person.';

CREATE TABLE unmapped_values (
    connection_id  bigint NOT NULL REFERENCES connections (id),
    kind           text NOT NULL,
    external_value text NOT NULL,
    first_seen_at  timestamptz NOT NULL DEFAULT business_now(),
    last_seen_at   timestamptz NOT NULL DEFAULT business_now(),
    messages       bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (connection_id, kind, external_value)
) WITH (fillfactor = 50);
COMMENT ON TABLE unmapped_values IS 'What vendors named and nobody has mapped: a person chooses what it stands for.';
