"""`doorstep import` and `export` of stock on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import builders, clock
from tests.builders import SHIRT
from tests.clock import day
from typer.testing import CliRunner, Result

from doorstep.delivery import cli
from doorstep.domain.inventory import views
from doorstep.domain.inventory.views import imports as import_views
from doorstep.domain.inventory.views import supplies as supply_views
from doorstep.domain.inventory.views.supplies import SupplyFilter
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId

A = LocationId(1)


@pytest.fixture(autouse=True)
def installation(database: Database, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten shirts in A; the command line finds this database."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10}, B={SHIRT: 3})
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", dsn)
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.create(), list(words))


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def on_hand(database: Database) -> int:
    with database.read() as tx:
        return sum(each.on_hand for each in views.positions(tx, sku=SHIRT, location_id=A))


def test_stock_round_trips_through_export_and_import(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "stock.csv"
    assert run("export", "stock", str(target)).exit_code == 0
    corrected = target.read_text().replace(f"{SHIRT},A,10", f"{SHIRT},A,12")
    result = run("import", "stock", write(tmp_path, "stock.csv", corrected), "--key", "once")
    assert (result.exit_code, on_hand(database)) == (0, 12)
    assert "Import 1 is done: 2 applied, 0 unchanged, 0 invalid." in result.output
    again = run("import", "stock", write(tmp_path, "stock.csv", corrected), "--key", "once")
    assert (again.exit_code, "nothing changes" in again.output) == (0, True)
    ledger = tmp_path / "ledger.csv"
    assert (
        run("export", "movements", str(ledger), "--location", "A", "--since", day(-30).isoformat()).exit_code
        == 0
    )
    assert ",synchronized," in ledger.read_text()


def test_changes_add_up_and_bad_rows_are_named(database: Database, tmp_path: Path) -> None:
    text = f"sku,location,quantity\n{SHIRT},A,-3\n{SHIRT},Z,1\n"
    result = run("import", "stock", write(tmp_path, "sales.csv", text), "--delta", "--source", "pos")
    assert (result.exit_code, on_hand(database)) == (1, 7)
    assert "line 3: location is no location: Z" in result.output
    refused = run("import", "stock", write(tmp_path, "sales.csv", text), "--delta", "--all-or-none")
    assert ("is refused: 0 applied" in refused.output, on_hand(database)) == (True, 7)


def test_many_bad_rows_are_not_all_shown(tmp_path: Path) -> None:
    text = "sku,location,quantity\n" + "".join(f"NO-{number},A,1\n" for number in range(25))
    result = run("import", "stock", write(tmp_path, "stock.csv", text))
    assert (result.output.count("is not in the catalog"), "and more" in result.output) == (20, True)


def test_catalog_supply_and_rules_are_imported(database: Database, tmp_path: Path) -> None:
    catalog = "sku,title,weight_grams,price_minor,currency\nNEW-1,Shirt,200,79900,INR\n"
    assert run("import", "skus", write(tmp_path, "skus.csv", catalog)).exit_code == 0
    coming = (
        '{"kind": "asn", "number": "A1", "line_no": 1, "sku": "NEW-1", "location": "A", "quantity": 4,'
        f' "eta_date": "{day(34)}"}}\n'
    )
    assert run("import", "supplies", write(tmp_path, "asn.ndjson", coming)).exit_code == 0
    rules = "sku,location,source,min_quantity,max_quantity\nNEW-1,B,A,1,2\n"
    assert run("import", "replenishment", write(tmp_path, "rules.csv", rules)).exit_code == 0
    with database.read() as tx:
        assert [row.sku for row in supply_views.page(tx, wanted=SupplyFilter())] == ["NEW-1"]
        assert [each.actor for each in import_views.rows(tx)] == ["cli"] * 3


def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    result = run("import", "stock", write(tmp_path, "stock.csv", "sku\n"))
    assert "lacks location, quantity" in str(result.exception)
    missing = run("export", "stock", str(tmp_path / "no" / "where.csv"))
    assert "cannot be written" in str(missing.exception)
