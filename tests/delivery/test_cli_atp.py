"""`doorstep atp`: explain a SKU, and recompute the rules."""

from __future__ import annotations

from tests import builders
from tests.builders import JACKET, NOON, Retailer
from typer.testing import CliRunner, Result

from doorstep.delivery.cli import create
from doorstep.domain.inventory.actions import freshness, rules
from doorstep.domain.inventory.actions.rules import RuleChange
from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.model.rules import RuleKind, Terms


def atp(retailer: Retailer, *arguments: str) -> Result:
    environment = builders.environment(retailer.app) | {"COLUMNS": "160"}
    return CliRunner().invoke(create(), ["atp", *arguments], env=environment)


def test_a_sku_is_explained(retailer: Retailer) -> None:
    terms = Terms(RuleKind.THRESHOLD, "the last one stays", 1)
    retailer.write(lambda tx: rules.put(tx, change=RuleChange(terms, "test"), at=NOON))
    reported = atp(retailer, "explain", JACKET, "--channel", "shop").stdout
    assert "On hand everywhere" in reported
    assert "-1     Threshold of this channel" in reported
    assert "the last one stays" in reported
    source = StockSource(retailer.location_ids["WH-A"], "wms", 60)
    retailer.write(lambda tx: freshness.put_sources(tx, sources=[source]))
    assert "Unknown (" in atp(retailer, "explain", JACKET).stdout


def test_a_sound_system_changes_nothing_when_it_is_worked_out_again(retailer: Retailer) -> None:
    assert "Changed: 0 SKU × location" in atp(retailer, "rebuild").stdout
    retailer.write(lambda tx: tx.execute("INSERT INTO location_policies VALUES (%s, 1, '')", (JACKET,)))
    assert "Changed: 1 SKU × location" in atp(retailer, "rebuild").stdout
