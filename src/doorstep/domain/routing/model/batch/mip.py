"""Solve some orders of a pool together, exactly: HiGHS, one thread, warm-started from the current plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from doorstep.domain.routing.model.batch.pool import Columns, Floats, Ints, Pool, RoutingLocation, Served


@dataclass(frozen=True, slots=True)
class Solved:
    """The best plan of the orders, its cost, and a lower bound."""

    served: Served
    cost: float
    bound: float


@dataclass(frozen=True, slots=True)
class _Model:
    """The program of these orders, row by row in triplets."""

    cost: Floats
    most: Floats
    lower: Floats
    upper: Floats
    row: Ints
    column: Ints
    value: Floats
    starts: Sequence[tuple[int, int]]


def solve(
    pool: Pool, numbers: Sequence[int], spare: Floats, *, seconds: float, gap: float = 0.0
) -> Solved | None:
    """Serve these orders from spare stock; None if nothing was found in time. Lines that share a parcel pay its cost once."""
    model = _model(pool, numbers, spare)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # the package has no types
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("time_limit", seconds),
        ("mip_rel_gap", gap),
    ):
        solver.setOptionValue(name, value)
    solver.passModel(_program(model))
    start = highspy.HighsSolution()
    start.col_value = _start(pool, numbers, model).tolist()
    solver.setSolution(start)
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    values = np.asarray(solver.getSolution().col_value)
    return Solved(_read(pool, numbers, model, values), info.objective_function_value, info.mip_dual_bound)


def _model(pool: Pool, numbers: Sequence[int], spare: Floats) -> _Model:
    """Columns order by order: its y, its x, then one per unit for not serving it."""
    triplets: list[tuple[Ints, Ints, Floats]] = []
    costs, starts, uppers = list[Floats](), list[tuple[int, int]](), list[Floats]()
    most = list[Floats]()
    rows = len(spare)
    column = 0
    for number in numbers:
        each = pool.columns[number]
        y, x = column, column + len(each.toll)
        left = x + len(each.unit)
        starts.append((y, x))
        most += [np.ones(len(each.toll) + len(each.unit)), each.may_wait.astype(np.float64)]
        costs += [each.toll, each.cost, pool.waits[number]]
        own, upper = _own_rows(each, y, x, left, rows)
        triplets += [*own, *_shared_rows(each, y, x)]
        uppers.append(upper)
        rows += len(upper)
        column = left + each.units
    upper = np.concatenate([spare, *uppers])
    lower = np.where(upper == _EXACTLY_ONE, 1.0, -highspy.kHighsInf)
    upper = np.where(upper == _EXACTLY_ONE, 1.0, np.where(np.isinf(upper), highspy.kHighsInf, upper))
    row, col, value = (np.concatenate(part) for part in zip(*triplets, strict=True))
    return _Model(np.concatenate(costs), np.concatenate(most), lower, upper, row, col, value, starts)


_EXACTLY_ONE = -1.0  # marks rows that must be met; no other row has a negative limit


def _own_rows(
    each: Columns, y: int, x: int, left: int, first: int
) -> tuple[list[tuple[Ints, Ints, Floats]], Floats]:
    """Every unit from one location or unserved; nothing without a parcel; not too many parcels."""
    count, units = len(each.unit), each.units
    ones, every = np.ones(count), np.arange(count)
    served = first + np.arange(units)
    linked = first + units + every
    blocks = [
        (first + each.unit, x + every, ones),
        (served, left + np.arange(units), np.ones(units)),
        (linked, x + every, ones),
        (linked, y + each.stop, -ones),
    ]
    upper = [np.full(units, _EXACTLY_ONE), np.zeros(count)]
    if each.most < min(units, len(each.toll)):
        stops = np.arange(len(each.toll))
        blocks.append((np.full(len(stops), first + units + count), y + stops, np.ones(len(stops))))
        upper.append(np.array([float(each.most)]))
    return blocks, np.concatenate(upper)


def _shared_rows(each: Columns, y: int, x: int) -> list[tuple[Ints, Ints, Floats]]:
    """Scarce stock, and the capacity of shifts."""
    limited = np.flatnonzero(each.slot >= 0)
    return [(each.row, x + each.of, each.need), (each.slot[limited], y + limited, np.ones(len(limited)))]


def _program(model: _Model) -> highspy.HighsLp:
    columns, rows = len(model.cost), len(model.upper)
    order = np.argsort(model.row, kind="stable")
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = columns, rows
    program.col_cost_ = model.cost
    program.col_lower_, program.col_upper_ = np.zeros(columns), model.most
    program.row_lower_, program.row_upper_ = model.lower, model.upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(model.row, minlength=rows))])
    program.a_matrix_.index_, program.a_matrix_.value_ = model.column[order], model.value[order]
    program.integrality_ = [highspy.HighsVarType.kInteger] * columns
    return program


def _start(pool: Pool, numbers: Sequence[int], model: _Model) -> Floats:
    """The current plan of the orders, as a solution of the program."""
    values = np.zeros(len(model.cost))
    for number, (y, x) in zip(numbers, model.starts, strict=True):
        each = pool.columns[number]
        for unit, location in enumerate(pool.served[number]):
            if location is None:
                values[x + len(each.unit) + unit] = 1.0
            else:
                column = each.x_by_location[unit, location]
                values[x + column] = values[y + each.stop[column]] = 1.0
    return values


def _read(pool: Pool, numbers: Sequence[int], model: _Model, values: Floats) -> Served:
    """The location of each unit."""
    result: Served = []
    for number, (_y, x) in zip(numbers, model.starts, strict=True):
        each = pool.columns[number]
        chosen: list[RoutingLocation] = [None] * each.units
        for column in np.flatnonzero(values[x : x + len(each.unit)] > 0.5):  # noqa: PLR2004 - a binary that is on
            chosen[int(each.unit[column])] = each.locations[int(each.stop[column])]
        result.append(tuple(chosen))
    return result
