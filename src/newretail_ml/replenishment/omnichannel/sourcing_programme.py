"""The mixed-integer programme of sourcing, by HiGHS.

Columns: a bundle from a place; a parcel of an order from a place (orders of one bundle pay their
parcel with the bundle); extra parcels of an order; units of an item taken from a place, each with
the margin that its counter loses. The linear relaxation chooses which columns are looked at:
columns left out are priced with its duals, so the bound holds for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from newretail_ml.replenishment.omnichannel.sourcing_problem import NOWHERE, SourcingProblem

SMALL = 6_000
_FIRST_PLACES = 8
_FIRST_UNITS = 3
_ROUNDS = 20
_PRICED = 0.002
_NOISE = 1e-7


@dataclass(frozen=True, eq=False)
class Assignment:
    """Where each bundle leaves from.

    Attributes:
        place: (bundles,) number of the place, or -1.
        bound: no assignment costs less than this.
    """

    place: np.ndarray
    bound: float


@dataclass(frozen=True, eq=False)
class _Programme:
    cost: np.ndarray
    rows: csr_array
    at_most: np.ndarray
    upper: np.ndarray
    whole: np.ndarray
    bundle: np.ndarray
    place: np.ndarray
    first: np.ndarray


def assign(problem: SourcingProblem, *, gap: float, time_limit: float) -> Assignment:
    """The cheapest assignment found; nothing leaves if the time is over before there is any.

    Args:
        problem: the sourcing problem.
        gap: share of the cost that may be missed among the columns looked at.
        time_limit: seconds for the mixed-integer programme.
    """
    if not problem.fits.any():
        return Assignment(np.full(problem.n_bundles, NOWHERE), problem.lost_without)
    programme = _programme(problem)
    small = len(programme.cost) <= SMALL
    if small:
        kept, bound = np.ones(len(programme.cost), bool), -np.inf
    else:
        kept, bound = _worth_looking_at(programme)
    solved = _solved(programme, kept, gap if not small else 0.0, time_limit)
    place = np.full(problem.n_bundles, NOWHERE)
    if solved is None:
        return Assignment(place, bound + problem.lost_without)
    chosen, lowest = solved
    used = chosen[: len(programme.bundle)] > 0.5
    place[programme.bundle[used]] = programme.place[used]
    return Assignment(place, (lowest if small else bound) + problem.lost_without)


def _solved(
    programme: _Programme, kept: np.ndarray, gap: float, time_limit: float
) -> tuple[np.ndarray, float] | None:
    from scipy.optimize import Bounds, LinearConstraint, milp

    found = milp(
        programme.cost[kept],
        constraints=LinearConstraint(programme.rows[:, kept], -np.inf, programme.at_most),
        integrality=programme.whole[kept].astype(int),
        bounds=Bounds(0.0, programme.upper[kept]),
        options={"mip_rel_gap": gap, "time_limit": time_limit},
    )
    if found.x is None:
        return None
    chosen = np.zeros(len(programme.cost))
    chosen[kept] = found.x
    return chosen, float(found.mip_dual_bound)


def _worth_looking_at(programme: _Programme) -> tuple[np.ndarray, float]:
    """Columns near the optimum of the linear relaxation, and its value, a bound for all columns."""
    from scipy.optimize import linprog

    kept = programme.first.copy()
    for _ in range(_ROUNDS):
        relaxed = linprog(
            programme.cost[kept],
            A_ub=programme.rows[:, kept],
            b_ub=programme.at_most,
            bounds=np.column_stack([np.zeros(kept.sum()), programme.upper[kept]]),
            method="highs-ds",
        )
        duals = relaxed.ineqlin.marginals
        reduced = programme.cost - programme.rows.T @ duals
        bound = float(duals @ programme.at_most + np.minimum(reduced, 0.0) @ programme.upper)
        if relaxed.fun - bound <= _PRICED * abs(relaxed.fun):
            break
        kept |= reduced < 0
    return kept & (~programme.whole | (reduced <= _NOISE)), bound


def _programme(problem: SourcingProblem) -> _Programme:
    bundle, place = np.nonzero(problem.fits)
    order = problem.order_of_bundle[bundle]
    size = np.bincount(problem.order_of_bundle, minlength=len(problem.parcel_cost))
    shared = size[order] > 1
    parcels, parcel = np.unique((order * problem.n_places + place)[shared], return_inverse=True)
    extra = np.flatnonzero(size > 1)
    used = _cells(problem, bundle, place)
    cells, cell_of, units, column = used
    steps, step, unit_cost = _unit_steps(problem, cells)
    n_ways, n_parcels, n_extra = len(bundle), len(parcels), len(extra)
    ends = np.cumsum([n_ways, n_parcels, n_extra, len(steps)])
    parcel_order, parcel_place = parcels // problem.n_places, parcels % problem.n_places
    alone = np.where(shared, 0.0, problem.parcel_cost[order, place])
    # Units worth less than nothing on a counter must not be taken without being shipped: what
    # the first of them saves is given to the way that ships it, so that no step costs below 0.
    least = np.minimum(problem.unit_loss.reshape(-1, problem.unit_loss.shape[2])[cells, 0], 0.0)
    saved = np.bincount(column, units * least[cell_of], minlength=n_ways)
    way_cost = problem.bundle_cost[bundle, place] + alone + saved
    unit_cost = unit_cost - least[steps]
    parcel_cost = problem.parcel_cost[parcel_order, parcel_place]

    together = np.flatnonzero(shared)
    blocks = _rules(problem, bundle, parcels, parcel, together, extra, steps, used)
    way_near = _near(problem, way_cost, bundle, place, parcel, together, parcel_cost)
    parcel_near = np.zeros(n_parcels, bool)
    parcel_near[parcel[way_near[together]]] = True
    return _Programme(
        cost=np.concatenate(
            [way_cost, parcel_cost, np.full(n_extra, problem.split_cost), unit_cost]
        ),
        rows=vstack(blocks).tocsr(),
        at_most=np.repeat([1.0, 0.0, 1.0, 0.0], [part.shape[0] for part in blocks]),
        upper=np.concatenate([np.ones(ends[1]), size[extra], np.ones(len(steps))]),
        whole=np.arange(ends[-1]) < ends[1],
        bundle=bundle,
        place=place,
        first=np.concatenate([way_near, parcel_near, np.ones(n_extra, bool), step < _FIRST_UNITS]),
    )


def _rules(
    problem: SourcingProblem,
    bundle: np.ndarray,
    parcels: np.ndarray,
    parcel: np.ndarray,
    together: np.ndarray,
    extra: np.ndarray,
    steps: np.ndarray,
    used: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> list[csr_array]:
    """A bundle leaves once; with a parcel; parcels beyond the first; units from unit steps."""
    cells, cell_of, units, way = used
    counts = [len(bundle), len(parcels), len(extra), len(steps)]
    width = sum(counts)
    ways, parcel_at, extra_at, step_at = np.split(np.arange(width), np.cumsum(counts)[:-1])
    extra_row = np.full(len(problem.parcel_cost), -1)
    extra_row[extra] = np.arange(len(extra))
    parcel_row = extra_row[parcels // problem.n_places]
    number = np.arange(len(together))
    return [
        _block([(bundle, ways, 1.0)], (problem.n_bundles, width)),
        _block([(number, together, 1.0), (number, parcel_at[parcel], -1.0)], (len(number), width)),
        _block(
            [(parcel_row, parcel_at, 1.0), (np.arange(len(extra)), extra_at, -1.0)],
            (len(extra), width),
        ),
        _block([(cell_of, way, units), (steps, step_at, -1.0)], (len(cells), width)),
    ]


def _block(
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray | float]], shape: tuple[int, int]
) -> csr_array:
    rows, columns, values = zip(*entries, strict=True)
    filled = [np.broadcast_to(v, len(r)) for r, v in zip(rows, values, strict=True)]
    where = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.concatenate(filled).astype(float), where), shape=shape)


def _cells(
    problem: SourcingProblem, bundle: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Items and places used, and for each way and line the cell, the units and the way."""
    first = np.searchsorted(problem.bundle, np.arange(problem.n_bundles + 1))
    size = np.diff(first)[bundle]
    way = np.repeat(np.arange(len(bundle)), size)
    within = np.arange(len(way)) - np.repeat(np.cumsum(size) - size, size)
    line = first[bundle[way]] + within
    used = problem.item[line] * problem.n_places + place[way]
    cells, cell_of = np.unique(used, return_inverse=True)
    return cells, cell_of, problem.units[line].astype(float), way


