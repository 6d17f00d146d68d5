"""Features of past demand. Periods whose demand is not known are left out of every window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.features.base import HistoryFeature
from newretail_ml.features.block import Block, combined, window_extreme


@dataclass(frozen=True)
class Lag(HistoryFeature):
    """Demand ``lag`` periods before the target, or at the origin where that is earlier."""

    lag: int
    in_units = True

    @property
    def shortest_lag(self) -> int:
        """The lag itself."""
        return self.lag

    @property
    def reach(self) -> int:
        """One period."""
        return 1

    def state(self, block: Block) -> np.ndarray:
        """Demand of the period."""
        return block.demand


@dataclass(frozen=True)
class _Window(HistoryFeature):
    window: int

    @property
    def reach(self) -> int:
        """The window."""
        return self.window


class RollingMean(_Window):
    """Mean of the last ``window`` periods."""

    in_units = True

    def state(self, block: Block) -> np.ndarray:
        """Total over count; NaN where nothing is known."""
        return ratio(block.totals.over(self.window), block.count(self.window))


class RollingStd(_Window):
    """Sample standard deviation of the last ``window`` periods."""

    in_units = True

    def state(self, block: Block) -> np.ndarray:
        """From the totals of demand and of its square; NaN with fewer than two known periods."""
        count = block.count(self.window)
        mean = ratio(block.precise_totals.over(self.window), count)
        scatter = block.squares.over(self.window) - count * mean**2
        return np.sqrt(ratio(np.maximum(scatter, 0.0), count - 1))


class RollingMin(_Window):
    """Smallest demand of the last ``window`` periods."""

    in_units = True

    def state(self, block: Block) -> np.ndarray:
        """Minimum over known periods."""
        return window_extreme(block.demand, self.window, np.fmin)


class RollingMax(_Window):
    """Largest demand of the last ``window`` periods."""

    in_units = True

    def state(self, block: Block) -> np.ndarray:
        """Maximum over known periods."""
        return window_extreme(block.demand, self.window, np.fmax)


class RollingMedian(_Window):
    """Median of the last ``window`` periods."""

    in_units = True

    def state(self, block: Block) -> np.ndarray:
        """Middle of the known periods; unknown ones sort to the end."""
        series, periods = block.demand.shape
        padded = np.pad(block.demand, ((0, 0), (self.window - 1, 0)), constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.window, axis=1)
        ordered = np.sort(windows, axis=2)
        count = np.broadcast_to(block.count(self.window), (series, periods)).astype(int)
        low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, self.window - 1)
        pick = (np.take_along_axis(ordered, at[..., None], axis=2)[..., 0] for at in (low, high))
        return sum(pick) / 2  # type: ignore[return-value]


class ZeroShare(_Window):
    """Share of the last ``window`` periods without a sale."""

    def state(self, block: Block) -> np.ndarray:
        """Known zeros over known periods."""
        return 1.0 - ratio(block.sold.over(self.window), block.count(self.window))


@dataclass(frozen=True)
class Trend(HistoryFeature):
    """Mean of the last ``short`` periods over the mean of the last ``long`` ones."""

    short: int
    long: int

    @property
    def reach(self) -> int:
        """The longer window."""
        return max(self.short, self.long)

    def state(self, block: Block) -> np.ndarray:
        """Ratio of two means; NaN where the longer one is zero."""
        means = (RollingMean(window).state(block) for window in (self.short, self.long))
        return ratio(*means)


@dataclass(frozen=True)
class SeasonalMean(HistoryFeature):
    """Mean of the last ``n`` known demands in the target's phase: four Fridays for a Friday.

    Args:
        cycle: periods in a season, for instance 7 days.
        n: how many seasons to look back.
    """

    cycle: int
    n: int
    in_units = True

    @property
    def shortest_lag(self) -> int:
        """One season."""
        return self.cycle

    @property
    def season(self) -> int:
        """It looks back further by whole seasons, so the phase stays the target's."""
        return self.cycle

    @property
    def reach(self) -> int:
        """The seasons it looks back."""
        return self.cycle * (self.n - 1) + 1

    def state(self, block: Block) -> np.ndarray:
        """Mean over every ``cycle``-th period."""
        total, count = block.filled, block.weight
        for back in range(self.cycle, self.reach, self.cycle):
            total = combined(np.add, total, block.filled, back)
            count = combined(np.add, count, block.weight, back)
        return ratio(total, count)


@dataclass(frozen=True)
class ExpandingMean(HistoryFeature):
    """Mean of all known periods so far."""

    in_units = True

    @property
    def reach(self) -> None:
        """All periods."""

    def state(self, block: Block) -> np.ndarray:
        """Running total over running count."""
        return ratio(np.cumsum(block.precise, axis=1), np.cumsum(block.weight, axis=1))


@dataclass(frozen=True)
class ExponentialMean(HistoryFeature):
    """Exponentially weighted mean; a demand weighs half as much after ``half_life`` periods."""

    half_life: float
    in_units = True

    @property
    def reach(self) -> None:
        """All periods, with vanishing weight."""

    def state(self, block: Block) -> np.ndarray:
        """Weighted total over total weight; weights fade over unknown periods too."""
        from scipy.signal import lfilter

        fade = 0.5 ** (1.0 / self.half_life)
        total = lfilter([1.0], [1.0, -fade], block.precise, axis=1)
        weight = lfilter([1.0], [1.0, -fade], block.weight.astype(float), axis=1)
        return ratio(total, weight)


@dataclass(frozen=True)
class PeriodsSinceSale(HistoryFeature):
    """Periods since the last sale; NaN before the first."""

    @property
    def reach(self) -> None:
        """All periods."""

    def state(self, block: Block) -> np.ndarray:
        """Distance to the last period with demand."""
        return periods_since(block.filled > 0)


def periods_since(happened: np.ndarray) -> np.ndarray:
    """(series, periods) periods since the last True at or before each; NaN before the first.

    >>> periods_since(np.array([[False, True, False, False]])).tolist()
    [[nan, 0.0, 1.0, 2.0]]
    """
    period = np.arange(happened.shape[1], dtype=float)
    last = np.maximum.accumulate(np.where(happened, period, -np.inf), axis=1)
    return np.where(np.isneginf(last), np.nan, period - last)


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """One array over another; NaN where the one below is not above zero.

    >>> ratio(np.array([6.0, 1.0]), np.array([3.0, 0.0])).tolist()
    [2.0, nan]
    """
    return above / np.where(below > 0, below, np.nan)
