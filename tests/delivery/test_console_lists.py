"""Lists of the console: the same columns on screen and in the CSV file, sorting, pages; and addresses of verbs."""

from __future__ import annotations

import csv
import re
from datetime import datetime

import pytest
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.delivery.test_console import JACKET, SHIRT, browser, click, sign_in

from doorstep.delivery.console import lists
from doorstep.delivery.console.app import ROUTES
from doorstep.delivery.console.routes import Read, Verb
from doorstep.domain.analytics.views import dead_letters, returns
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory.actions import counts as count_verbs
from doorstep.domain.inventory.actions import freshness, replenishment
from doorstep.domain.inventory.actions import rules as availability_rules
from doorstep.domain.inventory.actions import transfers as transfer_verbs
from doorstep.domain.inventory.actions.rules import RuleChange
from doorstep.domain.inventory.model.counts import CountKind, NewCount
from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.model.replenishment import Rule
from doorstep.domain.inventory.model.rules import RuleKind, Terms
from doorstep.domain.inventory.model.transfers import Plan, RequestedLine
from doorstep.domain.inventory.views import counts, feeds, grid, imports, receiving, supplies, transfers
from doorstep.domain.routing.views import lists as routing
from doorstep.kernel.ids import LocationId, Sku

__all__ = ["browser"]

LISTS = {
    "/orders": "view=all",
    "/returns": "",
    "/transfers": "",
    "/counts": "",
    "/supplies": "",
    "/receiving": "",
    "/dead-letters": "",
    "/inventory": "",
    "/routing/history": "",
    "/routing/runs": "",
    "/routing/lab": "",
}
PAGE = 50  # rows of a page of orders
_ID = re.compile(r"\{\w+:int\}")


def _file(browser: TestClient, path: str, query: str = "", name: str = "") -> list[list[str]]:
    answer = browser.get(f"/console{path}?{query}&{_param(name, 'format')}=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    return list(csv.reader(answer.text.splitlines()))


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_also_a_file(browser: TestClient, shop: Shop, path: str) -> None:
    sign_in(browser)
    head, *_rows = _file(browser, path, LISTS[path])
    assert all(head)
    assert len(head) == len(set(head))


def test_a_file_has_the_rows_and_columns_of_its_page(browser: TestClient, shop: Shop) -> None:
    shop.order((JACKET, 1))
    shop.order((SHIRT, 2))
    sign_in(browser)
    page = browser.get("/console/orders?view=all").text
    head, *rows = _file(browser, "/orders", "view=all")
    on_screen = re.findall(r'<td class="[^"]*" data-label="([^"]+)"', page)
    only_in_file = {"City", "Currency", "Items shipped"}
    shown = [each for each in head if each not in only_in_file]
    assert (len(head), shown) == (len(shown) + len(only_in_file), on_screen[: len(shown)])
    assert [len(row) for row in rows] == [len(head)] * 2
    assert all(row[0] in page for row in rows)


def test_a_csv_file_continues_after_the_first_page(
    browser: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "EXPORT_ROWS", 2)
    placed = {shop.order((SHIRT, 1)) for _ in range(5)}
    sign_in(browser)
    _head, *rows = _file(browser, "/orders", "view=all")
    assert len({row[0] for row in rows}) == len(rows) == len(placed)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM", "'@SUM"),
        ("-cmd", "'-cmd"),
        ("-3.50", "-3.50"),
        ("+91 98", "'+91 98"),
        ("2 + 2", "2 + 2"),
    ],
)
def test_no_spreadsheet_runs_what_a_customer_wrote(text: str, written: str) -> None:
    assert lists._line([text]).strip() == written


def test_orders_are_sorted_by_the_query(browser: TestClient, shop: Shop) -> None:
    for units in (2, 1, 3):
        shop.order((SHIRT, units))
    sign_in(browser)
    head, *rows = _file(browser, "/orders", "view=all&sort=total")
    totals = [float(row[head.index("Total")]) for row in rows]
    assert totals == sorted(totals)
    head, *rows = _file(browser, "/orders", "view=all&sort=-total")
    assert [float(row[head.index("Total")]) for row in rows] == sorted(totals, reverse=True)


