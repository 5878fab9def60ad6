"""Files of partners: what a look at a folder finds, what may be moved, how parts become slices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.clock import NOON

from doorstep.domain.connections.model import Folder, Part, Transfer, TransferState, files
from doorstep.kernel import errors
from doorstep.kernel.files.store import Entry
from doorstep.kernel.ids import ConnectionId

FOLDER = Folder("in", "*.csv")


def entry(name: str, size: int = 1, minutes: int = 0, unit: str = "") -> Entry:
    return Entry(f"in/{name}", name, size, NOON + timedelta(minutes=minutes), unit)


def transfer(number: int, of: Entry, state: TransferState = TransferState.SEEN) -> Transfer:
    return Transfer(
        number, ConnectionId(1), "stock", of.name, of.path, of.unit, of.size, of.modified_at, state, 1, 0, 0, is_moved=False
    )  # fmt: skip


def test_a_file_is_complete_when_it_is_the_same_at_two_looks() -> None:
    first = entry("a.csv")
    assert files.look(FOLDER, [first, entry("b.txt"), entry(".c.csv")], []).new == [first]
    seen = transfer(1, first)
    found = files.look(FOLDER, [first], [seen])
    assert (found.complete, found.new, found.is_waiting) == ([seen], [], False)
    grown = entry("a.csv", size=2)
    found = files.look(FOLDER, [grown], [seen])
    assert (found.complete, found.changed, found.is_waiting) == ([], {1: grown}, True)
    assert files.look(FOLDER, [], [seen]).gone == [1]


def test_with_a_marker_a_file_is_complete_once_that_is_there() -> None:
    folder, first = Folder("in", "*", marker=".ok"), entry("a.csv")
    seen = transfer(1, first)
    assert files.look(folder, [first], [seen]).complete == []
    found = files.look(folder, [first, entry("a.csv.ok")], [seen])
    assert (found.complete, found.new) == ([seen], [])


def test_what_was_read_and_is_still_there_is_not_new_unless_it_changed() -> None:
    first = entry("a.csv")
    read = transfer(1, first, TransferState.READ)
    assert files.look(FOLDER, [first], [read]).new == []
    later = entry("a.csv", minutes=1)
    assert files.look(FOLDER, [later], [read]).new == [later]
    assert files.look(FOLDER, [], [read]).new == []
    reading = transfer(2, first, TransferState.READING)
    assert files.look(FOLDER, [], [reading]).complete == [reading]


def test_a_file_moves_unless_its_name_has_another_content_or_its_unit_is_unread() -> None:
    first, mail = entry("a.csv"), entry("b.csv", unit="mail 1")
    ended = [transfer(1, first, TransferState.READ), transfer(2, mail, TransferState.READ)]
    assert list(files.movable(ended, [first, mail], set())) == ended
    assert list(files.movable(ended, [entry("a.csv", size=9), mail], {"mail 1"})) == []
    assert list(files.movable(ended[:1], [], set())) == ended[:1]


def test_parts_are_cut_into_slices_that_fit_a_transaction() -> None:
    small = [Part("t", b"x") for _ in range(files.SLICE_DOCUMENTS + 1)]
    assert [len(each) for each in files.slices(small, after=0)] == [files.SLICE_DOCUMENTS, 1]
    assert [len(each) for each in files.slices(small, after=files.SLICE_DOCUMENTS)] == [1]
    large = [Part("t", b"x" * files.MOST_PART_BYTES) for _ in range(5)]
    assert [len(each) for each in files.slices(large, after=0)] == [4, 1]
    assert list(files.slices([], after=0)) == []
    with pytest.raises(errors.Invalid, match="Part 1 has"):
        list(files.slices([Part("t", b"x" * (files.MOST_PART_BYTES + 1))], after=0))
