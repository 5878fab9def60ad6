"""Order files: streamed, every order once, rejected ones named by line and reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests import builders
from tests.builders import SHIRT, Retailer
from tests.delivery.test_capture import ORDERS, order
from typer.testing import CliRunner, Result

from doorstep.delivery.cli import create, order_files
from doorstep.kernel import errors

HEAD = "order,placed_at,currency,sku,quantity,unit_price,name,line1,city,postal_code,country,paid\n"
TAIL = ",A. Person,1 Road,Pune,411001,IN,yes\n"


def written(folder: Path, text: str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def imported(retailer: Retailer, *arguments: str) -> Result:
    return CliRunner().invoke(
        create(), ["import", "orders", *arguments], env=builders.environment(retailer.app)
    )


def test_rows_of_one_order_are_its_lines(tmp_path: Path) -> None:
    row = f"S-1,2026-05-05T10:00:00Z,inr,{SHIRT},"
    path = written(
        tmp_path,
        HEAD + row + "2,799.50" + TAIL + row + "1,10" + TAIL + row.replace("S-1", "S-2") + "1,1" + TAIL,
    )
    locations: list[int] = []
    first, second = order_files.documents(path, read_to=locations.append)
    reported = json.loads(first.document)
    assert (first.line, second.line, locations[-1]) == (2, 4, path.stat().st_size)
    assert (reported["external_id"], reported["currency"], reported["payment"]["is_paid"]) == (
        "S-1",
        "INR",
        True,
    )
    assert [(line["quantity"], line["unit_price_minor"]) for line in reported["lines"]] == [
        (2, 79_950),
        (1, 1_000),
    ]
    assert reported["shipping_address"] == {
        "name": "A. Person", "line1": "1 Road", "city": "Pune", "postal_code": "411001", "country": "IN",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("S-1,2026-05-05T10:00:00Z,INR,X,two,1", "Line 2: quantity 'two' is not a whole number."),
        ("S-1,2026-05-05T10:00:00Z,INR,X,1,free", "Line 2: unit_price 'free' is not an amount like 799.50."),
        ("S-1,2026-05-05T10:00:00Z,INR,X,1,1.234", "Line 2, unit_price"),
    ],
)
def test_a_row_that_is_none_is_named(tmp_path: Path, row: str, reason: str) -> None:
    (found,) = order_files.documents(written(tmp_path, HEAD + row + TAIL), read_to=lambda _: None)
    assert found.problem.startswith(reason)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("orders.xls", "", "must end in"),
        ("orders.csv", "order,colour\n", "lacks placed_at.* and has unknown columns colour"),
        ("orders.csv", HEAD + 'S-1,"open\n', "is not CSV"),
    ],
)
def test_a_file_of_a_wrong_type_is_an_error_that_says_what_is_expected(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(errors.Invalid, match=said):
        list(order_files.documents(written(tmp_path, text, name), read_to=lambda _: None))


def test_a_csv_is_imported_once(till: TestClient, retailer: Retailer, tmp_path: Path) -> None:
    rows = "".join(f"S-{number},2026-05-05T10:00:00Z,INR,{SHIRT},1,799{TAIL}" for number in range(3))
    path = written(tmp_path, HEAD + rows + f"S-9,2026-05-05T10:00:00Z,INR,{SHIRT},x,799{TAIL}")
    rejects = tmp_path / "rejects.tsv"
    first, second = (
        imported(retailer, str(path), "--channel", "till", "--rejects", str(rejects)) for _ in range(2)
    )
    assert (first.exit_code, "3 created, 1 rejected." in first.output) == (1, True), first.output
    assert "3 repeated, 1 rejected." in second.output
    assert rejects.read_text() == "5\tLine 5: quantity 'x' is not a whole number.\n"
    found = till.get(ORDERS, params={"channel": "till"}).json()["items"]
    assert sorted((each["number"], each["status"]) for each in found) == [
        (f"S-{number}", "allocated") for number in range(3)
    ]


def test_ndjson_is_imported_and_bad_documents_are_named(
    till: TestClient,
    retailer: Retailer,
    tmp_path: Path,
) -> None:
    lines = [json.dumps(order("N-1")), "", "{broken", json.dumps(order("N-2", quantity=2))]
    path = written(tmp_path, "\n".join(lines) + "\n", "orders.ndjson")
    result = imported(retailer, str(path), "--channel", "till")
    assert "2 created, 1 rejected." in result.output
    assert "line 3" in result.output
    assert len(till.get(ORDERS, params={"channel": "till"}).json()["items"]) == 2


def test_files_need_a_direct_connection(retailer: Retailer, tmp_path: Path) -> None:
    result = imported(retailer, str(written(tmp_path, HEAD)), "--channel", "shop")
    assert isinstance(result.exception, errors.Invalid)