def test_amounts_are_sorted_by_currency_first(browser: TestClient, shop: Shop) -> None:
    dearer, cheaper, yen = (shop.order((SHIRT, units)) for units in (3, 2, 1))
    with shop.app.db.write(actor="test") as tx:
        tx.execute("UPDATE orders SET currency = 'JPY', total_minor = 900000000 WHERE id = %s", (yen,))
    sign_in(browser)
    totals = _column(browser, "/orders", "Total", "view=all&sort=total")
    assert _column(browser, "/orders", "Currency", "view=all&sort=total") == ["INR", "INR", "JPY"]
    assert (float(totals[0]) < float(totals[1]), totals[2]) == (True, "900000000")
    assert dearer != cheaper


def test_a_file_has_the_moment_and_not_the_time_left(browser: TestClient, shop: Shop) -> None:
    shop.order((SHIRT, 1))
    sign_in(browser)
    (moment,) = _column(browser, "/orders", "Ship by", "view=all")
    assert datetime.fromisoformat(moment) > shop.now


SORTED = {
    "/returns": returns.SORTING,
    "/transfers": transfers.SORTING,
    "/counts": counts.SORTING,
    "/supplies": supplies.SORTING,
    "/receiving": receiving.SORTING,
    "/dead-letters": dead_letters.SORTING,
    "/files?imports": imports.SORTING,
    "/files?feeds": feeds.SORTING,
    "/inventory": grid.GRID,
    f"/inventory/{JACKET}/1": grid.MOVEMENTS,
    "/routing/history": routing.VERSIONS,
    "/routing/runs": routing.RUNS,
    "/routing/lab": routing.SIMULATIONS,
}


@pytest.mark.parametrize("path", SORTED)
def test_every_list_can_be_sorted_by_its_columns(browser: TestClient, shop: Shop, path: str) -> None:
    sign_in(browser)
    where, _mark, name = path.partition("?")
    for key in SORTED[path].keys:
        for sort in (key, f"-{key}"):
            _file(browser, where, f"{_param(name, 'sort')}={sort}", name)
            given = f"{_param(name, 'sort')}={sort}&{_param(name, 'cursor')}=nonsense"
            assert browser.get(f"/console{where}?{given}").status_code == 200


def _param(name: str, value: str) -> str:
    """The name of a value in the address of a list that shares its page."""
    return f"{name}-{value}" if name else value


SHORT = {
    ("/connections", "", "Connection"): "name kind mode last_received_at received_today waiting changed_at",
    ("/settings", "users", "Name"): "name email role active created_at",
    ("/settings", "keys", "Name"): "name role revoked created_at",
    ("/fulfillment", "", "Location"): "location to_accept to_pick to_pack to_ship late",
    ("/network", "locations", "Location"): "name cut_off processing status",
    ("/availability-rules", "sources", "Source"): "name location max_age_seconds last_update_at",
    ("/availability-rules", "safety_stock", "Rule"): "name value precedence active changed_at",
    ("/replenishment", "", "Location"): "items location source min_quantity max_quantity cover_days",
}


@pytest.mark.parametrize("location", SHORT)
def test_a_short_list_is_sorted_and_a_file(
    browser: TestClient, shop: Shop, location: tuple[str, str, str]
) -> None:
    path, name, column = location
    _short_lists(shop)
    sign_in(browser, Role.ADMINISTRATOR)
    for key in SHORT[location].split():
        up, down = (
            _file(browser, path, f"{_param(name, 'sort')}={sort}", name)[1:] for sort in (key, f"-{key}")
        )
        assert sorted(up) == sorted(down)
    head, *rows = _file(browser, path, f"{_param(name, 'sort')}={SHORT[location].split()[0]}", name)
    assert len(rows) > 1
    if path != "/replenishment":
        shown = [row[head.index(column)].casefold() for row in rows]
        assert shown == sorted(shown)
    page = browser.get(f"/console{path}").text
    assert f"{_param(name, 'sort')}=-" in page
    assert f"{_param(name, 'format')}=csv" in page


