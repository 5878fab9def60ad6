"""Health endpoints: alive, ready, metrics."""

from __future__ import annotations

from starlette.testclient import TestClient
from tests.builders import Retailer, order_snapshot

from doorstep import processes


def test_a_ready_process_reports_ready(retailer: Retailer) -> None:
    client = TestClient(processes.web(retailer.app))
    assert client.get("/health/live").json() == {"status": "ok"}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "schema": "ok"}},
    )


def test_another_schema_is_not_ready_and_explains_what_to_do(retailer: Retailer) -> None:
    retailer.write(lambda tx: tx.execute("UPDATE schema_history SET version_num = 'older'"))
    ready = TestClient(processes.web(retailer.app)).get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["schema"].startswith("the schema is at older, ")
    assert ready.json()["checks"]["schema"].endswith("is needed: doorstep migrate")


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
    figures = TestClient(processes.web(retailer.app)).get("/metrics").text
    assert 'doorstep_deliveries_waiting{subscriber="channel.confirm_shipment"} 1.0' in figures
    assert 'doorstep_dead_letters{error_class="auth"} 1.0' in figures
