"""Measure the cost of work: time, statements, write-ahead log, our and PostgreSQL's processor time, stored bytes."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from doorstep_bench.scratch import Scratch

_TICKS = os.sysconf("SC_CLK_TCK")
_MEASURED = """
    SELECT pg_current_wal_lsn() - '0/0'::pg_lsn,
           (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind = 'r'),
           (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE toplevel)
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters at one time."""

    wal_bytes: int
    stored_bytes: int
    statements: int
    our_seconds: float
    postgres_seconds: float


def read(scratch: Scratch) -> Reading:
    """Read all counters."""
    with psycopg.connect(scratch.url, autocommit=True) as connection:
        row = connection.execute(_MEASURED).fetchone() or (0, 0, 0)
    mine = resource.getrusage(resource.RUSAGE_SELF)
    wal, stored, statements = (int(value) for value in row)
    return Reading(wal, stored, statements, mine.ru_utime + mine.ru_stime, _postgres_seconds(scratch))


def _postgres_seconds(scratch: Scratch) -> float:
    """Processor time of the server and all its processes, past and present."""
    first = (scratch.folder / "data/postgres/data/postmaster.pid").read_text().splitlines()[0]
    ticks = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            ticks += _ticks(entry, server=first)
    return ticks / _TICKS


def _ticks(process: Path, *, server: str) -> int:
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    user, system, gone_user, gone_system = (int(value) for value in fields[11:15])
    if process.name == server:
        return user + system + gone_user + gone_system
    return user + system if fields[1] == server else 0


def per_order(before: Reading, after: Reading, orders: int) -> dict[str, float]:
    """The cost of one order between two readings."""
    return {
        "statements": round((after.statements - before.statements) / orders, 2),
        "wal_bytes": round((after.wal_bytes - before.wal_bytes) / orders),
        "stored_bytes": round((after.stored_bytes - before.stored_bytes) / orders),
        "cpu_ms_ours": round(1000 * (after.our_seconds - before.our_seconds) / orders, 3),
        "cpu_ms_postgres": round(1000 * (after.postgres_seconds - before.postgres_seconds) / orders, 3),
    }


def timed(work: Callable[[], None], count: int) -> float:
    """Items per second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def rates(measured: Sequence[float]) -> dict[str, object]:
    """The median, and every run."""
    return {
        "orders_per_second": round(statistics.median(measured), 1),
        "runs": [round(each, 1) for each in measured],
    }


def percentiles(seconds: Iterable[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    ranked = sorted(seconds)
    if not ranked:
        return {}
    at = {f"p{share}_ms": ranked[min(len(ranked) - 1, len(ranked) * share // 100)] for share in (50, 95, 99)}
    return {name: round(1000 * value, 1) for name, value in at.items()}


def say(words: str) -> None:
    """Print progress to standard error; only the result goes to standard output."""
    sys.stderr.write(f"· {words}\n")
    sys.stderr.flush()
