"""Import files of stock: the columns of each kind, and parsing of CSV and NDJSON lines into rows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

import msgspec

from doorstep.domain.inventory.model.promises import SellAheadMode
from doorstep.domain.inventory.model.reasons import GRADES
from doorstep.domain.inventory.model.rules import RuleKind
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.kernel import errors
from doorstep.kernel.ids import ImportId
from doorstep.kernel.money import CURRENCIES

_MUCH = 1_000_000_000
_SEPARATOR = "\x1f"


class ImportKind(StrEnum):
    """The kind of an import file."""

    STOCK = "stock"
    STOCK_CHANGES = "stock-changes"
    SKUS = "skus"
    SUPPLIES = "supplies"
    REPLENISHMENT = "replenishment"
    RULES = "rules"
    SELL_AHEAD = "sell-ahead"
    PARTS = "parts"


class ImportState(StrEnum):
    """State of an import; a failed one resumes where it stopped."""

    CHECKING = "checking"
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


IMPORT_MOVES: dict[ImportState, frozenset[ImportState]] = {
    ImportState.CHECKING: frozenset({ImportState.APPLYING, ImportState.REFUSED, ImportState.FAILED}),
    ImportState.APPLYING: frozenset({ImportState.DONE, ImportState.FAILED}),
    ImportState.DONE: frozenset(),
    ImportState.REFUSED: frozenset(),
    ImportState.FAILED: frozenset({ImportState.CHECKING, ImportState.APPLYING}),
}


class Check(StrEnum):
    """The type of a cell; lists are separated by semicolons."""

    TEXT = "text"
    WHOLE = "whole"
    DATE = "date"
    CHOICE = "choice"
    SKU = "sku"
    LOCATION = "location"
    CHOICES = "choices"
    SKUS = "skus"
    LOCATIONS = "locations"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type, whether it is required, bounds of numbers, allowed values; files may call it by its alias."""

    name: str
    check: Check = Check.TEXT
    needed: bool = True
    low: int = 0
    high: int = _MUCH
    choices: tuple[str, ...] = ()
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a kind, its key columns (none: rows may repeat), and columns that are ignored.

    Rows `together` share their first cell, stand side by side and are applied all or none. A kind that is `tried` has rows
    that only its verb can validate: an all-or-none file is tried as a whole first.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    together: bool = False
    tried: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def description(self) -> str:
        """The names and aliases, for a message."""
        named = (f"{each.name} (or {each.alias})" if each.alias else each.name for each in self.columns)
        return ", ".join(named)

    def resolve(self, names: Iterable[str]) -> list[str]:
        """The names of a file's columns, with the column's own name instead of an alias."""
        aliases = {each.alias: each.name for each in self.columns if each.alias}
        return [aliases.get(name, name) for name in names]


_CONDITION = Column("condition", Check.CHOICE, needed=False, choices=tuple(each.value for each in GRADES))


def _stock(quantity: Column) -> tuple[Column, ...]:
    return (Column("sku", Check.SKU), Column("location", Check.LOCATION), quantity, _CONDITION)


