"""Banned words (docs/style.md) are counted per folder; a folder's number may only go down."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED = (
    "told tell tells telling wish wishes errand errands heard hears sight regret cancelled cancelling fulfil fulfils fulfilment "
    "catalogue favour organise recognise synchronise optimiser grey "
    "shelf shelves parking parked mend mends mended golden graded regrade regraded revive revived mates piece pieces troubles "
    "wave waves lies"
).split()
# Of several words, as prose or as a name; "on hand in" and "by hand in" are the trade's.
PHRASES = (
    r"lets?[ _-]go",
    r"ask(?:s|ed)?[ _-]back",
    r"(?<!on )(?<!by )hand(?:s|ed)?[ _-]in",
    r"work[ _-]that[ _-]lies",
    r"idle[ _-]work",
)
_PATTERN = re.compile(rf"(?<![A-Za-z])(?:{'|'.join((*PHRASES, *BANNED))})(?![A-Za-z])", re.IGNORECASE)
_ENDINGS = {".py", ".html", ".md", ".css", ".js", ".toml", ".yaml", ".txt", ".sql", ".sh", ".csv"}
# Migrations that were applied are never edited; what is dated later is counted.
LAST_UNCOUNTED = "2026-11-29-1540"
_VENDOR = "the vendor's own spelling: cancelled"
_RENAMED = "earlier names of fields and settings, which are still read or named in an error message"
# What is left, by folder, and why. Lower a number when you rewrite a page; a folder that is not listed has none.
LEFT: dict[str, tuple[int, str]] = {
    "CHANGELOG.md": (7, "earlier names of fields"),
    "docs": (4, "a vendor's topic; sources of terms in the glossary; a name when a decision was made"),
    "src/doorstep/adapters": (12, _VENDOR),
    "src/doorstep/delivery/api": (2, "a path and a field that clients still send"),
    "src/doorstep/delivery/console": (
        5,
        "shelves of a store are counted and picked from; a stored type of movement",
    ),
    "src/doorstep/domain/fulfillment": (1, _RENAMED),
    "src/doorstep/domain/inventory": (7, "a stored type of movement, and its keys"),
    "src/doorstep/domain/routing": (7, _RENAMED),
    "src/doorstep/kernel": (1, _RENAMED),
    "src/doorstep_sandbox/amazon": (2, _VENDOR),
    "src/doorstep_sandbox/erpnext": (1, _VENDOR),
    "src/doorstep_sandbox/shiphawk": (4, _VENDOR),
    "src/doorstep_sandbox/shiprocket": (10, _VENDOR),
    "src/doorstep_sandbox/shopify": (18, _VENDOR),
    "tests/adapters": (11, _VENDOR),
    "tests/contracts": (1, _VENDOR),
    "tests/delivery": (9, "shelves of a store are counted; a stored name"),
    "tests/domain": (2, _RENAMED),
    "tests/kernel": (26, "what migrations find in old databases"),
    "tests/sandbox": (7, _VENDOR),
    "tests/store": (3, "shelves of a store are counted; a stored type of movement"),
    "tests/tidy": (1, "an example of a wrong name"),
}


def _folder(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "tests":
        return "/".join(parts[: min(2, len(parts) - 1)])
    depth = 4 if parts[:3] in {("src", "doorstep", "domain"), ("src", "doorstep", "delivery")} else 3
    return "/".join(parts[: min(depth, len(parts) - 1)] if parts[0] == "src" else parts[:1])


def _is_counted(path: Path) -> bool:
    if (
        not path.is_file()
        or path.suffix not in _ENDINGS
        or {"vendor", "__pycache__"}.intersection(path.parts)
    ):
        return False
    return "versions" not in path.parts or path.name[: len(LAST_UNCOUNTED)] > LAST_UNCOUNTED


def _texts() -> list[Path]:
    tops = [path for top in ("src", "docs", "tools", "tests", "samples") for path in (ROOT / top).rglob("*")]
    return [path for path in (*tops, *ROOT.glob("*.md")) if _is_counted(path)] + [ROOT / "Makefile"]


COUNTED = Counter({_folder(path): 0 for path in _texts()})
for _path in _texts():
    if _path.name not in {"style.md", Path(__file__).name}:
        COUNTED[_folder(_path)] += len(_PATTERN.findall(_path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("folder", sorted(COUNTED))
def test_a_folder_has_no_more_banned_words_than_before(folder: str) -> None:
    assert COUNTED[folder] <= LEFT.get(folder, (0, ""))[0]


def test_the_list_has_no_slack() -> None:
    assert {folder: left for folder, (left, _why) in LEFT.items() if COUNTED[folder] != left} == {}


def test_a_line_of_banned_words_is_found() -> None:
    line = "Let go of the shelf; the parking piece lies; mend it; golden case; graded"
    found = [each.lower() for each in _PATTERN.findall(line)]
    assert found == ["let go", "shelf", "parking", "piece", "lies", "mend", "golden", "graded"]


@pytest.mark.parametrize(
    "words", ["asked_back", "hand_in", "ask-back", "revive", "Wave", "told_at", "idle work"]
)
def test_a_name_of_banned_words_is_found(words: str) -> None:
    assert _PATTERN.search(f"def x_{words}")


@pytest.mark.parametrize("words", ["units on hand in other conditions", "believes", "upgraded", "microwaves"])
def test_other_words_are_not_found(words: str) -> None:
    assert not _PATTERN.search(words)


def test_new_migrations_are_counted() -> None:
    folder = ROOT / "src" / "doorstep" / "migrations" / "versions"
    assert max(path.name for path in folder.glob("*.sql"))[: len(LAST_UNCOUNTED)] >= LAST_UNCOUNTED
