"""Feeds that are folders: a file is taken once per content, only when it is complete, and nothing is lost when a process dies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
import pytest
from tests import clock
from tests.builders import NOON, Retailer, order_snapshot
from tests.file_partner import LINES, LineShop, Partner

from doorstep.domain.connections import actions as connection_actions
from doorstep.domain.connections.actions import feeds as feed_actions
from doorstep.domain.connections.actions import files as actions
from doorstep.domain.connections.model import Mode, Part
from doorstep.domain.connections.model.files import SLICE_DOCUMENTS
from doorstep.flows import operations
from doorstep.flows.capture import folders
from doorstep.kernel import errors


@pytest.fixture
def partner(retailer: Retailer, tmp_path: Path) -> Iterator[Partner]:
    with clock.at(NOON):
        yield Partner(retailer, tmp_path / "partner")


def captured(retailer: Retailer) -> int:
    return retailer.read(lambda tx: tx.value(int, "SELECT count(*) FROM orders"))


def messages(retailer: Retailer, topic: str = "order") -> int:
    return retailer.read(lambda tx: tx.value(int, "SELECT count(*) FROM inbox WHERE topic = %s", (topic,)))


def test_a_file_is_read_when_it_no_longer_grows_and_is_archived(retailer: Retailer, partner: Partner) -> None:
    first, second = order_snapshot(), order_snapshot()
    partner.put("new.json", first)
    partner.look()
    partner.put("new.json", first, second)  # it was being written
    partner.look()
    assert (captured(retailer), partner.states()) == (0, [("new.json", "seen")])
    partner.look()
    assert (captured(retailer), partner.folder("orders"), partner.folder("archive")) == (
        2, [], [f"{partner.transfers()[0].id:06d}-new.json"],
    )  # fmt: skip
    (found,) = partner.transfers()
    assert (found.state, found.rows, found.messages, found.error) == ("read", 2, 2, None)
    content = (partner.root / found.path).read_bytes()
    assert (found.sha256, found.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_names_of_unfinished_files_and_other_files_are_left_alone(partner: Partner) -> None:
    for name in (".new.json", "new.json.tmp", "new.json.part", "readme.txt"):
        partner.put(name, order_snapshot())
    partner.look(2)
    assert partner.transfers() == []
    assert len(partner.folder("orders")) == 4


def test_with_a_marker_a_file_is_read_at_the_first_look(
    retailer: Retailer, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LineShop, "marker", ".ready")
    partner.put("new.json", order_snapshot())
    partner.look(2)
    assert captured(retailer) == 0
    partner.put("new.json.ready")
    partner.put("more.json", order_snapshot())
    partner.put("more.json.ready")
    partner.look()
    assert captured(retailer) == 2
    assert (partner.folder("orders"), len(partner.folder("archive"))) == ([], 4)


def test_the_same_content_under_another_name_is_skipped_visibly(retailer: Retailer, partner: Partner) -> None:
    order = order_snapshot()
    partner.put("monday.json", order)
    partner.look(2)
    partner.put("monday (copy).json", order)
    partner.put("monday.json", order)
    partner.look(2)
    first, *copies = partner.transfers()
    assert [each.state for each in copies] == ["skipped", "skipped"]
    assert {each.duplicate_of for each in copies} == {first.id}
    assert (messages(retailer), captured(retailer), partner.folder("orders")) == (1, 1, [])
    assert len(partner.folder("archive")) == 3


def test_what_cannot_be_read_is_a_dead_message_and_can_be_read_again(
    retailer: Retailer, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner.put("odd.json", order_snapshot(), b"NO ORDER")
    partner.put("good.json", order_snapshot())
    partner.look(2)
    assert partner.states() == [("good.json", "read"), ("odd.json", "failed")]
    assert partner.folder("errors") == [f"{partner.transfers()[1].id:06d}-odd.json"]
    (dead,) = retailer.dead_letters()
    assert "odd.json: Line 2 is not an order." in str(dead["error"])
    assert partner.error() is None

    def lenient(_self: LineShop, _feed: str, _name: str, content: IO[bytes]) -> Iterator[Part]:
        yield from (Part("order", line) for line in content if not line.isupper())

    monkeypatch.setattr(LineShop, "split", lenient)
    retailer.write(lambda tx: operations.retry(tx, messages=[int(str(dead["id"]))]))
    retailer.settle()
    partner.look()
    assert [state for _name, state in partner.states()] == ["read", "read"]
    assert (captured(retailer), retailer.dead_letters(), partner.folder("errors")) == (2, [], [])
    partner.look()
    assert captured(retailer) == 2


def test_a_person_has_an_archived_file_read_again(retailer: Retailer, partner: Partner) -> None:
    partner.put("new.json", order_snapshot())
    partner.look(2)
    (read,) = partner.transfers()
    retailer.write(lambda tx: actions.read_again(tx, connection_id=partner.id, transfer_id=read.id))
    partner.look()
    (again,) = partner.transfers()
    assert (again.state, again.messages, messages(retailer), captured(retailer)) == ("read", 2, 2, 1)
    (partner.root / again.path).unlink()
    retailer.write(lambda tx: actions.read_again(tx, connection_id=partner.id, transfer_id=read.id))
    partner.look()
    (gone,) = partner.transfers()
    assert (gone.state, gone.error) == ("failed", "new.json is gone from the partner's folders.")


class KilledError(BaseException):
    """A process is killed: nothing after it happens, not even what handles errors."""


@pytest.mark.parametrize("step", ["begin", "store_slice", "end", "moved", "end_look"])
@pytest.mark.parametrize("is_done", [False, True])
def test_a_process_that_is_killed_at_any_step_loses_and_doubles_nothing(
    retailer: Retailer, partner: Partner, monkeypatch: pytest.MonkeyPatch, step: str, is_done: bool
) -> None:
    """Just before a step is committed, and just after it."""
    partner.put("new.json", *(order_snapshot() for _ in range(5)))
    partner.look()
    monkeypatch.setattr(folders.files, "SLICE_DOCUMENTS", 2)
    original, calls = getattr(actions, step), []

    def dying(*arguments: Any, **given: Any) -> Any:
        calls.append(step)
        if len(calls) == (2 if step == "store_slice" else 1):
            if is_done:
                with retailer.app.db.write(actor="system") as tx:
                    original(tx, **given)
            raise KilledError
        return original(*arguments, **given)

    monkeypatch.setattr(actions, step, dying)
    partner.look(3)
    assert calls
    (found,) = partner.transfers()
    assert (found.state, found.rows, found.messages, messages(retailer), captured(retailer)) == (
        "read",
        5,
        5,
        5,
        5,
    )
    assert (partner.folder("orders"), len(partner.folder("archive"))) == ([], 1)


def test_two_processes_that_copied_the_same_content_store_it_once(
    retailer: Retailer, partner: Partner
) -> None:
    """The first one has lost its lease."""
    partner.put("new.json", order_snapshot())
    partner.look()
    context, connection = retailer.app.context, retailer.app.registry.by_key("lines")
    retailer.write(lambda tx: tx.execute("UPDATE feed_readings SET due_at = now()"))
    slow = retailer.write(lambda tx: feed_actions.lease(tx, connection_ids=[connection.id]))
    assert slow is not None
    partner.look()
    with pytest.raises(errors.Conflict):
        folders.read(context, connection, LINES.feeds[0], slow, stopped=lambda: False)
    assert (messages(retailer), captured(retailer)) == (1, 1)


def test_in_shadow_mode_files_are_read_and_stay_and_move_once_it_is_live(
    retailer: Retailer, partner: Partner
) -> None:
    retailer.write(lambda tx: connection_actions.switch(tx, key="lines", mode=Mode.SHADOW))
    retailer.app.registry.look_again()
    partner.put("new.json", order_snapshot())
    partner.look(4)
    assert (captured(retailer), partner.folder("orders"), partner.states()) == (
        1,
        ["new.json"],
        [("new.json", "read")],
    )
    retailer.write(lambda tx: connection_actions.switch(tx, key="lines", mode=Mode.LIVE))
    retailer.app.registry.look_again()
    partner.look()
    assert (captured(retailer), partner.folder("orders"), len(partner.folder("archive"))) == (1, [], 1)


def test_a_large_file_is_stored_in_slices(retailer: Retailer, partner: Partner) -> None:
    line = msgspec.json.encode(order_snapshot())
    partner.put("large.json", *(line for _ in range(2 * SLICE_DOCUMENTS + 1)))
    partner.look(2)
    (found,) = partner.transfers()
    assert (found.messages, found.rows, captured(retailer)) == (
        2 * SLICE_DOCUMENTS + 1,
        2 * SLICE_DOCUMENTS + 1,
        1,
    )


def test_a_folder_that_is_missing_is_shown_on_the_feed(retailer: Retailer, partner: Partner) -> None:
    (partner.root / "orders").rmdir()
    partner.look()
    assert partner.error() == "lines has no orders."
    (partner.root / "orders").mkdir()
    partner.put("new.json", order_snapshot())
    partner.look(2)
    assert (partner.error(), captured(retailer)) == (None, 1)
