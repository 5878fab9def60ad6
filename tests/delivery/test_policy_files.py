"""Files of availability rules, sell-ahead and kits: import and export, complete kits or none, bad rows by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests import builders, clock
from tests.builders import JACKET, SHIRT, SNEAKER
from tests.clock import day
from typer.testing import CliRunner

from doorstep.delivery import cli
from doorstep.domain.catalog import views as catalog
from doorstep.domain.catalog.model import Part
from doorstep.domain.inventory.actions import imports
from doorstep.domain.inventory.model.promises import SellAhead, SellAheadMode
from doorstep.domain.inventory.model.rules import Rule, RuleKind, Scope, Terms
from doorstep.domain.inventory.views import promises as promise_views
from doorstep.domain.inventory.views import rules as rule_views
from doorstep.kernel.db import Database
from doorstep.kernel.ids import Sku

RULES = "kind,name,value,skus,locations,location_kinds,channels,audience,active,reason\n"
PARTS = "sku,part_sku,condition,quantity\n"
Run = Callable[..., str]


@pytest.fixture
def run(database: Database, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands on this database: `file` is what `import` reads; gives what was said, and the exit code before it."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10, JACKET: 4, SNEAKER: 6}, B={SHIRT: 3})
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", dsn)
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))

    def invoke(*words: str, file: str | None = None) -> str:
        path = tmp_path / "given.csv"
        if file is not None:
            path.write_text(file)
        result = CliRunner().invoke(cli.create(), [*words[:2], *([str(path)] if file else []), *words[2:]])
        return f"{result.exit_code}: {result.output}"

    return invoke


def rules(database: Database) -> list[Rule]:
    with database.read() as tx:
        return rule_views.rules(tx)


def parts(database: Database, *skus: str) -> dict[Sku, tuple[Part, ...]]:
    with database.read() as tx:
        return catalog.parts(tx, skus=skus)


def said(output: str) -> Sequence[str]:
    """What was said of single lines."""
    return [line.strip() for line in output.splitlines() if line.startswith("  line ")]


def taken_out(run: Run, folder: Path, kind: str) -> str:
    """What `export` writes."""
    target = folder / "taken.csv"
    assert run("export", kind, str(target)) == "0: "
    return target.read_text()


def test_rules_are_imported_and_take_effect(database: Database, run: Run) -> None:
    text = f"{RULES}safety_stock,Stores,2,{SHIRT}; {JACKET},,store;warehouse,web,,,festival\npool,VIP,3,,,,,group:vip,no,later\n"
    assert "1 is done: 2 applied, 0 unchanged, 0 invalid." in run("import", "rules", file=text)
    pool, stores = sorted(rules(database), key=lambda rule: rule.terms.name, reverse=True)
    scope = Scope(skus=(SHIRT, JACKET), location_kinds=("store", "warehouse"), channels=("web",))
    assert stores.terms == Terms(RuleKind.SAFETY_STOCK, "Stores", 2, scope)
    assert pool.terms == Terms(RuleKind.POOL, "VIP", 3, audience="group:vip", active=False)
    assert (stores.reason, stores.changed_by) == ("festival", "cli")
    with database.read() as tx:
        policies = rule_views.policies(tx, skus=[SHIRT, SNEAKER], channels=["web"])
    assert policies.safety_stock(SHIRT, 1, "web").value == 2
    assert policies.safety_stock(SNEAKER, 1, "web").value == 0


def test_rules_round_trip_through_export_and_import(database: Database, run: Run, tmp_path: Path) -> None:
    run("import", "rules", file=f"{RULES}threshold,Web,2,,,,web;app,,,care\nexclude,Gone,1,{SHIRT},A,,,,,x\n")
    out = taken_out(run, tmp_path, "rules")
    assert out == (
        "kind,name,value,skus,styles,categories,locations,location_kinds,channels,audience,precedence,active,reason\n"
        'threshold,Web,2,"","","","","",web;app,"",100,yes,care\n'
        f'exclude,Gone,1,{SHIRT},"","",A,"","","",100,yes,x\n'
    )
    before = rules(database)
    assert "2 is done: 0 applied, 2 unchanged, 0 invalid." in run("import", "rules", file=out)
    assert rules(database) == before
    run("import", "rules", file=out.replace("Web,2", "Web,5"))
    assert [(rule.terms.value, rule.version) for rule in rules(database)] == [(1, 1), (5, 2)]


def test_bad_rules_are_named_by_line_and_reason(database: Database, run: Run) -> None:
    text = (
        f"{RULES}safety_stock,Good,1,,,,,,,x\nlimit,Kind,1,,,,,,,x\nthreshold,Sku,1,NO-1;{SHIRT},,,,,,x\n"
        "exclude,Place,1,,A;Z,,,,,x\nexclude,Sort,1,,,shop,,,,x\nexclude,Much,2,,,,,,,x\nsafety_stock,Good,2,,,,,,,x\n"
    )
    kinds = "safety_stock, threshold, allow_ship, allow_pickup, exclude, pool"
    bad = [
        f"line 3: kind is none of {kinds}: limit",
        "line 4: skus has what is not in the catalog: NO-1",
        "line 5: locations has what is no location: Z",
        "line 6: location_kinds has what is none of warehouse, store, dark_store, 3pl: shop",
        "line 7: Enter 1 (yes) or 0 (no) for this rule type.",
        "line 8: Line 2 speaks of the same.",
    ]
    output = run("import", "rules", file=text)
    assert (output[0], said(output)) == ("1", bad)
    assert [rule.terms.name for rule in rules(database)] == ["Good"]


def test_all_rules_or_none(database: Database, run: Run) -> None:
    """What only the verb can judge refuses the file too, before anything of it counts."""
    text = f"{RULES}safety_stock,Good,1,,,,,,,x\nexclude,Much,2,,,,,,,x\n"
    output = run("import", "rules", "--all-or-none", file=text)
    assert "Import 1 is refused: 0 applied, 0 unchanged, 1 invalid." in output
    assert said(output) == ["line 3: Enter 1 (yes) or 0 (no) for this rule type."]
    assert rules(database) == []
    assert "2 is done: 2 applied" in run(
        "import", "rules", "--all-or-none", file=text.replace("Much,2", "Much,1")
    )


def test_sell_ahead_is_imported_and_exported(database: Database, run: Run, tmp_path: Path) -> None:
    text = (
        "sku,mode,quantity_limit,available_from_date,until_date,min_confidence\n"
        f"{JACKET},preorder,20,{day(11)},{day(34)},80\n{SHIRT},backorder,,,,0\n"
    )
    bad = f"{SNEAKER},maybe,,,,\n"
    output = run("import", "sell-ahead", file=text + bad)
    assert said(output) == ["line 4: mode is none of none, preorder, backorder: maybe"]
    days = (day(11), day(34))
    with database.read() as tx:
        found = [promise_views.sell_ahead(tx, sku=sku) for sku in (JACKET, SHIRT)]
    assert found[0] == SellAhead(JACKET, SellAheadMode.PREORDER, 20, *days, 80)
    assert found[1] == SellAhead(SHIRT, SellAheadMode.BACKORDER)
    assert taken_out(run, tmp_path, "sell-ahead") == text
    assert "2 is done: 2 applied" in run("import", "sell-ahead", file=text)


def test_kits_are_imported_and_exported(database: Database, run: Run, tmp_path: Path) -> None:
    text = f"{PARTS}{JACKET},{SHIRT},new,2\n{JACKET},{SNEAKER},b_grade,1\n"
    assert "1 is done: 2 applied" in run("import", "parts", file=text.replace(",new,", ",,"))
    recipe = (Part(SHIRT, "new", 2), Part(SNEAKER, "b_grade", 1))
    assert parts(database, JACKET) == {JACKET: recipe}
    assert taken_out(run, tmp_path, "parts") == text
    assert "2 is done: 1 applied" in run("import", "parts", file=f"{PARTS}{JACKET},{SHIRT},new,1\n")
    assert parts(database, JACKET) == {JACKET: (Part(SHIRT, "new", 1),)}


def test_components_of_a_kit_are_stored_completely_or_not_at_all(database: Database, run: Run) -> None:
    """One bad part leaves the recipe as it was; recipes beside it are taken."""
    catalog = "".join(f"{sku},Kit,1,100,INR\n" for sku in ("K1", "K2", "K3"))
    run("import", "skus", file=f"sku,title,weight_grams,price_minor,currency\n{catalog}")
    text = (
        f"{PARTS}K1,{SHIRT},,1\nK1,{SNEAKER},,0\nK2,{SHIRT},,1\nK3,{SHIRT},,1\nK2,{JACKET},,1\n"
        f"{JACKET},{JACKET},,1\n{JACKET},{SHIRT},,1\n{SNEAKER},{SHIRT},b_grade,1\n"
    )
    output = run("import", "parts", file=text)
    assert said(output) == [
        "line 2: Line 3 of K1 is bad.",
        "line 3: quantity is less than 1: 0",
        "line 4: The rows of K2 are not adjacent.",
        "line 6: The rows of K2 are not adjacent.",
        f"line 7: {JACKET} cannot be a component of itself.",
        f"line 8: {JACKET} cannot be a component of itself.",
    ]
    own = {sku: (Part(sku, "new", 1),) for sku in (Sku("K1"), Sku("K2"), JACKET)}
    b_grade = {Sku("K3"): (Part(SHIRT, "new", 1),), SNEAKER: (Part(SHIRT, "b_grade", 1),)}
    assert parts(database, "K1", "K2", "K3", JACKET, SNEAKER) == own | b_grade


def test_a_handful_never_cuts_a_recipe(database: Database, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "_APPLIED_AT_ONCE", 3)
    text = f"{PARTS}{JACKET},{SHIRT},b_grade,1\n{JACKET},{SHIRT},new,1\n{SNEAKER},{SHIRT},b_grade,2\n{SNEAKER},{SHIRT},new,2\n"
    assert "1 is done: 4 applied" in run("import", "parts", file=text)
    assert parts(database, JACKET, SNEAKER) == {
        JACKET: (Part(SHIRT, "b_grade", 1), Part(SHIRT, "new", 1)),
        SNEAKER: (Part(SHIRT, "b_grade", 2), Part(SHIRT, "new", 2)),
    }
