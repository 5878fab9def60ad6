"""Imports: bad rows by line and reason, valid ones applied or none, in chunks, once per key, despite crashes."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT
from tests.clock import day

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory import views
from doorstep.domain.inventory.actions import imports
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.imports import (
    SHAPES,
    BadFile,
    Import,
    ImportKind,
    ImportState,
    NewImport,
    read_csv,
    reader_of,
)
from doorstep.domain.inventory.views import imports as import_views
from doorstep.domain.inventory.views import replenishment as rule_views
from doorstep.domain.inventory.views import supplies as supply_views
from doorstep.domain.inventory.views.supplies import SupplyFilter
from doorstep.flows.stock import import_files
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import ImportId, LocationId
from doorstep.kernel.states import IllegalMove

A, B = LocationId(1), LocationId(2)
HEAD = "sku,location,quantity\n"


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """Ten shirts and two jackets in A, three shirts in B; at the end the ledger must agree with its counters."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10, JACKET: 2}, B={SHIRT: 3})
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def load(
    database: Database, text: str, kind: ImportKind = ImportKind.STOCK, name: str = "stock.csv", **given: Any
) -> ImportId:
    new = NewImport(kind, name, **({"as_of": NOON} | given))
    rows = reader_of(name)(text.splitlines(keepends=True), kind)
    with database.write(actor="user:2") as tx:
        return imports.load(tx, new=new, rows=rows, at=NOON)[0]


def step(database: Database, now: datetime = NOON + timedelta(hours=1)) -> Import | None:
    """One handful, as a worker does it."""
    with database.write(actor="system") as tx:
        file = imports.claim(tx)
        return None if file is None else import_files.apply_next(tx, file, now=now)


def work(database: Database) -> None:
    while step(database) is not None:
        pass


def look(database: Database, import_id: ImportId) -> Import:
    with database.read() as tx:
        return import_views.row(tx, import_id=import_id)


def problems(database: Database, import_id: ImportId) -> list[tuple[int, str | None]]:
    with database.read() as tx:
        return [(row.line_no, row.problem) for row in import_views.all_problems(tx, import_id=import_id)]


def on_hand(database: Database, sku: str = SHIRT, location: LocationId = A) -> int:
    with database.read() as tx:
        found = views.positions(tx, sku=sku, location_id=location)
    return sum(each.on_hand for each in found if each.condition is Condition.NEW)


def test_good_rows_apply_and_bad_ones_are_named_by_line_and_reason(database: Database) -> None:
    text = (
        f"{HEAD}{SHIRT},A,7\n{SHIRT},B,x\nNO-SUCH,A,1\n{JACKET},Z,1\n\n{JACKET},A,-1\n{SHIRT},A,8\n"
        f'{JACKET},B\n"{JACKET}",B,5\n{JACKET},A,\n'
    )
    import_id = load(database, text)
    work(database)
    assert problems(database, import_id) == [
        (3, "quantity is no whole number: x"),
        (4, "sku is not in the catalog: NO-SUCH"),
        (5, "location is no location: Z"),
        (7, "quantity is less than 0: -1"),
        (8, "Line 2 speaks of the same."),
        (9, "The row has 2 cells, the first line has 3."),
        (11, "quantity is missing"),
    ]
    file = look(database, import_id)
    assert (file.state, file.loaded, file.applied, file.ignored, file.bad) == (ImportState.DONE, 9, 2, 0, 7)
    assert (on_hand(database), on_hand(database, JACKET, B), file.percent) == (7, 5, 100)


def test_all_or_none_means_none(database: Database) -> None:
    import_id = load(database, f"{HEAD}{SHIRT},A,7\n{SHIRT},Z,1\n", whole=True)
    work(database)
    file = look(database, import_id)
    assert (file.state, file.applied, file.bad, on_hand(database)) == (ImportState.REFUSED, 0, 1, 10)
    assert problems(database, import_id) == [(3, "location is no location: Z")]
    with database.read() as tx:
        (reported,) = event_log.of_stream(tx, stream="import", stream_id=import_id)
    assert (reported.type, reported.data["state"], reported.data["bad"]) == ("import.ended", "refused", 1)


def test_all_or_none_means_all_when_all_are_good(database: Database) -> None:
    import_id = load(database, f"{HEAD}{SHIRT},A,7\n{SHIRT},B,1\n", whole=True)
    work(database)
    assert (look(database, import_id).applied, on_hand(database), on_hand(database, location=B)) == (2, 7, 1)


def test_a_key_brings_a_file_in_once(database: Database) -> None:
    text = f"{HEAD}{SHIRT},A,5\n"
    first = load(database, text, ImportKind.STOCK_CHANGES, key="monday")
    work(database)
    assert load(database, text, ImportKind.STOCK_CHANGES, key="monday") == first
    work(database)
    assert on_hand(database) == 15
    with pytest.raises(errors.Conflict, match="another file"):
        load(database, text, key="monday")


