"""Health endpoints: alive, ready, metrics."""

from __future__ import annotations

import time

import httpx
import psycopg
import pytest
from psycopg import conninfo, sql
from starlette.testclient import TestClient
from tests.builders import Retailer, order_snapshot

from doorstep import processes
from doorstep.kernel import errors, schema


def test_a_ready_process_reports_ready(retailer: Retailer) -> None:
    client = TestClient(processes.web(retailer.app))
    assert client.get("/health/live").json() == {"status": "ok"}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "schema": "ok", "secret_key": "ok"}},
    )


def found(retailer: Retailer, revision: str, oldest: str = "") -> httpx.Response:
    """What readiness says of a database at this revision."""
    retailer.write(
        lambda tx: (
            tx.execute("UPDATE schema_history SET version_num = %s", (revision,)),
            tx.execute("UPDATE installation SET oldest_revision = %s", (oldest,)),
        )
    )
    return TestClient(processes.web(retailer.app)).get("/health/ready")


def test_an_older_schema_is_not_ready_and_explains_what_to_do(retailer: Retailer) -> None:
    ready = found(retailer, "0023")
    assert ready.status_code == 503
    assert ready.json()["checks"]["schema"] == (
        f"the schema is at 0023, {schema.newest()} is needed: doorstep migrate"
    )


def test_a_newer_schema_that_this_code_works_on_is_ready(retailer: Retailer) -> None:
    assert found(retailer, "9999", oldest=schema.newest()).status_code == 200
    assert found(retailer, "9999", oldest="0001").status_code == 200


@pytest.mark.parametrize("oldest", ["9998", ""])
def test_a_schema_that_is_too_new_asks_for_the_newer_version(retailer: Retailer, oldest: str) -> None:
    ready = found(retailer, "9999", oldest)
    assert ready.status_code == 503
    assert ready.json()["checks"]["schema"].startswith(
        "the schema is at 9999, which a newer version of Doorstep has made"
    )


def test_migrate_of_older_code_says_what_it_found(retailer: Retailer) -> None:
    found(retailer, "9999", oldest="0024")
    with pytest.raises(
        errors.Refused, match=r"The schema is at 9999, which a newer version .* nothing to migrate"
    ):
        schema.upgrade(retailer.app.server.url)


def test_readiness_is_quick_when_the_database_is_down(retailer: Retailer, server_dsn: str) -> None:
    name = str(conninfo.conninfo_to_dict(retailer.app.db.dsn)["dbname"])
    web = TestClient(processes.web(retailer.app))
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        before = time.monotonic()
        ready = web.get("/health/ready")
        seconds = time.monotonic() - before
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
    assert (ready.status_code, ready.json()["checks"]) == (503, {"database": "the database does not answer"})
    assert seconds < 3


def test_the_metrics_count_waiting_work_and_dead_letters(retailer: Retailer) -> None:
    retailer.receive("shop", "order", b"{", order_snapshot())
    retailer.settle()
    retailer.write(
        lambda tx: tx.execute(
            "INSERT INTO deliveries (subscriber, event_position, stream, key) SELECT 'channel.confirm_shipment', max(position), 'order', 1 FROM events"
        )
    )
    retailer.write(
        lambda tx: tx.execute(
            "INSERT INTO deliveries (subscriber, event_position, key, state, error_class) SELECT 'channel.report_delivery', max(position), 1, 3, 'auth' FROM events"
        )
    )
    figures = TestClient(processes.web(retailer.app), client=("127.0.0.1", 1)).get("/metrics").text
    assert 'doorstep_deliveries_waiting{subscriber="channel.confirm_shipment"} 1.0' in figures
    assert 'doorstep_dead_letters{error_class="auth"} 1.0' in figures
