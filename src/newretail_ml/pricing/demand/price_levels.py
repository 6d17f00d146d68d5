"""The prices that products really had, and where a price lies between two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.demand.history import History

_MOST_LEVELS = 12


@dataclass(frozen=True, eq=False)
class PriceLevels:
    """Log prices that each product had, or as many quantiles of them.

    Attributes:
        logs: (series, levels) rising; the highest repeats where a product had fewer.

    >>> levels = PriceLevels(np.array([[0.0, 1.0]]))
    >>> [found.item() for found in levels.around(np.array([0.25]))]
    [0.0, 1.0, 0.25]
    """

    logs: np.ndarray

    @classmethod
    def of(cls, history: History) -> PriceLevels:
        """The levels of the periods that teach; the current price where there are none."""
        found = [
            _thinned(np.unique(column[known]))
            for column, known in zip(history.log_prices.T, history.teaches.T, strict=True)
        ]
        logs = np.repeat(np.log(history.scale.current)[:, None], _MOST_LEVELS, axis=1)
        for row, levels in zip(logs, found, strict=True):
            if len(levels):
                row[:] = levels[-1]
                row[: len(levels)] = levels
        return cls(logs)

    def around(self, log_prices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The levels next to each price, and how far it lies from the lower to the higher.

        Args:
            log_prices: (..., series).

        Returns:
            (..., series) lower level, higher level and share of the way, from 0 to 1. Outside
            the levels both are the nearest one, and the share is 0.
        """
        most = self.logs.shape[1]
        place = np.zeros(log_prices.shape, np.int64)
        for level in self.logs.T:
            place += level <= log_prices
        series = np.arange(len(self.logs))
        below = self.logs[series, np.maximum(place - 1, 0)]
        above = self.logs[series, np.minimum(place, most - 1)]
        apart = above > below
        share = np.where(apart, log_prices - below, 0.0) / np.where(apart, above - below, 1.0)
        return below, above, share


def _thinned(levels: np.ndarray) -> np.ndarray:
    if len(levels) <= _MOST_LEVELS:
        return levels
    return levels[np.linspace(0, len(levels) - 1, _MOST_LEVELS).round().astype(int)]
