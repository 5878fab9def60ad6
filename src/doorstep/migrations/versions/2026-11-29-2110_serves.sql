-- Two mail relays, each for its brand's shop; two ERPs, each for its legal entity.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE connections ADD COLUMN serves jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN connections.serves IS 'What the connection is for: {"channels": [keys], "legal_entities": [names]}; a missing list: all.';
