"""Stock that later orders would not have bought: what a myopic order neglects.

An order that is best for its own cycle can leave a heap behind, for instance when a promotion
ends. At each later review, stock (on hand and on its way) above what that review would order up
to is too much, and the holding it costs in the cycle of that review is charged to today's order.
For stationary demand no review starts above its level, so nothing is charged and the myopic order
stands (Veinott 1965, Optimal policy for a multi-product, dynamic, nonstationary inventory problem,
Management Science 12).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.replenishment.planning.expected_cost import ExpectedCost, Hinge
from newretail_ml.replenishment.planning.lines import NEVER, Lines
from newretail_ml.replenishment.planning.projection import Needs


@dataclass(frozen=True)
class _Review:
    """A later review.

    Attributes:
        start, end: the cycle that its order covers.
        gone: (lines, paths) demand before it.
        ahead: (lines, paths) demand from it to the end of its cycle.
        position: (lines,) stock on hand and on its way without today's order and demand.
    """

    start: int
    end: int
    gone: np.ndarray
    ahead: np.ndarray
    position: np.ndarray


def heaps(lines: Lines, demand: np.ndarray, units: np.ndarray) -> np.ndarray:
    """(lines,) whether an order of the units may leave too much at a later review.

    Args:
        lines: lines of one arrival and one cycle.
        demand: (periods, lines, paths).
        units: (lines,) order of today.
    """
    found = np.zeros(len(lines), bool)
    if not len(demand) - lines.following[0] >= lines.following[0] - lines.arrival[0]:
        return found
    for review in _later_reviews(lines, demand):
        # Whether some path has too much, without sorting: its level lies below this number of
        # units exactly if enough paths do.
        below = (units - lines.smallest + review.position - review.gone.min(axis=1))[:, None]
        found |= (review.ahead < below).sum(axis=1) >= _rank(lines, demand.shape[2])
    return found & (units > 0) & (lines.shelf_life >= NEVER)


def with_run_down(cost: ExpectedCost, lines: Lines, needs: Needs) -> ExpectedCost:
    """The expected cost with the holding of heaps; items that go off are left as they are.

    Args:
        cost: of the cycle alone.
        lines: lines of one arrival and one cycle.
        needs: up to the horizon.
    """
    arrival, nothing = int(lines.arrival[0]), np.zeros(len(lines))
    hinges = list(cost.hinges)
    for review in _later_reviews(lines, needs.demand):
        rank = _rank(lines, review.ahead.shape[1])[:, None] - 1
        level = np.take_along_axis(np.sort(review.ahead, axis=1), rank, axis=1)
        too_much = level + (lines.smallest - review.position)[:, None] + review.gone
        for period in range(review.start, review.end):
            at = np.maximum(needs.needed[period - arrival], too_much)
            charged = (lines.end > period + 1) & (lines.shelf_life >= NEVER)
            hinges.append(Hinge(at, lines.holding * charged, nothing))
    return replace(cost, hinges=hinges)


def _rank(lines: Lines, n_paths: int) -> np.ndarray:
    """(lines,) how many paths the order-up-to level of a review has to cover."""
    length = lines.following[0] - lines.arrival[0]
    both = lines.shortage + lines.holding * length
    ratio = np.divide(lines.shortage, both, out=np.zeros(len(lines)), where=both > 0)
    return np.clip(np.ceil(ratio * n_paths - 1e-9), 1, n_paths).astype(int)


def _later_reviews(lines: Lines, demand: np.ndarray) -> Iterator[_Review]:
    following, length = int(lines.following[0]), int(lines.following[0] - lines.arrival[0])
    stock = lines.stock
    gone = np.zeros(demand.shape[1:])
    covered = demand[:following].sum(axis=0, dtype=float)
    for number in range(1, (len(demand) - following) // length + 1):
        start = following + (number - 1) * length
        gone = gone + demand[(number - 1) * length : number * length].sum(axis=0, dtype=float)
        covered += demand[start : start + length].sum(axis=0, dtype=float)
        position = stock.on_hand + stock.due[:, : start + length].sum(axis=1)
        yield _Review(start, start + length, gone, covered - gone, position)
