"""What a list of prices is expected to do, against the current one, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.price_list.task import Task
from newretail_ml.pricing.response import DemandResponse

# Ends of the 90% interval.
ENDS = (0.05, 0.95)


@dataclass(frozen=True, eq=False)
class Outcome:
    """Units, revenue and profit of a list and of current prices.

    Attributes:
        now, new: (3, n) units, revenue and profit.
        lower, upper: (3, n) ends of the 90% interval of each gain.
        total_lower, total_upper: (3,) those of the whole list's gains.
    """

    now: np.ndarray
    new: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    total_lower: np.ndarray
    total_upper: np.ndarray


def outcome(task: Task, prices: np.ndarray) -> Outcome:
    """What the prices, (n,), are expected to do."""
    board = task.board
    now = measures(task.response, board.current, board.cost)
    new = measures(task.response, prices, board.cost)
    gains = _gains(task.draws, board.current, prices, board.cost)
    lower, upper = np.quantile(gains, ENDS, axis=0)
    total_lower, total_upper = np.quantile(gains.sum(axis=2), ENDS, axis=0)
    return Outcome(now, new, lower, upper, total_lower, total_upper)


def measures(response: DemandResponse, prices: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """(3, ..., n) units, revenue and profit at prices (..., n)."""
    units = response.units(prices)
    return np.stack([units, units * prices, units * (prices - cost)])


def _gains(
    draws: Sequence[DemandResponse], now: np.ndarray, new: np.ndarray, cost: np.ndarray
) -> np.ndarray:
    """(draws, 3, n) what each likely response would gain."""
    both = np.stack([now, new])
    made = np.stack([measures(one, both, cost) for one in draws])
    return made[:, :, 1] - made[:, :, 0]