def test_changes_may_repeat_themselves_and_old_snapshots_say_nothing(database: Database) -> None:
    changes = load(database, f"{HEAD}{SHIRT},A,5\n{SHIRT},A,-2\n{SHIRT},A,0\n", ImportKind.STOCK_CHANGES)
    work(database)
    assert (on_hand(database), problems(database, changes)) == (13, [(4, "A change of 0 has no effect.")])
    load(database, f"{HEAD}{SHIRT},A,9\n")
    late = load(database, f"{HEAD}{SHIRT},A,4\n", as_of=NOON - timedelta(hours=1))
    work(database)
    file = look(database, late)
    assert (file.applied, file.ignored, file.bad, on_hand(database)) == (0, 1, 0, 9)


def test_another_worker_continues_a_file_when_one_dies(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "_APPLIED_AT_ONCE", 2)
    monkeypatch.setattr(imports, "_CHECKED_AT_ONCE", 3)
    lines = "".join(f"{SHIRT},A,1\n" for _ in range(5))
    import_id = load(database, HEAD + lines, ImportKind.STOCK_CHANGES)
    seen = []
    for _ in range(20):
        with database.write(actor="system") as tx:
            died = imports.claim(tx)
            if died is not None:
                tx.preview(partial(import_files.apply_next, tx, died, now=NOON))
        file = step(database)
        if file is None:
            break
        seen.append((file.state.value, file.checked_to, file.applied_to, file.applied))
    assert seen == [
        ("checking", 3, 0, 0),
        ("applying", 6, 0, 0),
        ("applying", 6, 3, 2),
        ("applying", 6, 5, 4),
        ("applying", 6, 6, 5),
        ("done", 6, 6, 5),
    ]
    assert on_hand(database) == 15
    assert look(database, import_id).state is ImportState.DONE


def test_two_workers_never_take_the_same_file(database: Database) -> None:
    load(database, f"{HEAD}{SHIRT},A,7\n")
    with database.write(actor="system") as one, database.write(actor="system") as other:
        assert imports.claim(one) is not None
        assert imports.claim(other) is None


def test_a_failed_file_waits_until_a_user_continues_it(database: Database) -> None:
    import_id = load(database, f"{HEAD}{SHIRT},A,7\n")
    for checked in (False, True):
        if checked:
            step(database)
        with database.write(actor="system") as tx:
            imports.stop(tx, import_id=import_id, error="disk full", at=NOON)
        assert (step(database), look(database, import_id).error) == (None, "disk full")
        with database.write(actor="user:2") as tx:
            imports.resume(tx, import_id=import_id, at=NOON)
    work(database)
    assert (look(database, import_id).state, on_hand(database)) == (ImportState.DONE, 7)
    with database.write(actor="system") as tx:
        imports.stop(tx, import_id=import_id, error="too late", at=NOON)
        with pytest.raises(IllegalMove):
            imports.resume(tx, import_id=import_id, at=NOON)
        with pytest.raises(errors.NotFound):
            imports.resume(tx, import_id=ImportId(99), at=NOON)
        with pytest.raises(errors.NotFound):
            import_views.row(tx, import_id=99)
    assert look(database, import_id).state is ImportState.DONE


def test_skus_are_imported_from_a_file(database: Database) -> None:
    head = "currency,sku,title,weight_grams,price_minor,gst_rate_basis_points,barcode\n"
    text = f'{head}INR,NEW-1,"Shirt, blue",200,79900,1200,890\nXXX,NEW-2,Hat,1,1,,\nINR,NEW-3,,1,1,,\n'
    import_id = load(database, text, ImportKind.SKUS)
    work(database)
    with database.read() as tx:
        found = catalog.items(tx, skus=["NEW-1", "NEW-2", "NEW-3"])
    assert set(found) == {"NEW-1"}
    assert (found["NEW-1"].title, look(database, import_id).bad) == ("Shirt, blue", 2)
    assert problems(database, import_id)[1] == (4, "title is missing")


def test_supply_is_imported_from_ndjson_and_errors_are_named(database: Database) -> None:
    good: dict[str, object] = {"kind": "purchase_order", "number": "PO-1", "line_no": 1, "sku": SHIRT}
    good |= {"location": "A", "quantity": 5, "eta_date": day(34).isoformat(), "confidence": None}
    bad = good | {"kind": "asn", "eta_date": "2026-02-30", "confidence": 50}
    lines = [json.dumps(good), json.dumps(bad), '{"kind": "gift"', '{"colour": "red"}', "", ""]
    text = "\n".join(lines)
    import_id = load(database, text, ImportKind.SUPPLIES, "po.ndjson")
    work(database)
    reported = problems(database, import_id)
    assert reported[0] == (2, "eta_date is no day of its month: 2026-02-30")
    assert [line for line, _ in reported] == [2, 3, 4]
    fields = "kind, number, line_no, sku, location, quantity, eta_date, confidence"
    assert reported[2][1] == f"Unknown: colour. The fields are {fields}."
    with database.read() as tx:
        (supply,) = supply_views.page(tx, wanted=SupplyFilter())
    assert (supply.number, supply.quantity, supply.eta_date.isoformat()) == ("PO-1", 5, day(34).isoformat())