_LOCATION_KINDS = ("warehouse", "store", "dark_store", "3pl")
_SKUS = (
    Column("sku"),
    Column("title"),
    Column("style", needed=False),
    Column("category", needed=False),
    Column("color", needed=False),
    Column("size", needed=False),
    Column("barcode", needed=False),
    Column("weight_grams", Check.WHOLE),
    Column("hsn", needed=False),
    Column("gst_rate_basis_points", Check.WHOLE, needed=False, high=10_000),
    Column("price_minor", Check.WHOLE, high=_MUCH * 1000),
    Column("currency", Check.CHOICE, choices=tuple(sorted(CURRENCIES))),
)
_SUPPLIES = (
    Column("kind", Check.CHOICE, choices=tuple(each.value for each in SupplyKind)),
    Column("number"),
    Column("line_no", Check.WHOLE, low=1),
    Column("sku", Check.SKU),
    Column("location", Check.LOCATION),
    Column("quantity", Check.WHOLE, low=1),
    Column("eta_date", Check.DATE),
    Column("confidence", Check.WHOLE, needed=False, high=100),
)
_REPLENISHMENT = (
    Column("sku", Check.SKU, needed=False),
    Column("category", needed=False),
    Column("location", Check.LOCATION, needed=False),
    Column("location_kind", Check.CHOICE, needed=False, choices=_LOCATION_KINDS),
    Column("source", Check.LOCATION),
    Column("min_quantity", Check.WHOLE),
    Column("max_quantity", Check.WHOLE),
    Column("cover_days", Check.WHOLE, needed=False, high=365),
)
_RULES = (
    Column("kind", Check.CHOICE, choices=tuple(each.value for each in RuleKind)),
    Column("name"),
    Column("value", Check.WHOLE),
    Column("skus", Check.SKUS, needed=False),
    Column("styles", needed=False),
    Column("categories", needed=False),
    Column("locations", Check.LOCATIONS, needed=False),
    Column("location_kinds", Check.CHOICES, needed=False, choices=_LOCATION_KINDS),
    Column("channels", needed=False),
    Column("audience", needed=False),
    Column("precedence", Check.WHOLE, needed=False),
    Column("active", Check.CHOICE, needed=False, choices=("yes", "no")),
    Column("reason"),
)
_SELL_AHEAD = (
    Column("sku", Check.SKU),
    Column("mode", Check.CHOICE, choices=tuple(each.value for each in SellAheadMode)),
    Column("quantity_limit", Check.WHOLE, needed=False),
    Column("available_from_date", Check.DATE, needed=False),
    Column("until_date", Check.DATE, needed=False),
    Column("min_confidence", Check.WHOLE, needed=False, high=100),
)
_PARTS = (
    Column("sku", Check.SKU),
    Column("part_sku", Check.SKU),
    _CONDITION,
    Column("quantity", Check.WHOLE, low=1),
)
_COUNTERS = ("reserved", "incoming", "missing", "confirmed_at")  # exports have them, for people
SHAPES: Mapping[ImportKind, Shape] = {
    ImportKind.STOCK: Shape(
        _stock(Column("quantity", Check.WHOLE, alias="on_hand")), ("sku", "location", "condition"), _COUNTERS
    ),
    ImportKind.STOCK_CHANGES: Shape(_stock(Column("quantity", Check.WHOLE, low=-_MUCH))),
    ImportKind.SKUS: Shape(_SKUS, ("sku",)),
    ImportKind.SUPPLIES: Shape(_SUPPLIES, ("kind", "number", "line_no")),
    ImportKind.REPLENISHMENT: Shape(_REPLENISHMENT, ("sku", "category", "location", "location_kind")),
    ImportKind.RULES: Shape(_RULES, ("kind", "name"), tried=True),
    ImportKind.SELL_AHEAD: Shape(_SELL_AHEAD, ("sku",), tried=True),
    ImportKind.PARTS: Shape(_PARTS, ("sku", "part_sku", "condition"), together=True, tried=True),
}


@dataclass(frozen=True, slots=True)
class NewImport:
    """A new import. With `whole` one bad row rejects the file; `key` makes it apply once; `as_of` is for snapshots."""

    kind: ImportKind
    file_name: str
    as_of: datetime
    source: str = "file"
    whole: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """An import and its progress; lines count from 1, and the first line of CSV has the column names."""

    id: ImportId
    kind: ImportKind
    state: ImportState
    whole: bool
    source: str
    as_of: datetime
    file_name: str
    loaded: int
    last_line: int
    checked_to: int
    applied_to: int
    applied: int
    ignored: int
    bad: int
    error: str
    actor: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.state in {ImportState.DONE, ImportState.REFUSED}

    @property
    def percent(self) -> int:
        """Progress: checking is the first quarter."""
        if self.is_over or not self.last_line:
            return 100
        return (25 * self.checked_to + 75 * self.applied_to) // self.last_line


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A line of a file as cells in the order of its kind's columns; `problem` says why it cannot be read."""

    line_no: int
    cells: tuple[str, ...]
    key: str = ""
    problem: str | None = None


def check_new(new: NewImport, *, now: datetime) -> None:
    """Raise Invalid for a file with a future `as_of` or without a source."""
    if new.as_of > now:
        raise errors.Invalid(
            "as_of is in the future: enter the time at which the quantities were read.", field="as_of"
        )
    if not new.source.strip():
        raise errors.Invalid("Enter the source of the quantities.", field="source")


class BadFile(errors.Invalid):
    """The file cannot be read; nothing was stored."""


