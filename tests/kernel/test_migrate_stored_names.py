"""Upgrading a database with rule sets and runs under their earlier names: each is read under its new name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from alembic import command
from tests.clock import NOON

from doorstep.delivery.api.capture import CapturedAll
from doorstep.domain.inventory.views import freshness
from doorstep.domain.routing.model.rules.cases import Expected, Sent
from doorstep.domain.routing.model.rules.document import Remainder
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import rules, runs
from doorstep.kernel import schema
from doorstep.kernel.db import Database

BEFORE_HINDSIGHT = "0020"
NEAR = {
    "name": "near",
    "locations": {"when": "order.pieces > 3 && location.room > 1"},
    "choose": [{"by": "piece_distance"}, {"by": "stock"}],
    "rest": {"then": "park", "queue": "care"},
}
CASE = {
    "name": "a SKU may have any code",
    "at": NOON.isoformat(),
    "order": {"lines": [{"sku": "rest", "quantity": 3}]},
    "only_places": True,
    "places": [{"code": "pieces", "room": 4}],
    "lanes": [{"location": "pieces", "piece_minor": 3}],
    "stock": {"rest": {"pieces": 2}},
    "expect": {"sent": [{"line": 1, "location": "pieces", "pieces": 2}], "rest": "park", "queue": "care"},
}
RULES = {
    "name": "shop",
    "currency": "INR",
    "look_ahead": False,
    "runs": [{"name": "all day", "routings": [{"name": "all", "rules": [NEAR]}]}],
    "queues": [{"name": "care", "owner": "Care", "told_to_customer": "Please wait."}],
    "costs": {"last_piece_minor": 1, "short_piece_minor": 2},
    "cases": [CASE],
}
KEPT = {
    "external_id": "D-1",
    "status": "created",
    "order_id": 7,
    "number": "D-1",
    "headline": "ORDER_IN_FULFILLMENT",
    "held_because": ["unpaid"],
    "error": "",
}
ANSWER = {"results": [KEPT, KEPT | {"external_id": "D-2", "headline": ""}]}
VALUES = {
    "document": json.dumps(RULES),
    "answer": json.dumps(ANSWER),
    "now": NOON,
    "since": NOON - timedelta(days=1),
}
STATEMENTS = (
    """INSERT INTO routing_rule_versions (number, name, document, digest, state, drafted_by, drafted_at, drafted_why,
                                          activated_by, activated_at, activated_why)
       VALUES (1, 'shop', %(document)s::jsonb, 'digest', 'active', 'test', %(now)s, 'first', 'test', %(now)s, 'first')""",
    """INSERT INTO routing_runs (run, kind, rules, started_at)
       SELECT CASE kind WHEN 'regret' THEN 'yesterday' ELSE kind END, kind, 'shop 1', %(now)s FROM unnest(ARRAY['schedule', 'wave', 'prices', 'regret']) kind""",
    """INSERT INTO lab_runs (kind, since, until, every_minutes, wave_seconds, asked_by, asked_at)
       VALUES ('regret', %(since)s, %(now)s, 1, 5, 'system', %(now)s)""",
    """INSERT INTO locations (code, name, kind, company, line1, city, postal_code, country, latitude, longitude, timezone)
       VALUES ('WH-A', 'Warehouse A', 'warehouse', 'Company', '1 Some Road', 'Mumbai', '400001', 'IN', 19, 72.8, 'Asia/Kolkata')""",
    """INSERT INTO idempotency_keys (actor, key, request_digest, response) VALUES ('api:1', 'k', 'd', %(answer)s::jsonb)""",
    """INSERT INTO stock_sources (location_id, name, max_age_seconds, last_heard_at) VALUES (1, 'erp', 60, %(now)s)""",
)


@pytest.fixture
def upgraded(bare_dsn: str) -> Iterator[Database]:
    """A database with a rule set, runs and a stock source under earlier names, brought up to date."""
    command.upgrade(schema._config(bare_dsn), BEFORE_HINDSIGHT)
    with psycopg.connect(bare_dsn) as connection:
        for statement in STATEMENTS:
            connection.execute(statement.encode(), VALUES)
    schema.upgrade(bare_dsn)
    database = Database(bare_dsn, pool_size=1).open()
    yield database
    database.close()


def test_stored_rules_are_read_under_the_new_names_of_their_fields(upgraded: Database) -> None:
    with upgraded.read() as tx:
        document = rules.document(tx, number=1)
    rule, (case,) = document.runs[0].routings[0].rules[0], document.cases
    assert [each.by.value for each in rule.choose] == ["unit_distance", "stock"]
    assert rule.remainder == Remainder(then="queue", queue="care")
    assert document.queues[0].customer_message == "Please wait."
    assert (document.costs.last_unit_minor, document.costs.short_unit_minor) == (1, 2)
    assert not document.scarcity_prices
    assert rule.locations.when == "order.units > 3 && location.free_capacity > 1"
    assert (case.only_locations, case.locations[0].free_capacity, case.lanes[0].unit_minor) == (True, 4, 3)
    assert case.order.lines[0].sku == "rest"
    assert case.stock == {"rest": {"pieces": 2}}
    assert case.expect == Expected(sent=(Sent(1, "pieces", 2),), remainder="queue", queue="care")


def test_documents_are_immutable_again_after_the_upgrade(upgraded: Database) -> None:
    with (
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
        upgraded.write(actor="test") as tx,
    ):
        tx.execute("UPDATE routing_rule_versions SET document = '{}'")


def test_runs_and_stock_sources_keep_their_history_under_the_new_names(upgraded: Database) -> None:
    with upgraded.read() as tx:
        names = {each.kind: each.run for each in runs.history(tx)}
        (source,) = freshness.sources(tx)
        assert (
            tx.value(int, "SELECT count(*) FROM lab_runs WHERE kind = 'hindsight' AND batch_seconds = 5") == 1
        )
    assert names == {
        RunKind.SCHEDULE: "schedule",
        RunKind.BATCH: "batch re-optimization",
        RunKind.PRICES: "prices",
        RunKind.HINDSIGHT: "yesterday",
    }
    assert source.last_update_at == NOON


def test_a_kept_answer_can_be_given_again(upgraded: Database) -> None:
    with upgraded.read() as tx:
        kept = CapturedAll.model_validate_json(tx.value(str, "SELECT response::text FROM idempotency_keys"))
    assert [
        (each.external_id, each.result.value, each.status, each.hold_reasons) for each in kept.results
    ] == [
        ("D-1", "created", "in_fulfillment", ["unpaid"]),
        ("D-2", "created", "", ["unpaid"]),
    ]
