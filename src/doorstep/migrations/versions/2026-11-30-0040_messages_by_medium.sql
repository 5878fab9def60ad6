-- Messages by WhatsApp beside e-mail: what is known of their delivery, who does not want them, and what customers write back.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE messages ADD COLUMN medium text NOT NULL DEFAULT 'email';
ALTER TABLE messages ADD COLUMN variables jsonb NOT NULL DEFAULT '{}';
ALTER TABLE messages ADD COLUMN event_data jsonb NOT NULL DEFAULT '{}';
ALTER TABLE messages ADD COLUMN receipt text NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN receipt_at timestamptz;
ALTER TABLE messages ADD COLUMN receipt_reason text NOT NULL DEFAULT '';
COMMENT ON COLUMN messages.medium IS 'email, whatsapp. The event_key of another medium than e-mail ends with @ and the medium.';
COMMENT ON COLUMN messages.variables IS 'The values that fill the template of a vendor; empty for e-mail, which is stored as written.';
COMMENT ON COLUMN messages.event_data IS 'The data of the event, so that an e-mail can be written instead; empty for e-mail.';
COMMENT ON COLUMN messages.receipt IS 'The furthest receipt: sent, failed, delivered, read.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX messages_provider ON messages (connection_id, provider_id) WHERE medium <> 'email';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX messages_recipient ON messages (recipient) WHERE medium <> 'email';

CREATE TABLE message_receipts (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections (id),
    provider_id   text NOT NULL,
    state         text NOT NULL,
    reason        text NOT NULL,
    at            timestamptz NOT NULL,
    received_at   timestamptz NOT NULL,
    message_id    bigint REFERENCES messages (id),
    UNIQUE (connection_id, provider_id, state)
);
COMMENT ON TABLE message_receipts IS 'What vendors report about messages, each once; without message_id it is about a message that we do not know.';
CREATE INDEX message_receipts_unknown ON message_receipts (connection_id) WHERE message_id IS NULL;
CREATE INDEX message_receipts_message ON message_receipts (message_id);

CREATE TABLE message_choices (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections (id),
    address       text NOT NULL,
    is_opted_out  boolean NOT NULL,
    source        text NOT NULL,
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL,
    UNIQUE (connection_id, address)
);
COMMENT ON TABLE message_choices IS 'Who does not want messages of a connection (a phone number in E.164), since when, and who said so last.';

CREATE TABLE customer_texts (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections (id),
    external_id   text NOT NULL,
    address       text NOT NULL,
    name          text NOT NULL,
    text          text NOT NULL,
    sent_at       timestamptz NOT NULL,
    order_id      bigint REFERENCES orders (id),
    handled_at    timestamptz,
    handled_by    text NOT NULL DEFAULT '',
    UNIQUE (connection_id, external_id)
);
COMMENT ON TABLE customer_texts IS 'What customers write to us, at the latest order of their number; a person reads it, nothing answers by itself.';
CREATE INDEX customer_texts_order ON customer_texts (order_id);
CREATE INDEX customer_texts_open ON customer_texts (order_id) WHERE handled_at IS NULL;
