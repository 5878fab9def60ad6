"""A connection in shadow mode: its calls are kept, not lost, and are made or dropped when a person says so."""

from __future__ import annotations

import pytest
from tests.builders import Retailer
from typer.testing import CliRunner

from doorstep.delivery.cli import create
from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Mode
from doorstep.flows import operations
from doorstep.kernel import errors, jobs


def switch(retailer: Retailer, mode: Mode) -> None:
    retailer.write(lambda tx: actions.switch(tx, key="mail", mode=mode))
    retailer.app.registry._looked_at = float("-inf")


@pytest.fixture
def shadowed(retailer: Retailer) -> Retailer:
    """The confirmation of an order was only logged."""
    switch(retailer, Mode.SHADOW)
    retailer.place_order()
    retailer.settle()
    return retailer


def test_a_call_that_was_only_logged_is_not_done_and_not_dead(shadowed: Retailer) -> None:
    assert (shadowed.read(jobs.count_shadowed), shadowed.dead(), shadowed.waiting()) == ({"mail": 1}, [], 0)
    (kept,) = shadowed.read(lambda tx: jobs.shadowed(tx, connection="mail"))
    assert (kept.subscriber, kept.stream, kept.event_type) == (
        "email.order_confirmed",
        "order",
        "order.placed",
    )
    with pytest.raises(errors.Refused, match="mail is not live"):
        shadowed.write(lambda tx: operations.send_shadowed(tx, key="mail"))


def test_it_is_made_once_when_the_connection_is_live(shadowed: Retailer) -> None:
    switch(shadowed, Mode.LIVE)
    shadowed.settle()
    assert shadowed.client("mail").messages == {}
    assert shadowed.write(lambda tx: operations.send_shadowed(tx, key="mail")) == 1
    shadowed.settle()
    assert len(shadowed.client("mail").messages) == 1
    assert shadowed.read(jobs.count_shadowed) == {}


def test_or_it_is_dropped(shadowed: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = shadowed.app.settings
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv(
        "DOORSTEP_DATABASE_URL", chosen.database_url.get_secret_value() if chosen.database_url else ""
    )
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(chosen.data_dir))

    def run(*words: str) -> str:
        return CliRunner().invoke(create(), ["connections", *words]).stdout

    assert "email.order_confirmed" in run("shadowed", "mail")
    assert "1 calls were only logged" in run("mode", "mail", "live")
    assert run("shadowed", "mail", "--drop") == "1 calls dropped.\n"
    assert run("shadowed", "mail") == "No calls were logged in shadow mode.\n"
    with pytest.raises(errors.NotFound):
        shadowed.write(lambda tx: operations.drop_shadowed(tx, key="nobody"))
