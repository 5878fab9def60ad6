"""Create, change, close and reopen locations by file and by API."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.builders import SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_api import client, problem
from typer.testing import CliRunner

from doorstep.delivery.cli import create
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.network import views
from doorstep.flows.fulfillment import fulfill

STORE = {
    "name": "Store 99", "kind": "store", "company": "NotNaked Retail Private Limited", "gstin": "",
    "line1": "9 New Road", "city": "Mumbai", "state_code": "MH", "postal_code": "400001", "country": "IN",
    "latitude": 19.1, "longitude": 72.8, "timezone": "Asia/Kolkata", "carrier": "store-parcels",
}  # fmt: skip


def event_types(retailer: Retailer) -> list[str]:
    statement = "SELECT type FROM events WHERE stream = 'location' ORDER BY position"
    return [
        each for each in retailer.read(lambda tx: tx.column(str, statement)) if each != "location.created"
    ]


def test_a_location_is_created_changed_closed_and_reopened(retailer: Retailer) -> None:
    api = client(retailer)
    assert api.get("/api/v1/locations/ST-99").status_code == 404
    made = api.put("/api/v1/locations/ST-99", json=STORE).json()
    assert (made["code"], made["is_open"], made["cut_off"]) == ("ST-99", True, "16:00")
    api.put("/api/v1/locations/ST-99", json=STORE | {"cut_off": "18:00"})
    api.put("/api/v1/locations/ST-99", json=STORE | {"cut_off": "18:00"})
    assert api.get("/api/v1/locations/ST-99").json()["cut_off"] == "18:00"
    problem(api.post("/api/v1/locations/ST-99/reopen"), 409, "conflict")
    closed = api.post("/api/v1/locations/ST-99/close", json={"reason": "lease ended"})
    assert closed.json() == {"obstacles": [], "effects": []}
    problem(api.post("/api/v1/locations/ST-99/close", json={"reason": "again"}), 409, "conflict")
    api.put("/api/v1/locations/ST-99", json=STORE)
    assert api.get("/api/v1/locations/ST-99").json()["is_open"] is False
    assert api.post("/api/v1/locations/ST-99/reopen").json()["is_open"] is True
    assert event_types(retailer) == [
        "location.changed",
        "location.closed",
        "location.changed",
        "location.reopened",
    ]
    assert "ST-99" in [each["code"] for each in api.get("/api/v1/locations").json()]


@pytest.mark.parametrize("gstin", ["27AABCN9999N1Z0", "29AABCN9999N1Z7"])
def test_a_gstin_has_its_check_digit_and_the_state_of_its_location(retailer: Retailer, gstin: str) -> None:
    answer = client(retailer).put("/api/v1/locations/ST-99", json=STORE | {"gstin": gstin})
    assert problem(answer, 422, "invalid")["field"] == "gstin"


@pytest.mark.parametrize(
    ("field", "value"),
    [("country", "XX"), ("carrier", "nobody"), ("return_carrier", "web"), ("carrier", "mail")],
)
def test_a_country_and_the_carriers_must_exist(retailer: Retailer, field: str, value: str) -> None:
    answer = client(retailer).put("/api/v1/locations/ST-99", json=STORE | {field: value})
    assert problem(answer, 422, "invalid")["field"] == field


def test_a_carrier_may_be_named_before_the_first_one_is_connected(retailer: Retailer) -> None:
    api = client(retailer)
    retailer.write(
        lambda tx: tx.execute("UPDATE connections SET kind = 'messengers' WHERE kind = 'carriers'")
    )
    assert api.put("/api/v1/locations/ST-99", json=STORE | {"carrier": "later"}).status_code == 200
    retailer.write(lambda tx: tx.execute("UPDATE connections SET kind = 'carriers' WHERE key = 'shiphawk'"))
    kept = STORE | {"carrier": "later", "cut_off": "18:00"}
    assert api.put("/api/v1/locations/ST-99", json=kept).json()["cut_off"] == "18:00"


def test_closing_lists_open_work_and_what_happens_next(retailer: Retailer) -> None:
    api, order_id = client(retailer), retailer.place_order(order_snapshot(line(SHIRT)))
    (work,) = retailer.work(order_id)
    code = retailer.read(lambda tx: views.location(tx, location_id=work.location_id)).code
    closing = api.get(f"/api/v1/locations/{code}/closing").json()
    assert closing["obstacles"] == ["1 fulfillment order is not finished: ship, reject or recall it first."]
    assert "on hand can no longer be sold" in closing["effects"][0]
    refused = problem(api.post(f"/api/v1/locations/{code}/close", json={"reason": "x"}), 409, "conflict")
    assert f"{code} cannot be closed yet. 1 fulfillment order" in refused["title"]
    retailer.write(
        lambda tx: fulfill.reject(
            tx,
            fulfillment_order_id=work.id,
            reason=RejectReason.DAMAGED,
            note="",
            now=retailer.app.clock.now(),
        )
    )
    assert api.post(f"/api/v1/locations/{code}/close", json={"reason": "x"}).status_code == 200
    retailer.settle()
    again = retailer.place_order(order_snapshot(line(SHIRT), external_id="after"))
    assert work.location_id not in {each.location_id for each in retailer.work(again)}


def test_a_file_of_locations_is_put_and_a_location_closed(
    retailer: Retailer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = retailer.app.settings
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv(
        "DOORSTEP_DATABASE_URL", chosen.database_url.get_secret_value() if chosen.database_url else ""
    )
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(chosen.data_dir))
    file = tmp_path / "locations.toml"
    fields = "\n".join(f"{key} = {value!r}" for key, value in STORE.items())
    file.write_text(f'[[location]]\ncode = "ST-99"\n{fields}\n')

    def run(*words: str) -> str:
        return CliRunner().invoke(create(), ["locations", *words]).stdout

    assert run("put", str(file)) == "ST-99: created\n"
    assert run("put", str(file)) == "ST-99: unchanged\n"
    file.write_text(file.read_text().replace("Store 99", "Store ninety-nine"))
    assert run("put", str(file)) == "ST-99: changed\n"
    assert run("close", "ST-99", "--reason", "lease ended", "--dry-run") == (
        "ST-99 can be closed: it has no open work and no stock.\n"
    )
    assert run("close", "ST-99", "--reason", "lease ended") == "ST-99 is closed.\n"
    assert "closed" in run("list")
    assert run("reopen", "ST-99") == "ST-99 is open.\n"
    file.write_text("")
    assert "has no [[location]] table: nothing changes." in " ".join(run("put", str(file)).split())