def _unit_steps(
    problem: SourcingProblem, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each unit that may be taken from a cell: row of the cell, number, margin lost."""
    item, place = cells // problem.n_places, cells % problem.n_places
    room = np.minimum(problem.room[item, place], problem.unit_loss.shape[2])
    row = np.repeat(np.arange(len(cells)), room)
    number = np.arange(len(row)) - np.repeat(np.cumsum(room) - room, room)
    return row, number, problem.unit_loss[item[row], place[row], number]


def _near(
    problem: SourcingProblem,
    way_cost: np.ndarray,
    bundle: np.ndarray,
    place: np.ndarray,
    parcel: np.ndarray,
    together: np.ndarray,
    parcel_cost: np.ndarray,
) -> np.ndarray:
    """(ways,) whether the place is among the cheapest for the bundle, before others take units."""
    alone = way_cost.copy()
    alone[together] += parcel_cost[parcel]
    lost = np.zeros((problem.n_bundles, problem.n_places))
    first_loss = problem.unit_loss[problem.item, :, 0] * problem.units[:, None]
    np.add.at(lost, problem.bundle, np.where(np.isfinite(first_loss), first_loss, 0.0))
    total = np.full(lost.shape, np.inf)
    total[bundle, place] = alone + lost[bundle, place]
    rank = total.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return rank[bundle, place] < _FIRST_PLACES
