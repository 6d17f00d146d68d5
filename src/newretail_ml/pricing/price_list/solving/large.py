"""Thousands of products under a few sums: prices of the sums first, then a smaller programme.

Each sum gets a price (a Lagrange multiplier), under which every product chooses alone; the prices
that make this bound smallest are found by cutting planes (Kelley 1960, Journal of the Society for
Industrial and Applied Mathematics 8). Only points that are nearly best at these prices go into the
mixed-integer programme; the bound stays that of all points.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.pricing.price_list.solving.programme import Answer, Programme

# From so many choices on, and up to so many sums.
MANY_CHOICES = 20_000
FEW_SUMS = 24
_ROUNDS = 200
_CORE = 2_000


def best_of_many(
    worth: np.ndarray,
    allowed: np.ndarray,
    rows: Sequence[Rows],
    *,
    offset: float,
    time_limit: float,
    gap: float,
) -> Answer | None:
    """The best choice found and the bound of all; None where the whole programme has to be asked.

    Args:
        worth: (n, m) of the points.
        allowed: (n, m) points that may be chosen.
        rows: few sums over many products.
        offset: what is added to the objective.
        time_limit: seconds.
        gap: share of the objective that may be missing.
    """
    end = time.monotonic() + time_limit
    use, most = _dense(rows, worth.shape)
    price, bound = _prices(worth, allowed, use, most, gap * max(abs(offset), 1.0), end)
    net = np.where(allowed, worth - np.tensordot(price, use, 1), -np.inf)
    lacking = net.max(axis=1, keepdims=True) - net
    order = np.sort(lacking[allowed])
    for size in (_CORE, 4 * _CORE):
        limit = order[min(len(worth) + size, len(order) - 1)]
        programme = Programme(allowed & (lacking <= limit), rows)
        seconds = end - time.monotonic()
        answer = programme.solve(worth, offset=offset, time_limit=seconds, gap=gap / 2)
        if answer.chosen is not None:
            return Answer(answer.chosen, bound + offset, answer.columns, False)
    return None


def _dense(rows: Sequence[Rows], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(sums, n, m) what each point adds to each sum, and their limits."""
    use = np.zeros((sum(len(one.at_most) for one in rows), *shape))
    first = 0
    for one in rows:
        for row in range(len(one.at_most)):
            use[first + row, one.products[row]] = one.values[row]
        first += len(one.at_most)
    return use, np.concatenate([one.at_most for one in rows])


def _prices(
    worth: np.ndarray,
    allowed: np.ndarray,
    use: np.ndarray,
    most: np.ndarray,
    enough: float,
    end: float,
) -> tuple[np.ndarray, float]:
    """(sums,) prices of the smallest bound, and that bound."""
    size = np.where(allowed, np.abs(use), 0.0).sum(axis=(1, 2)) / max(int(allowed.sum()), 1)
    scale = np.abs(worth[allowed]).mean() / np.maximum(size, 1e-12)
    price = best_price = np.zeros(len(most))
    best = np.inf
    from scipy.optimize import linprog

    cuts: list[np.ndarray] = []
    limits: list[float] = []
    for _ in range(_ROUNDS):
        net = np.where(allowed, worth - np.tensordot(price, use, 1), -np.inf)
        chosen = net.argmax(axis=1)
        rows = np.arange(len(worth))
        slope = most - use[:, rows, chosen].sum(axis=1)
        value = float(net[rows, chosen].sum() + price @ most)
        if value < best:
            best, best_price = value, price
        cuts.append(np.append(slope * scale, -1.0))
        limits.append(float(slope @ price) - value)
        bounds = [*((0.0, 1e3) for _ in most), (None, None)]
        goal = np.append(np.zeros(len(most)), 1.0)
        found = linprog(goal, A_ub=np.array(cuts), b_ub=np.array(limits), bounds=bounds)
        if found.x is None or best - found.fun <= enough or time.monotonic() > end:
            break
        price = found.x[:-1] * scale
    return best_price, best
