"""Expected demand period by period, from what was known until then; all series side by side."""

from __future__ import annotations

from types import EllipsisType

import numpy as np

from newretail_ml.forecasting.censoring.tail import demand_at_least

# Phases, promotions and the spread change more slowly than the level.
_SLOWER = 8.0
# What is believed before the first sale, and how many units (or squared units) it weighs.
_PATTERN_UNITS = 10.0
_EXCESS, _EXCESS_SQUARES = 0.3, 10.0
_EXCESS_RANGE = (0.01, 5.0)
# A festival tells little about the spread of ordinary days: squared errors count up to so many
# variances.
_MOST_VARIANCES = 12.0
# Always sold out is as likely as can be under endless demand. Nobody would believe it.
_MOST_TIMES_THE_BEST = 2.0

Place = EllipsisType | tuple[np.ndarray, np.ndarray]


class DemandFilter:
    """Level x phase x promotion of each series, and the spread around it.

    A period's demand is negative binomial with the mean that the past tells. Where stock ran
    out, demand is replaced by its expectation given that it was at least what was sold, and the
    mean moves on as if that had been seen. If the mean is right, this expectation is right on
    average, so the true mean is where the filter comes to rest; sales as they are, or the days
    with stock alone, would pull it down. In other words: expectation-maximization, one step a
    period, with the discounted gamma-Poisson filter as its second half.

    Source: Cappé and Moulines (2009), "On-line expectation-maximization algorithm for latent
    data models", Journal of the Royal Statistical Society B 71, 593-613; Harvey and Fernandes
    (1989), "Time series models for count or qualitative observations", Journal of Business and
    Economic Statistics 7, 407-417. Demand recovered from the past alone: Wecker (1978),
    "Predicting demand from sales data in the presence of stockouts", Management Science 24,
    1043-1054; Nahmias (1994), "Demand estimation in lost sales inventory systems", Naval
    Research Logistics 41, 739-757.

    Args:
        n_series: series.
        n_phases: periods of a season; 1 where there is none.
        half_life: periods after which a demand weighs half as much for the level.
    """

    def __init__(self, n_series: int, n_phases: int, half_life: float) -> None:
        slow = half_life * _SLOWER
        self.settled = half_life / 2  # periods until errors tell more of demand than of the level
        self.level = FadingRatio((n_series,), half_life)
        self.phase = FadingRatio((n_series, n_phases), slow / n_phases, 1.0, _PATTERN_UNITS)
        self.promotion = FadingRatio((n_series, 1), slow, 1.0, _PATTERN_UNITS)
        self.excess = FadingRatio((n_series,), slow, _EXCESS, _EXCESS_SQUARES)
        self.best = np.zeros(n_series)

    def step(
        self,
        sales: np.ndarray,
        bounded: np.ndarray,
        known: np.ndarray,
        phase: int,
        promoted: np.ndarray,
    ) -> np.ndarray:
        """Let one period pass; expected demand given its sales, NaN where nothing tells it.

        Args:
            sales: (series,) units.
            bounded: (series,) bool: sales only bound demand.
            known: (series,) bool: on sale, and sales known or bounded.
            phase: of the season.
            promoted: (series,) bool.
        """
        rows = np.arange(len(sales))
        in_phase, in_promotion = (rows, np.full(len(rows), phase)), (rows, np.zeros_like(rows))
        level, season = self.level.value(), self.phase.value(in_phase)
        lift = np.where(promoted, self.promotion.value(in_promotion), 1.0)
        mean = level * season * lift
        excess = np.clip(self.excess.value(), *_EXCESS_RANGE)
        self.best = np.maximum(self.best, np.where(known, sales, 0.0))
        demand, variance = self._given_sales(sales, bounded, mean, excess)
        told = known & ~(bounded & (sales <= 0) & (mean <= 0))
        most = _MOST_VARIANCES * (mean + excess * mean**2)
        scatter = np.minimum(variance + (demand - mean) ** 2, most) - mean
        self.level.add(demand, season * lift, told)
        started = told & (mean > 0)
        self.phase.add(demand, level * lift, started, in_phase)
        self.promotion.add(demand, level * season, started & promoted, in_promotion)
        self.excess.add(scatter, mean**2, started & (self.level.exposure > self.settled))
        return np.where(told, demand, np.nan)

    def _given_sales(
        self, sales: np.ndarray, bounded: np.ndarray, mean: np.ndarray, excess: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of demand now that sales are known."""
        demand, variance = sales.copy(), np.zeros_like(sales)
        demand[bounded], variance[bounded] = demand_at_least(
            sales[bounded], mean[bounded], excess[bounded]
        )
        return np.minimum(demand, np.maximum(sales, _MOST_TIMES_THE_BEST * self.best)), variance


class FadingRatio:
    """Units over exposure, both fading, with a prior: the mean of a gamma-Poisson filter.

    Args:
        shape: one ratio each.
        half_life: additions after which one weighs half as much.
        prior: the ratio before anything was added.
        weight: exposure that the prior is worth.

    >>> ratio = FadingRatio((1,), half_life=1.0)
    >>> for units in (4.0, 7.0):
    ...     ratio.add(np.array([units]), np.array([1.0]), np.array([True]))
    >>> ratio.value().tolist()
    [6.0]
    """

    def __init__(
        self, shape: tuple[int, ...], half_life: float, prior: float = 0.0, weight: float = 0.0
    ) -> None:
        self.fade = 0.5 ** (1.0 / half_life)
        self.prior, self.weight = prior, weight
        self.units, self.exposure = np.zeros(shape), np.zeros(shape)

    def value(self, place: Place = ...) -> np.ndarray:
        """The ratio; 0 where nothing is known."""
        units = self.units[place] + self.prior * self.weight
        exposure = self.exposure[place] + self.weight
        return np.divide(units, exposure, out=np.zeros_like(units), where=exposure > 0)

    def add(
        self, units: np.ndarray, exposure: np.ndarray, told: np.ndarray, place: Place = ...
    ) -> None:
        """Fade what was there and add, where ``told``."""
        for total, new in ((self.units, units), (self.exposure, exposure)):
            total[place] = np.where(told, self.fade * total[place] + new, total[place])
