"""Which warehouses to open, and which region each serves.

Source: Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 8:
uncapacitated and capacitated fixed-charge location.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import as_numbers, check_numbers, check_whole
from newretail_ml.errors import DataError, InfeasibleError


@dataclass(frozen=True, eq=False)
class Placement:
    """The cheapest warehouses.

    Attributes:
        opened: numbers of the warehouses that open, from 0.
        shares: (warehouses, regions) share of each region's demand that each serves.
        cost: of opening and serving.
    """

    opened: tuple[int, ...]
    shares: np.ndarray
    cost: float


def place_warehouses(
    open_costs: Sequence[float] | np.ndarray,
    serve_costs: Sequence[Sequence[float]] | np.ndarray,
    *,
    demands: Sequence[float] | np.ndarray | None = None,
    capacities: Sequence[float] | np.ndarray | None = None,
    one_source: bool = False,
    most_open: int | None = None,
) -> Placement:
    """Warehouses and regions with the least cost, exact by mixed-integer programming.

    Args:
        open_costs: (warehouses,) of keeping each open.
        serve_costs: (warehouses, regions) of serving all demand of a region; infinite where it
            cannot be served.
        demands: (regions,) units; needed with capacities.
        capacities: (warehouses,) most units each can serve; without them, no limit.
        one_source: whether a region must be served by one warehouse only.
        most_open: most warehouses.

    Raises:
        DataError: shapes differ, or a number is wrong.
        InfeasibleError: the regions cannot all be served.

    >>> place_warehouses([4, 9, 3], [[1, 8, 9], [3, 1, 3], [9, 8, 1]]).opened
    (1,)
    """
    fixed = check_numbers("open_costs", open_costs)
    serving = as_numbers("serve_costs", serve_costs)
    if (
        serving.ndim != 2
        or len(serving) != len(fixed)
        or not serving.size
        or not (serving >= 0).all()
    ):
        raise DataError(
            "serve_costs must have a row of numbers of at least 0 for each warehouse",
            next_step="Correct them; infinity stands for a region that cannot be served.",
        )
    units, room = _checked_capacities(demands, capacities, serving.shape)
    most = len(fixed) if most_open is None else check_whole("most_open", most_open, at_least=1)
    opened, shares = _solve(fixed, serving, units, room, one_source, most)
    cost = fixed[opened].sum() + (np.where(shares > 0, serving, 0.0) * shares).sum()
    return Placement(tuple(np.flatnonzero(opened).tolist()), shares, float(cost))


def _solve(
    fixed: np.ndarray,
    serving: np.ndarray,
    units: np.ndarray,
    room: np.ndarray,
    one_source: bool,
    most: int,
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import bmat, csr_array, eye_array, kron

    places, regions = serving.shape
    possible = np.isfinite(serving)
    ones = np.ones((regions, 1))
    links = bmat([[eye_array(places * regions), -kron(eye_array(places), ones)]])
    served = bmat([[kron(np.ones((1, places)), eye_array(regions)), csr_array((regions, places))]])
    number = bmat([[csr_array((1, places * regions)), np.ones((1, places))]])
    constraints = [
        LinearConstraint(links.tocsr(), -np.inf, 0.0),
        LinearConstraint(served.tocsr(), 1.0, 1.0),
        LinearConstraint(number.tocsr(), 0.0, most),
    ]
    if np.isfinite(room).any():
        limited = np.flatnonzero(np.isfinite(room))
        load = bmat(
            [[kron(eye_array(places), units[None, :]), csr_array((places, places))]]
        ).tocsr()
        constraints.append(LinearConstraint(load[limited], -np.inf, room[limited]))
    solved = milp(
        np.concatenate([np.where(possible, serving, 0.0).ravel(), fixed]),
        constraints=constraints,
        integrality=np.repeat([int(one_source), 1], [places * regions, places]),
        bounds=Bounds(0.0, np.concatenate([possible.ravel().astype(float), np.ones(places)])),
        options={"mip_rel_gap": 0.0},
    )
    if solved.x is None:
        raise InfeasibleError(
            "the warehouses cannot serve all regions",
            next_step="Add capacity or a warehouse, allow more to open, or more than one source "
            "a region.",
        )
    shares = _tidy(solved.x[: places * regions], serving.shape)
    # A warehouse that costs nothing may be left open without serving anyone.
    return (solved.x[places * regions :] > 0.5) & (shares.sum(axis=1) > 0), shares


def _tidy(shares: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Shares without the solver's rounding errors."""
    whole = np.rint(shares)
    return np.where(np.abs(shares - whole) < 1e-9, np.abs(whole), shares).reshape(shape)


def _checked_capacities(
    demands: Sequence[float] | np.ndarray | None,
    capacities: Sequence[float] | np.ndarray | None,
    shape: tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray]:
    if capacities is None:
        return np.ones(shape[1]), np.full(shape[0], np.inf)
    if demands is None:
        raise DataError("capacities are given, demands are not", next_step="Pass demands.")
    units, room = check_numbers("demands", demands), check_numbers("capacities", capacities)
    if (len(room), len(units)) != shape:
        raise DataError(
            f"there are {len(room)} capacities and {len(units)} demands for {shape[0]} warehouses "
            f"and {shape[1]} regions",
            next_step="Give one capacity a warehouse and one demand a region.",
        )
    return units, room
