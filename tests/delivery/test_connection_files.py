"""Files of a connection: listed, shown with their messages and read again, by API, console and command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import builders, clock
from tests.builders import NOON, Retailer, order_snapshot
from tests.delivery.test_api import client
from tests.delivery.test_console_connections import act, signed_in
from tests.file_partner import Partner

from doorstep import processes
from doorstep.domain.identity.model import Role
from doorstep.kernel.files import Exchange, OutgoingFile, open_store
from doorstep.kernel.files.settings import FileSettings
from doorstep.kernel.http import Session
from doorstep.kernel.shared_calls import SharedSentLog

FILES = "/api/v1/connections/lines/files"


@pytest.fixture
def partner(retailer: Retailer, tmp_path: Path) -> Iterator[Partner]:
    """A file that was read, its copy, and one that could not be read."""
    with clock.at(NOON):
        made = Partner(retailer, tmp_path / "partner")
        order = order_snapshot()
        made.put("good.json", order)
        made.look(2)
        made.put("good again.json", order)
        made.put("odd.json", b"NO ORDER")
        made.look(2)
        yield made


def test_files_are_listed_newest_first_and_filtered(retailer: Retailer, partner: Partner) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    listed = api.get(FILES).json()["items"]
    assert {each["name"]: each["state"] for each in listed} == {
        "good.json": "read", "good again.json": "skipped", "odd.json": "failed",
    }  # fmt: skip
    first = api.get(f"{FILES}?limit=2").json()
    second = api.get(FILES, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [each["id"] for each in first["items"] + second["items"]] == [each["id"] for each in listed]
    (failed,) = api.get(f"{FILES}?state=failed").json()["items"]
    assert (failed["error"], failed["direction"], failed["messages"]) == ("Line 1 is not an order.", "in", 1)
    assert api.get("/api/v1/connections/shop/files").json()["items"] == []


def test_a_file_has_its_messages_and_is_read_again(retailer: Retailer, partner: Partner) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    (read,) = api.get(f"{FILES}?state=read").json()["items"]
    (message_id,) = api.get(f"{FILES}/{read['id']}").json()["message_ids"]
    assert api.get(f"/api/v1/connections/lines/messages/{message_id}").json()["headers"] == {
        "file": "good.json", "feed": "orders",
    }  # fmt: skip
    assert api.post(f"{FILES}/{read['id']}/read-again").json()["state"] == "waiting"
    partner.look()
    assert len(api.get(f"{FILES}/{read['id']}").json()["message_ids"]) == 2
    (copy,) = api.get(f"{FILES}?state=skipped").json()["items"]
    assert api.post(f"{FILES}/{copy['id']}/read-again").status_code == 409
    assert api.get(f"/api/v1/connections/shop/files/{read['id']}").status_code == 404
    assert api.post(f"/api/v1/connections/shop/files/{read['id']}/read-again").status_code == 404


def test_the_console_shows_files_and_reads_one_again(retailer: Retailer, partner: Partner) -> None:
    (failed,) = [each for each in partner.transfers() if each.state == "failed"]
    here = f"/connections/lines/files/{failed.id}"
    with signed_in(retailer, Role.ADMINISTRATOR) as browser:
        page = browser.get("/console/connections/lines").text
        assert "Newest files" in page
        assert "odd.json" in page
        listed = browser.get("/console/connections/lines/files").text
        assert "Its content was taken before" in listed
        assert "good again.json" in browser.get("/console/connections/lines/files?format=csv").text
        assert "Line 1 is not an order." in browser.get(f"/console{here}").text
        act(browser, f"{here}/read-again", on=here)
    assert {each.id: each.state for each in partner.transfers()}[failed.id] == "waiting"


def test_the_command_line_lists_files_and_reads_one_again(
    retailer: Retailer, partner: Partner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in builders.environment(retailer.app).items():
        monkeypatch.setenv(name, value)
    (failed,) = [each for each in partner.transfers() if each.state == "failed"]
    statement = """
        UPDATE connections SET connector_id = 'sandbox', settings = '{"webhook_secret": "the secret of the lines"}'
         WHERE key = 'lines'
        """
    retailer.write(lambda tx: tx.execute(statement))  # a connector that the command line has
    for words in ("files lines --state failed", f"read-file-again lines {failed.id}", "files shop"):
        monkeypatch.setattr(sys, "argv", ["doorstep", "connections", *words.split()])
        with pytest.raises(SystemExit) as end:
            processes.main()
        assert not end.value.code
    shown = capsys.readouterr().out
    assert "odd.json" in shown
    assert f"file {failed.id} is read again" in shown
    assert "shop has exchanged no files." in shown
    assert {each.id: each.state for each in partner.transfers()}[failed.id] == "waiting"


def test_a_file_that_is_sent_is_stored_first_numbered_and_written_once(
    retailer: Retailer, partner: Partner
) -> None:
    """A process that dies after the file was stored writes the same content; a second one writes nothing."""
    sent = SharedSentLog(retailer.app.db, "lines")
    store = open_store(FileSettings(address=f"file://{partner.root}"), name="lines")

    def build(number: int) -> OutgoingFile:
        return OutgoingFile(f"orders/out_{number}.csv", b"content %d" % number, "orders", rows=3)

    begun = sent.begin("order 1", build)
    with Session("lines", "") as session:
        exchange = Exchange(session, store, sent)
        files = [exchange.send(each, build) for each in ("order 1", "order 2", "order 1")]
        (partner.root / "orders" / "out_1.csv").unlink()  # the partner has taken it
        exchange.send("order 1", build)
    assert [each.number for each in files] == [1, 2, 1]
    assert files[0].id == begun.id
    assert partner.folder("orders") == ["out_2.csv"]
    api = client(retailer, Role.ADMINISTRATOR)
    listed = api.get(f"{FILES}?state=written").json()["items"]
    assert [(each["name"], each["reference"], each["number"], each["rows"]) for each in listed] == [
        ("out_2.csv", "order 2", 2, 3), ("out_1.csv", "order 1", 1, 3),
    ]  # fmt: skip
    assert api.post(f"{FILES}/{listed[0]['id']}/read-again").status_code == 409


def test_files_that_are_sent_have_the_time_of_the_application(retailer: Retailer, partner: Partner) -> None:
    sent = SharedSentLog(retailer.app.db, "lines")
    sent.written(sent.begin("order 1", lambda number: OutgoingFile(f"{number}.csv", b"", "orders")))
    (found,) = [each for each in partner.transfers() if each.direction == "out"]
    assert found.ended_at is not None
    assert {found.created_at.date(), found.ended_at.date()} == {NOON.date()}