def _short_lists(shop: Shop) -> None:
    where = shop.location_ids["WH-A"]
    with shop.app.db.write(actor="test") as tx:
        for name in ("Till", "app"):
            key = identity.NewKey(name=name, role=Role.READ_ONLY, location_id=None)
            identity.create_api_key(tx, key=key, now=shop.now)
        rules = [
            Rule(LocationId(where), 1, 5, 0, sku=Sku(SHIRT)),
            Rule(LocationId(where), 2, 4, 0, sku=Sku(JACKET)),
        ]
        replenishment.put(tx, rules=rules, at=shop.now)
        for name in ("POS", "wms"):
            freshness.put_sources(tx, sources=[StockSource(where, name, 3_600)])
        for units, name in ((1, "Stores keep one"), (2, "A floor")):
            terms = Terms(RuleKind.SAFETY_STOCK, name, units)
            availability_rules.put(tx, change=RuleChange(terms, "test"), at=shop.now)


def test_a_list_is_sorted_in_both_directions_page_by_page(
    browser: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "EXPORT_ROWS", 2)
    locations = [shop.location_ids[code] for code in ("WH-A", "ST-22")]
    plans = [Plan(locations[0], locations[1], [RequestedLine(SHIRT, units)]) for units in (2, 9, 2, 5, 1)]
    with shop.app.db.write(actor="test") as tx:
        transfer_verbs.draft(tx, plans=plans, at=shop.now)
    sign_in(browser)
    assert _column(browser, "/transfers", "Units", "sort=units") == ["1", "2", "2", "5", "9"]
    assert _column(browser, "/transfers", "Units", "sort=-units") == ["9", "5", "2", "2", "1"]
    assert _column(browser, "/transfers", "Units", "") == ["1", "5", "2", "9", "2"]
    page = browser.get("/console/transfers?sort=-units").text
    assert ('aria-sort="descending"' in page, "sort=units" in page, "sort=-since_at" in page) == (True,) * 3


def _column(browser: TestClient, path: str, name: str, query: str) -> list[str]:
    head, *rows = _file(browser, path, query)
    return [row[head.index(name)] for row in rows]


def test_pages_follow_one_another_by_cursor(browser: TestClient, shop: Shop) -> None:
    for _ in range(PAGE + 1):
        shop.order((SHIRT, 1), route=False)
    sign_in(browser)
    first = browser.get("/console/orders?view=all").text
    (cursor,) = set(re.findall(r"[?&;]cursor=([^\"&]+)", first))
    second = browser.get(f"/console/orders?view=all&cursor={cursor}").text
    assert (len(_numbers(first)), len(_numbers(second))) == (PAGE, 1)
    assert not _numbers(first) & _numbers(second)


def _numbers(page: str) -> set[str]:
    return set(re.findall(r'href="/console/orders/(\d+)"', page))


def test_a_list_can_be_sorted_without_its_headers(browser: TestClient, shop: Shop) -> None:
    shop.order((SHIRT, 1))
    sign_in(browser)
    page = browser.get("/console/orders?view=all&sort=total&direction=descending").text
    assert '<option value="total" selected>Total</option>' in page
    assert '<option value="descending" selected>Descending</option>' in page
    assert page.count('aria-sort="descending"') == 1


@pytest.mark.parametrize(
    "path", [*LISTS, "/connections", "/replenishment", "/settings", "/files", "/components"]
)
def test_every_list_has_the_sort_control_for_phones(browser: TestClient, shop: Shop, path: str) -> None:
    _short_lists(shop)
    sign_in(browser, Role.ADMINISTRATOR)
    page = browser.get(f"/console{path}?{LISTS.get(path, '')}").text
    tables = page.count("data-rows>")
    assert page.count('class="sort-by"') >= tables


def test_a_count_has_plain_numbers_in_its_file(browser: TestClient, shop: Shop) -> None:
    with shop.app.db.write(actor="test") as tx:
        count_verbs.open_(
            tx,
            counts=[NewCount(LocationId(shop.location_ids["WH-A"]), CountKind.OPEN, "Shelf 4")],
            at=shop.now,
        )
    sign_in(browser)
    head, row = _file(browser, "/counts")
    found = dict(zip(head, row, strict=True))
    assert (found["Count"], found["Counted"], found["Status"]) == ("Shelf 4", "0", "To count")
    assert int(found["Lines"]) > 1


