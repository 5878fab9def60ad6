"""SQL of routing's lists: versions of the rule set, runs, simulations and the orders that they change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.store.lab import ONLY_SQL, RUN_COLUMNS, LabChange, LabRun
from doorstep.domain.routing.store.rules import Version
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Key, Keyset, Sorting

VERSIONS = Sorting(
    {
        "number": Key(),
        "state": Key("text"),
        "drafted_at": Key("timestamptz"),
        "activated_at": Key("timestamptz", "-infinity"),
    },
    tie="number",
    tie_of=attrgetter("number"),
)
RUNS = Sorting(
    {
        "run": Key("text"),
        "kind": Key("text"),
        "started_at": Key("timestamptz"),
        "milliseconds": Key("bigint", "-1"),
        "attempted": Key(),
        "routed": Key(),
        "changed": Key(),
        "before_minor": Key("bigint", "-1"),
        "after_minor": Key("bigint", "-1"),
        "saved_minor": Key("bigint", "-9223372036854775808"),
    }
)
SIMULATIONS = Sorting({"id": Key(), "draft": Key("bigint", "0"), "state": Key("text"), "changed": Key()})
CHANGES = Sorting(
    {"number": Key("text"), "at": Key("timestamptz"), "extra_minor": Key()},
    tie="order_id",
    tie_of=attrgetter("order_id"),
)


def select_versions(tx: ReadTx, page: Keyset) -> list[Version]:
    """A page of versions."""
    rows = """
        SELECT number, name, state, based_on, restores, drafted_by, drafted_at, drafted_why, activated_by, activated_at,
               activated_why, archived_at
          FROM routing_rule_versions
    """
    return tx.all(Version, VERSIONS.page(rows, page), page.parameters)


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run as the list shows it; money in minor units, `changed` orders got another plan."""

    id: int
    run: str
    kind: RunKind
    rules: str
    started_at: datetime
    milliseconds: int | None
    attempted: int
    routed: int
    changed: int
    before_minor: int | None
    after_minor: int | None
    saved_minor: int | None
    result: str


def select_runs(tx: ReadTx, page: Keyset, *, kind: str) -> list[ListedRun]:
    """A page of runs (of one kind)."""
    rows = """
        SELECT id, run, kind, rules, started_at,
               round(extract(epoch FROM ended_at - started_at) * 1000)::bigint AS milliseconds,
               attempted, routed, changed, before_minor, after_minor, before_minor - after_minor AS saved_minor, result
          FROM routing_runs WHERE %(kind)s = '' OR kind = %(kind)s
    """
    return tx.all(ListedRun, RUNS.page(rows, page), {"kind": kind, **page.parameters})


def select_simulations(tx: ReadTx, page: Keyset, *, state: str) -> list[LabRun]:
    """A page of simulations (in one state)."""
    rows = f"""
        SELECT {RUN_COLUMNS} FROM lab_runs WHERE kind = 'simulation' AND (%(state)s = '' OR state = %(state)s)
    """
    return tx.all(LabRun, SIMULATIONS.page(rows, page), {"state": state, **page.parameters})


def select_changes(tx: ReadTx, page: Keyset, *, run_id: int, only: str) -> list[LabChange]:
    """A page of the orders that a simulation changes (of one kind)."""
    rows = f"""
        SELECT order_id, number, at, extra_minor, before, after FROM lab_changes
         WHERE run_id = %(run)s AND {ONLY_SQL[only]}
    """
    return tx.all(LabChange, CHANGES.page(rows, page), {"run": run_id, **page.parameters})
