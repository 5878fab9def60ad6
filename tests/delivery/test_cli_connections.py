"""Connections on the command line: the sample file, secrets from the environment, unknown keys."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from tests import builders
from tests.builders import NOON, Retailer

from doorstep import processes
from doorstep.delivery.cli.demo.setting import _accounts
from doorstep.domain.connections import views

SAMPLE = Path(__file__).parents[2] / "samples" / "connections.toml"
KEYS = "books, mail, pay, shiphawk, shop, store-parcels"


@pytest.fixture
def run(retailer: Retailer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs a command; gives its exit code and its sentence or output."""
    for name, value in builders.environment(retailer.app).items():
        monkeypatch.setenv(name, value)

    def run_(*words: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["doorstep", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            processes.main()
        captured = capsys.readouterr()
        return ended.value.code, " ".join((captured.out + captured.err).split())

    return run_


def test_the_sample_connects_the_partners_of_the_demo(
    run, retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = re.findall(r'env = "(\w+)"', SAMPLE.read_text())
    assert len(variables) == len(set(variables)) == 11
    for name in variables:
        monkeypatch.setenv(name, f"{name} {'x' * 20}")
    assert run("connections", "put", SAMPLE)[0] == 0
    found = {row.key: (row.kind, row.connector_id) for row in retailer.read(views.all_connections)}
    demo = {key: (kind.value, connector) for key, kind, connector, _, _ in _accounts(_Anything())}
    assert {key: found[key] for key in demo} == demo
    assert [
        row.settings["base_url"] for row in retailer.read(views.all_connections) if row.key == "erpnext"
    ] == ["https://erp.your-shop.example"]


class _Anything(dict):  # type: ignore[type-arg]  # ready files of all partners
    def __missing__(self, key: str):
        return (
            _Anything()
            if key in {"shopify", "shiphawk", "shiprocket", "razorpay", "erpnext", "smtp"}
            else "x"
        )


def test_a_missing_environment_variable_is_named(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOPIFY_ACCESS_TOKEN", raising=False)
    assert run("connections", "put", SAMPLE) == (
        1,
        f"doorstep: {SAMPLE}: access_token of shopify needs the environment variable SHOPIFY_ACCESS_TOKEN.",
    )


@pytest.mark.parametrize(
    "command",
    [
        f"import orders {SAMPLE.with_name('notnaked')}/skus.csv --channel nobody",
        "connections unsent nobody",
        "connections unsent nobody --send",
        "connections unsent nobody --discard",
        "connections mode nobody live",
        "connections connect nobody",
        "connections sign-in nobody",
    ],
)
def test_an_unknown_connection_is_answered_with_those_that_exist(run, command: str) -> None:
    expected = f"doorstep: There is no connection 'nobody'. The connections are {KEYS}."
    assert run(*command.split()) == (1, expected)


@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_an_id_that_is_no_dead_letter_is_refused(run, verb: str) -> None:
    expected = "doorstep: 1 of inbox:99 is no dead letter: nothing changes. See doorstep dead-letters list."
    assert run("dead-letters", verb, "inbox:99") == (1, expected)


AMAZON = f"""
[amazon]
kind = "channels"
connector = "amazon"
[amazon.settings]
region = "eu"
marketplaces = "A21TJRUUN4KGV"
client_id = "app"
client_secret = "app-secret"
orders_from = "{NOON.isoformat()}"
seller_central_url = "http://127.0.0.1:1"
"""


def test_a_link_to_the_vendors_sign_in_page(run, tmp_path: Path) -> None:
    file = tmp_path / "amazon.toml"
    file.write_text(AMAZON)
    run("connections", "put", file)
    code, said = run("connections", "sign-in", "amazon")
    assert (code, "sign-in: not connected yet" in said) == (0, True)
    assert "to set first: application_id" in said
    assert "redirect address: http://127.0.0.1:8700/console/connect/callback" in said
    assert "Set application_id of amazon first." in run("connections", "connect", "amazon")[1]
    file.write_text(AMAZON + 'application_id = "amzn1.sp.solution.1"\n')
    run("connections", "put", file)
    code, said = run("connections", "connect", "amazon")
    assert code == 0
    link = said.split()[-1]
    assert link.startswith("http://127.0.0.1:1/apps/authorize/consent?application_id=amzn1.sp.solution.1&")
    assert "&state=st_" in link
    assert "is not connected by signing in" in run("connections", "connect", "shop")[1]