def test_the_inventory_sorts_by_totals_in_the_database_page_by_page(
    browser: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "EXPORT_ROWS", 3)
    shop.order((JACKET, 1))
    sign_in(browser)
    up = _column(browser, "/inventory", "All locations", "sort=available")
    down = _column(browser, "/inventory", "All locations", "sort=-available")
    assert (len(up), [int(each) for each in up]) == (len(down), sorted(map(int, down)))
    skus = _column(browser, "/inventory", "SKU", "")
    assert (skus, len(skus)) == (sorted(skus), len(set(skus)))


def test_the_inventory_as_a_file_has_the_numbers_of_each_location(browser: TestClient, shop: Shop) -> None:
    shop.order((JACKET, 1))
    sign_in(browser)
    head, row = _file(browser, "/inventory", f"q={JACKET}")
    found = dict(zip(head, row, strict=True))
    names = ("SKU", "On hand", "Reserved", "Committed", "Warehouse A", "Warehouse A: on hand")
    on_hand = int(found["On hand"])
    assert [found[name] for name in names[:4]] == [JACKET, str(on_hand), "1", ""]
    assert int(found["All locations"]) == on_hand - 1
    assert int(found["Warehouse A: on hand"]) - int(found["Warehouse A: reserved"]) == int(
        found["Warehouse A"]
    )
    here = shop.location_ids["ST-22"]
    assert f"{JACKET}" not in _column(browser, "/inventory", "SKU", f"location={here}&missing=yes")
    page = browser.get(f"/console/inventory?location={here}").text
    assert ('<th scope="col" class="num at-location s2"' in page, page.count("at-location s2") > 1) == (
        True,
        True,
    )


def test_movements_of_a_position_are_a_file(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    (work,) = shop.work(order_id)
    sign_in(browser)
    head, newest, *_older = _file(browser, f"/inventory/{JACKET}/{work.location_id}")
    found = dict(zip(head, newest, strict=True))
    assert (found["Movement"], found["Condition"], found["Reserved"], found["On hand"]) == (
        "Reserved",
        "New",
        "1",
        "",
    )
    assert datetime.fromisoformat(found["When"])


def test_an_unknown_sort_key_is_left_out(browser: TestClient, shop: Shop) -> None:
    shop.order((SHIRT, 1))
    sign_in(browser)
    assert browser.get("/console/orders?view=all&sort=nonsense").status_code == 200


# A verb with two ids in its address: how a test makes a pair that does not belong together.
PAIRS = {
    "/orders/{order_id:int}/shipments/{shipment_id:int}/retry-label",
    "/orders/{order_id:int}/refunds/{refund_id:int}/retry",
    "/station/{work_id:int}/parcels/{shipment_id:int}/ship",
}


def test_every_verb_with_two_ids_is_tested_with_a_pair_that_does_not_belong_together() -> None:
    assert {
        each.path for each in ROUTES if isinstance(each, Verb) and len(_ID.findall(each.path)) > 1
    } == PAIRS


def test_the_order_of_an_address_must_own_its_parcel_and_its_refund(browser: TestClient, shop: Shop) -> None:
    mine, other = shop.order((JACKET, 1)), shop.order((JACKET, 1))
    shipment_id = shop.pack(shop.work(mine)[0])
    with shop.app.db.write(actor="system") as tx:
        refund_id = tx.value(
            int,
            "INSERT INTO refunds (order_id, reference, amount_minor, currency, reason, state, requested_at)"
            " VALUES (%s, 'rf-1', 100, 'INR', 'test', 'failed', %s) RETURNING id",
            (mine, shop.now),
        )
    sign_in(browser)
    for verb in (f"shipments/{shipment_id}/retry-label", f"refunds/{refund_id}/retry"):
        assert click(browser, f"/orders/{other}/{verb}", on=f"/orders/{other}")[0] == 404


def test_every_verb_loaded_by_hand_leads_to_a_page_that_exists(browser: TestClient) -> None:
    reads = [
        re.compile(_ID.sub(r"\\d+", each.path).replace("{sku:path}", "[^/]+").replace("{key}", "[^/]+"))
        for each in ROUTES
        if isinstance(each, Read)
    ]
    for verb in (each.path for each in ROUTES if isinstance(each, Verb)):
        answer = browser.get(
            "/console" + _ID.sub("7", verb).replace("{sku:path}", JACKET).replace("{key}", "mail")
        )
        target = answer.headers["location"].removeprefix("/console") or "/"
        assert (answer.status_code, any(each.fullmatch(target) for each in reads)) == (303, True), verb
