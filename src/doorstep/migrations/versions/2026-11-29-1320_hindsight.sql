-- Plain names: the kind hindsight, the last message of a stock source, and the fields of rule documents. It renames a
-- column and rewrites documents, so older processes must be stopped first (docs/guides/operator.md, Upgrade).
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';
-- squawk-ignore-file renaming-column, ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation
-- squawk-ignore-file require-concurrent-index-deletion

ALTER TABLE stock_sources RENAME COLUMN last_heard_at TO last_message_at;

ALTER TABLE lab_runs DROP CONSTRAINT lab_runs_kind_check;
DROP INDEX lab_runs_regret;
UPDATE lab_runs SET kind = 'hindsight' WHERE kind = 'regret';
ALTER TABLE lab_runs ADD CONSTRAINT lab_runs_kind_check CHECK (kind IN ('simulation', 'hindsight'));
-- A day is analyzed once.
CREATE UNIQUE INDEX lab_runs_hindsight ON lab_runs (since) WHERE kind = 'hindsight';

ALTER TABLE lab_runs RENAME COLUMN wave_seconds TO batch_seconds;

ALTER TABLE routing_runs DROP CONSTRAINT routing_runs_kind_check;
UPDATE routing_runs SET kind = CASE kind WHEN 'wave' THEN 'batch' ELSE 'hindsight' END WHERE kind IN ('wave', 'regret');
UPDATE routing_runs SET run = 'batch re-optimization' WHERE run = 'wave';
ALTER TABLE routing_runs ADD CONSTRAINT routing_runs_kind_check CHECK (kind IN ('schedule', 'batch', 'prices', 'hindsight'));

-- Renames fields and values at any depth. What is below "stock" are SKUs and location codes, which stay.
CREATE FUNCTION pg_temp.renamed(part jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_typeof(part) = 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg(pg_temp.renamed(e.item) ORDER BY e.number), '[]')
                  FROM jsonb_array_elements(part) WITH ORDINALITY AS e (item, number));
    ELSIF jsonb_typeof(part) = 'object' THEN
        RETURN (
            SELECT coalesce(jsonb_object_agg(
                       coalesce(field.new, e.key),
                       CASE WHEN e.key = 'stock' THEN e.value
                            WHEN e.key IN ('then', 'rest') AND e.value = '"park"' THEN '"queue"'
                            WHEN e.key = 'by' AND e.value = '"piece_distance"' THEN '"unit_distance"'
                            ELSE pg_temp.renamed(e.value) END), '{}')
              FROM jsonb_each(part) AS e (key, value)
              LEFT JOIN (VALUES ('rest', 'remainder'),
                                ('pieces', 'units'),
                                ('told_to_customer', 'customer_message'),
                                ('last_piece_minor', 'last_unit_minor'),
                                ('short_piece_minor', 'short_unit_minor'),
                                ('look_ahead', 'scarcity_prices')) AS field (old, new) ON field.old = e.key);
    END IF;
    RETURN part;
END
$$;

-- Documents never change; this rename of fields is the one exception. A digest stays: it identifies the version.
ALTER TABLE routing_rule_versions DISABLE TRIGGER USER;
UPDATE routing_rule_versions SET document = pg_temp.renamed(document) WHERE document <> pg_temp.renamed(document);
ALTER TABLE routing_rule_versions ENABLE TRIGGER USER;