def test_a_snapshot_may_call_its_quantity_on_hand(database: Database) -> None:
    load(database, f"sku,location,on_hand\n{SHIRT},A,7\n")
    import_id = load(
        database,
        f'{{"sku": "{JACKET}", "location": "B", "on_hand": 5}}\n'
        f'{{"sku": "{JACKET}", "location": "A", "on_hand": 5, "quantity": 6}}\n',
        name="counted.ndjson",
    )
    work(database)
    assert (on_hand(database), on_hand(database, JACKET, B), on_hand(database, JACKET)) == (7, 5, 2)
    assert problems(database, import_id) == [(2, "The line has a field twice.")]


def test_a_row_that_the_verb_refuses_fails_alone(database: Database) -> None:
    head = "sku,category,location,location_kind,source,min_quantity,max_quantity\n"
    rows = [f"{SHIRT},,B,,A,1,5", f"{JACKET},,B,,A,9,5", f"{JACKET},,,store,A,1,2", ",Tops,B,,A,0,3"]
    import_id = load(database, head + "\n".join(rows), ImportKind.REPLENISHMENT)
    work(database)
    assert problems(database, import_id) == [(3, "The maximum must not be less than the minimum.")]
    with database.read() as tx:
        assert len(rule_views.rules(tx)) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sku,location\n", "lacks quantity"),
        (
            "sku,location,stock\n",
            r"^The first line lacks quantity and has unknown columns: stock. The columns are sku, location, quantity \(or on_hand\), condition.$",
        ),
        ("sku,location,quantity,on_hand\n", "has a column twice"),
        ("", "lacks sku, location, quantity"),
        (f"{HEAD.strip()},colour\n", "has unknown columns: colour"),
        ("sku,location,quantity,sku\n", "has a column twice"),
        (f'{HEAD}"{SHIRT}" ,A,7\n', "is not CSV"),
    ],
)
def test_an_unreadable_file_is_not_imported(database: Database, text: str, message: str) -> None:
    with pytest.raises(BadFile, match=message):
        load(database, text)
    with database.read() as tx:
        assert import_views.rows(tx) == []


def test_an_order_file_has_past_orders_and_a_known_extension(database: Database) -> None:
    with pytest.raises(errors.Invalid, match="future"):
        load(database, HEAD, as_of=NOON + timedelta(days=1))
    with pytest.raises(errors.Invalid, match="Enter the source"):
        load(database, HEAD, source=" ")
    with pytest.raises(BadFile, match="must end in"):
        reader_of("stock.xlsx")
    work(database)
    assert load(database, HEAD) == 1
    work(database)
    assert look(database, ImportId(1)).percent == 100


def test_every_kind_of_file_has_its_work() -> None:
    assert set(import_files._KINDS) == set(SHAPES) == set(ImportKind)


def test_cells_hold_no_sign_that_the_database_cannot_keep() -> None:
    (row,) = read_csv([HEAD, "\ufeff" + f"{SHIRT}\x00, A ,7\n"], ImportKind.STOCK)
    assert row.cells == ("\ufeff" + SHIRT, "A", "7", "")
    assert row.key == "\x1f".join(("\ufeff" + SHIRT, "A", "new"))


def _many(database: Database, rows: int) -> Sequence[str]:
    """A network big enough for so many positions, and the lines of a file that sets each."""
    skus = rows // 20
    with database.write(actor="system") as tx:
        tx.execute(
            """
            INSERT INTO skus (sku, title, weight_grams, price_minor, currency)
            SELECT 'SKU-' || n, 'Item', 1, 1, 'INR' FROM generate_series(1, %s) n
            """,
            (skus,),
        )
        builders.stock(tx, **{f"L{number}": {SHIRT: 0} for number in range(20)})
    return [f"SKU-{number % skus + 1},L{number // skus},{number % 90}\n" for number in range(rows)]


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_many_rows_are_imported_with_constant_memory(database: Database, rows: int) -> None:
    lines = _many(database, rows)
    if rows < 100_000:
        tracemalloc.start()  # it makes everything several times slower
    began = time.monotonic()
    new = NewImport(ImportKind.STOCK, "big.csv", NOON)
    with database.write(actor="user:2") as tx:
        reported = read_csv((line for part in ([HEAD], lines) for line in part), ImportKind.STOCK)
        import_id, _ = imports.load(tx, new=new, rows=reported, at=NOON)
    loaded = time.monotonic() - began
    work(database)
    seconds, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    file = look(database, import_id)
    assert (file.state, file.applied, file.bad) == (ImportState.DONE, rows, 0)
    assert peak < 40_000_000
    print(f"{rows:,} rows: loaded in {loaded:.1f} s, done in {seconds:.1f} s")  # noqa: T201 - the figure for the documents
