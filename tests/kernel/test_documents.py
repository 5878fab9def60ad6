"""Documents of users: safe YAML, and every error with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import msgspec
import pytest

from doorstep.kernel import documents
from doorstep.kernel.documents import Problem


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Leaf(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    count: int = 0
    share: float = 0.0
    shiny: bool = False
    at: datetime | None = None
    colour: Colour = Colour.RED


class Tree(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    leaves: tuple[Leaf, ...] = ()
    stock: dict[str, dict[str, int]] = {}
    best: Leaf | None = None
    words: list[str] = []


def problems(text: str) -> list[str]:
    return [str(each) for each in documents.read(text, Tree).problems]


def test_words_stay_words() -> None:
    text = "name: NO\nwords: [on, off, 16:00, 2026-11-22, 1e, yes]\nleaves: [{name: a, shiny: true, share: .5, count: -3}]\n"
    assert documents.read(text, Tree).value == Tree(
        "NO", (Leaf("a", -3, 0.5, shiny=True),), words=["on", "off", "16:00", "2026-11-22", "1e", "yes"]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1, expected named values, found nothing"),
        ("name: 5", "line 1, name: expected a text, found a whole number"),
        ("leaves: []", "line 1, name is missing"),
        ("name: a\nleafs: []", "line 2, leafs: leafs is not known here: did you mean leaves?"),
        ("name: a\nxyz: []", "line 2, xyz: xyz is not known here: there is name, leaves, stock, best, words"),
        ("name: a\nleaves:\n  - name: b\n    cuont: 1", "line 4, leaves[0].cuont: cuont is not known here: did you mean count?"),
        ("name: a\nbest: {name: b, hue: 1}", "line 2, best.hue: hue is not known here: there is name, count, share, shiny, at, colour"),
        ("name: a\nleaves:\n  - {name: b, colour: green}", "line 3, leaves[0].colour: 'green' is not known here: choose blue, red"),
        ("name: a\nstock: {TEE: {WH: many}}", "line 2, stock: expected a whole number, found a text"),
        ("name: a\nleaves: {}", "line 2, leaves: expected a list, found named values"),
        ("name: [", "line 1, This is not YAML: expected the node content, but found '<stream end>'"),
        ("name: &x a\nwords: [*x]", "line 2, References (*name) are not supported."),
        ("name: \x00", ("line 1, This is not YAML: unacceptable character #x0000: special characters are not allowed\n"
         '  in "<unicode string>", position 6')),
    ],
)  # fmt: skip
def test_errors_are_shown_at_their_line(text: str, said: str) -> None:
    assert problems(text) == [said]


def test_a_text_that_is_too_long_is_not_read() -> None:
    assert problems("#" * 500_001) == ["The text has 500,001 characters; at most 500,000 are allowed."]


def test_a_problem_of_the_value_is_found_in_the_text() -> None:
    read = documents.read("name: a\nbest:\n  name: |\n    one\n    two\nwords: ['x']\n", Tree)
    assert read.problems == ()
    assert read.at(Problem("best.name", "second line", line=2, column=3)) == Problem(
        "best.name", "second line", 5, 3
    )
    assert read.at(Problem("words[0]", "bad")) == Problem("words[0]", "bad", 6, 10)
    assert read.at(Problem("best.name.more[2]", "above")) == Problem("best.name.more[2]", "above", 4, 1)
    assert read.at(Problem("nowhere", "top")) == Problem("nowhere", "top", 1, 1)


def test_what_is_written_reads_the_same() -> None:
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    tree = Tree(
        "16:00", (Leaf("b", at=at), Leaf("c", 1, shiny=True)), {"TEE": {"WH": 2}}, Leaf("d"), ["x", "y"]
    )
    text = documents.write(tree)
    assert text == (
        "name: '16:00'\nleaves:\n  - name: b\n    at: '2026-11-22T09:00:00Z'\n  - name: c\n    count: 1\n    shiny: true\n"
        "stock:\n  TEE:\n    WH: 2\nbest:\n  name: d\nwords: [x, y]\n"
    )
    assert documents.read(text, Tree).value == tree


def test_plain_values_are_read_like_texts() -> None:
    assert documents.convert({"name": "a"}, Tree).value == Tree("a")
    assert documents.convert({"name": 1}, Tree).problems == (
        Problem("name", "expected a text, found a whole number"),
    )
