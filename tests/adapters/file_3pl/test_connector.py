"""The connector of a 3PL by files: what it writes, which files it takes, what it needs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.contracts.features.upkeep import INTERCHANGE
from tests.contracts.features.warehouses import REQUEST

from doorstep.adapters.warehouses.file_3pl import connector
from doorstep.adapters.warehouses.file_3pl.connector import File3pl, Settings
from doorstep.kernel import errors, http


@pytest.fixture
def session() -> Iterator[http.Session]:
    with http.Session("3pl", "") as opened:
        yield opened


def house(root: Path, session: http.Session, **given: object) -> File3pl:
    for name in ("inbound", "outbound"):
        (root / name).mkdir(exist_ok=True)
    return File3pl(Settings.model_validate({"address": f"file://{root}", **given}), session)


def written(root: Path) -> list[str]:
    return sorted(each.name.partition("_")[0] + each.suffix for each in (root / "inbound").iterdir())


def test_orders_and_cancels_are_files_with_the_service_of_the_method(
    tmp_path: Path, session: http.Session
) -> None:
    made = house(tmp_path, session, services="Next day=express", default_service="slow")
    name = made.send(replace(REQUEST, service="NEXT DAY"))
    assert ",express," in (tmp_path / "inbound" / name).read_text()
    other = made.send(replace(REQUEST, reference="FO-8", service="Surface"))
    assert ",slow," in (tmp_path / "inbound" / other).read_text()
    made.cancel(reference="FO-7", external_ref=name)
    assert written(tmp_path) == ["cancel.csv", "orders.csv", "orders.csv"]


def test_an_order_without_an_address_is_refused(tmp_path: Path, session: http.Session) -> None:
    for missing in ({"line1": ""}, {"name": "", "company": ""}):
        nowhere = replace(REQUEST, recipient=replace(REQUEST.recipient, **missing))
        with pytest.raises(errors.Invalid, match="needs name, street, city and country"):
            house(tmp_path, session).send(nowhere)


@pytest.mark.parametrize("form", ["csv", "x12"])
def test_a_company_without_a_person_is_the_recipient(
    tmp_path: Path, session: http.Session, form: str
) -> None:
    company = replace(REQUEST.recipient, name="", company="Iyer & Co")
    name = house(tmp_path, session, format=form).send(replace(REQUEST, recipient=company))
    assert (",Iyer & Co,Iyer & Co," if form == "csv" else "N1*ST*Iyer & Co~") in (
        tmp_path / "inbound" / name
    ).read_text()


def test_files_are_taken_by_their_kind(
    tmp_path: Path, session: http.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house(tmp_path, session)
    assert made.folder("files").path == "outbound"
    with pytest.raises(errors.Invalid, match="none of the warehouse's files"):
        list(made.split("files", "photos_1.csv", io.BytesIO(b"a\n")))
    (part,) = made.split("files", "shipments_1.X12", io.BytesIO(INTERCHANGE.encode()))
    assert part.topic == "945"
    monkeypatch.setattr(connector, "_MOST_X12_BYTES", 10)
    with pytest.raises(errors.Invalid, match="more than 10 bytes"):
        list(made.split("files", "shipments_1.x12", io.BytesIO(INTERCHANGE.encode())))


def test_only_interchanges_that_are_no_acknowledgement_are_answered(
    tmp_path: Path, session: http.Session
) -> None:
    made = house(tmp_path, session)
    made.acknowledge_file("files", "stock_1.csv", io.BytesIO(b"sku\n"))
    made.acknowledge_file("files", "ack_1.x12", io.BytesIO(INTERCHANGE.replace("GS*SW", "GS*FA").encode()))
    assert written(tmp_path) == []
    for _ in range(2):
        made.acknowledge_file("files", "shipments_1.x12", io.BytesIO(INTERCHANGE.encode()))
    assert written(tmp_path) == ["ack.x12"]


def test_pairs_in_settings_are_checked() -> None:
    with pytest.raises(ValidationError, match="ours=theirs"):
        Settings(address="file:///srv", columns="sku")