def read_csv(lines: Iterable[str], kind: ImportKind) -> Iterator[ImportRow]:
    """Rows of CSV; the first line has the column names, in any order. Raises BadFile."""
    shape = SHAPES[kind]
    reader = csv.reader(lines, strict=True)
    try:
        header = shape.resolve(name.strip().lower() for name in next(reader, []))
        columns = _columns(header, shape)
        for cells in reader:
            if any(cells):
                yield _row(reader.line_num, cells, columns, len(header), shape)
    except csv.Error as problem:
        raise BadFile(f"Line {reader.line_num} is not CSV: {problem}.", line=reader.line_num) from problem


def _columns(header: Sequence[str], shape: Shape) -> list[int | None]:
    """The position of each column of the kind in the file."""
    lacking = [column.name for column in shape.columns if column.needed and column.name not in header]
    unknown = sorted(set(header) - {*shape.names, *shape.unread})
    if lacking or unknown or len(set(header)) < len(header):
        wrong = [f"lacks {', '.join(lacking)}"] if lacking else []
        wrong += [f"has unknown columns: {', '.join(unknown)}"] if unknown else []
        reported = " and ".join(wrong) or "has a column twice"
        raise BadFile(f"The first line {reported}. The columns are {shape.description}.", line=1)
    return [header.index(name) if name in header else None for name in shape.names]


def _row(
    line_no: int, cells: Sequence[str], columns: Sequence[int | None], width: int, shape: Shape
) -> ImportRow:
    if len(cells) != width:
        said = f"The row has {len(cells)} cells, the first line has {width}."
        return ImportRow(line_no, tuple(_clean(cell) for cell in cells), problem=said)
    return _keyed(line_no, ["" if column is None else _clean(cells[column]) for column in columns], shape)


def _keyed(line_no: int, cells: Sequence[str], shape: Shape) -> ImportRow:
    named = dict(zip(shape.names, cells, strict=True))
    if "condition" in shape.key:
        named["condition"] = named["condition"] or GRADES[0].value
    return ImportRow(line_no, tuple(cells), _SEPARATOR.join(named[name] for name in shape.key))


def read_ndjson(lines: Iterable[str], kind: ImportKind) -> Iterator[ImportRow]:
    """Rows of NDJSON: an object per line, with fields named like the columns."""
    shape = SHAPES[kind]
    decode = msgspec.json.Decoder(dict[str, str | int | None]).decode
    for line_no, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            reported = decode(line)
        except msgspec.DecodeError as problem:
            yield ImportRow(
                line_no, (_clean(line)[:500],), problem=f"The line is not a valid object: {problem}."
            )
            continue
        names = shape.resolve(reported)
        if len(set(names)) < len(names):
            yield ImportRow(line_no, (_clean(line)[:500],), problem="The line has a field twice.")
            continue
        reported = dict(zip(names, reported.values(), strict=True))
        if unknown := sorted(set(reported) - {*shape.names, *shape.unread}):
            yield ImportRow(
                line_no,
                (_clean(line)[:500],),
                problem=f"Unknown: {', '.join(unknown)}. The fields are {shape.description}.",
            )
            continue
        cells = ["" if reported.get(name) is None else _clean(str(reported[name])) for name in shape.names]
        yield _keyed(line_no, cells, shape)


def _clean(cell: str) -> str:
    """The text without surrounding blanks and without NUL characters, which the database cannot store."""
    return cell.replace("\x00", "").strip()


Reader = Callable[[Iterable[str], ImportKind], Iterator[ImportRow]]


def reader_of(file_name: str) -> Reader:
    """The format of a file by its name. Raises BadFile."""
    ending = file_name.lower().rpartition(".")[2]
    if ending == "csv":
        return read_csv
    if ending in {"ndjson", "jsonl"}:
        return read_ndjson
    raise BadFile(f"{file_name}: the name must end in .csv, .ndjson or .jsonl.", field="file")


def text_of(raw: Iterable[bytes]) -> Iterator[str]:
    """Lines of bytes as text. Raises BadFile for what is not UTF-8."""
    for number, line in enumerate(raw, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as problem:
            raise BadFile(
                f"Line {number} is not text in UTF-8: save the file as UTF-8.", line=number
            ) from problem


def batches(rows: Iterable[ImportRow], size: int) -> Iterator[list[ImportRow]]:
    """Rows in chunks."""
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch
