-- Rule sets of routing: immutable versions of one document, and what went wrong while one decided.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE routing_rule_versions (
    number        bigint PRIMARY KEY,
    name          text NOT NULL,
    document      jsonb NOT NULL,
    digest        text NOT NULL,
    state         text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'active', 'archived')),
    based_on      bigint REFERENCES routing_rule_versions (number),
    restores      bigint REFERENCES routing_rule_versions (number),
    drafted_by    text NOT NULL,
    drafted_at    timestamptz NOT NULL,
    drafted_why   text NOT NULL,
    activated_by  text,
    activated_at  timestamptz,
    activated_why text,
    archived_at   timestamptz,
    CONSTRAINT routing_rule_versions_told CHECK ((state <> 'active') OR (activated_why <> ''))
);
COMMENT ON TABLE routing_rule_versions IS 'Rule sets. A document never changes: another text is another version. Golden cases are part of it.';
COMMENT ON COLUMN routing_rule_versions.number IS 'Counted without gaps; receipts name it.';
COMMENT ON COLUMN routing_rule_versions.digest IS 'Of the document: what processes remember it by.';
COMMENT ON COLUMN routing_rule_versions.based_on IS 'The version that was looked at when this one was written.';
COMMENT ON COLUMN routing_rule_versions.restores IS 'The archived version whose document this one brings back.';
-- One rule set decides for the whole installation.
CREATE UNIQUE INDEX routing_rule_versions_active ON routing_rule_versions (state) WHERE state = 'active';
CREATE INDEX routing_rule_versions_based_on ON routing_rule_versions (based_on);
CREATE INDEX routing_rule_versions_restores ON routing_rule_versions (restores);
CREATE TRIGGER routing_rule_versions_immutable BEFORE UPDATE OF number, name, document, digest, drafted_by, drafted_at
    ON routing_rule_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER routing_rule_versions_kept BEFORE DELETE ON routing_rule_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE routing_rule_failures (
    number     bigint NOT NULL REFERENCES routing_rule_versions (number),
    failure    text NOT NULL,
    situations bigint NOT NULL,
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (number, failure)
);
COMMENT ON TABLE routing_rule_failures IS 'Conditions of a version that could not be evaluated: path and error, and in how many situations.';
