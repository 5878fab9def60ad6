-- The rule lab: replays of the past under other rules, and drafts on trial beside the rules that decide.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE lab_runs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('simulation', 'regret')),
    draft         bigint REFERENCES routing_rule_versions (number),
    against       bigint REFERENCES routing_rule_versions (number),
    since         timestamptz NOT NULL,
    until         timestamptz NOT NULL,
    every_minutes bigint NOT NULL CHECK (every_minutes > 0),
    wave_seconds  double precision NOT NULL DEFAULT 0,
    orders_name   text NOT NULL DEFAULT '',
    orders_file   text,
    stock_file    text,
    state         text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL,
    started_at    timestamptz,
    ended_at      timestamptz,
    lease_until   timestamptz,
    attempts      bigint NOT NULL DEFAULT 0,
    done          bigint NOT NULL DEFAULT 0,
    total         bigint NOT NULL DEFAULT 0,
    is_cancelled  boolean NOT NULL DEFAULT false,
    error         text NOT NULL DEFAULT '',
    before        jsonb,
    after         jsonb,
    changed       bigint NOT NULL DEFAULT 0,
    CHECK (since < until)
);
COMMENT ON TABLE lab_runs IS 'What was asked of the lab and what came of it. A worker leases a run; if it dies, another begins it anew.';
COMMENT ON COLUMN lab_runs.draft IS 'The version that was tried (NULL: the rules that Doorstep comes with).';
COMMENT ON COLUMN lab_runs.against IS 'The version it is held against (NULL: the rules that Doorstep comes with).';
COMMENT ON COLUMN lab_runs.is_cancelled IS 'Somebody wants it to end; the worker that has it sees it at the next batch.';
COMMENT ON COLUMN lab_runs.before IS 'What the version it is held against came to; "after" is the draft.';
CREATE INDEX lab_runs_due ON lab_runs (id) WHERE state IN ('waiting', 'running');
CREATE INDEX lab_runs_draft ON lab_runs (draft);
CREATE INDEX lab_runs_against ON lab_runs (against);
-- A day is looked back on once.
CREATE UNIQUE INDEX lab_runs_regret ON lab_runs (since) WHERE kind = 'regret';

CREATE TABLE lab_changes (
    run_id      bigint NOT NULL REFERENCES lab_runs (id) ON DELETE CASCADE,
    order_id    bigint NOT NULL,
    number      text NOT NULL,
    at          timestamptz NOT NULL,
    extra_minor bigint NOT NULL,
    before      jsonb NOT NULL,
    after       jsonb NOT NULL,
    PRIMARY KEY (run_id, order_id)
);
COMMENT ON TABLE lab_changes IS 'The orders that another rule set would have sent otherwise.';
COMMENT ON COLUMN lab_changes.order_id IS 'Of orders of a file: their place in it, below zero.';

CREATE TABLE routing_trials (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    draft      bigint NOT NULL REFERENCES routing_rule_versions (number),
    against    bigint REFERENCES routing_rule_versions (number),
    kind       text NOT NULL CHECK (kind IN ('shadow', 'canary')),
    percent    bigint NOT NULL CHECK (percent BETWEEN 1 AND 100),
    guardrails jsonb NOT NULL,
    why        text NOT NULL,
    started_by text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text NOT NULL DEFAULT '',
    ended_why  text NOT NULL DEFAULT '',
    breached   boolean NOT NULL DEFAULT false,
    seen_at    timestamptz
);
COMMENT ON TABLE routing_trials IS 'Drafts that decide silently (shadow) or on a share of the orders (canary).';
COMMENT ON COLUMN routing_trials.against IS 'The version that decided when it began (NULL: the rules that Doorstep comes with); it ends when another does.';
COMMENT ON COLUMN routing_trials.breached IS 'A guardrail broke and ended it; it stands on Home until somebody has seen it.';
-- One at a time, or nobody could tell which one was the cause.
CREATE UNIQUE INDEX routing_trials_running ON routing_trials ((ended_at IS NULL)) WHERE ended_at IS NULL;
CREATE INDEX routing_trials_draft ON routing_trials (draft);
CREATE INDEX routing_trials_against ON routing_trials (against);

CREATE TABLE routing_trial_orders (
    trial_id     bigint NOT NULL REFERENCES routing_trials (id),
    order_id     bigint NOT NULL,
    by_draft     boolean NOT NULL,
    decided_at   timestamptz NOT NULL,
    rules        text NOT NULL,
    cost_minor   bigint NOT NULL,
    parcels      bigint NOT NULL,
    is_split     boolean NOT NULL,
    is_served    boolean NOT NULL,
    miss         double precision NOT NULL,
    short_pieces bigint NOT NULL,
    PRIMARY KEY (trial_id, order_id, by_draft)
);
COMMENT ON TABLE routing_trial_orders IS 'The first decision on each order of a trial, by each side that decided on it.';
