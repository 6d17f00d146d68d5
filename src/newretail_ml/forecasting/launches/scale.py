"""How demand scatters: within a series from period to period, and between series of a kind."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

_LEAST_PERIODS = 8
_LEAST_SALES = 3
_LEAST_SERIES = 10
_LOWEST_SHARE = 0.05
_VARIANCES = (0.02, 3.0)
_STEPS = 25
_LONGEST_STEP = 0.7  # in log units


@dataclass(frozen=True)
class Scatter:
    """Variance of units around their level, and of log levels around what attributes say.

    The variance over the mean is ``scale * level ** power``: Taylor (1961), "Aggregation, variance
    and the mean", Nature 189, 732-735.

    Attributes:
        scale: variance over the mean of one unit a period; 1 for a Poisson process.
        power: how it grows with the level.
        least: the least variance over the mean.
        variance: of the log levels.
    """

    scale: float = 1.0
    power: float = 0.0
    least: float = 1e-3
    variance: float = 0.7

    @property
    def spread(self) -> float:
        """Squared coefficient of variation of the levels."""
        return float(np.expm1(self.variance))

    def dispersion(self, level: np.ndarray) -> np.ndarray:
        """(series,) variance over mean at these levels."""
        return np.maximum(self.scale * np.maximum(level, 1e-9) ** self.power, self.least)

    def posterior(
        self,
        prior: np.ndarray,
        units: np.ndarray,
        exposure: np.ndarray,
        doubt: np.ndarray | float = 0.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Levels after ``units`` were sold in ``exposure`` periods.

        The log level is normal around the prior's, sales are overdispersed counts. With n periods
        seen, its own sales weigh n / (n + k) in the log level, where k = variance of units over
        that of the level is small where series of a kind differ much and sales are steady. It is
        the credibility of Buehlmann and Straub (1970), on the log scale because levels are
        skewed: linear weights lift slow items by what fast ones sell.

        Args:
            prior: (series,) mean level before.
            units: (series,) units.
            exposure: (series,) periods in which they were sold.
            doubt: (series,) adds to the variance of the prior's log level.

        Returns:
            (series,) mean level, and variance of its logarithm.
        """
        variance = np.broadcast_to(self.variance + np.asarray(doubt), prior.shape)
        centre = np.log(np.maximum(prior, 1e-12)) - variance / 2
        own = np.divide(units, exposure, out=prior.copy(), where=exposure > 0)
        log_level = np.log(np.maximum((own + prior) / 2, 1e-12))
        for _ in range(_STEPS):
            level = np.exp(log_level)
            dispersion = self.dispersion(level)
            curvature = level * exposure / dispersion + 1 / variance
            slope = (units - level * exposure) / dispersion - (log_level - centre) / variance
            log_level += np.clip(slope / curvature, -_LONGEST_STEP, _LONGEST_STEP)
        level = np.exp(log_level)
        left = 1 / (level * exposure / self.dispersion(level) + 1 / variance)
        return np.where(prior > 0, level * np.exp(left / 2), own * (exposure > 0)), left

    def within(self, units: np.ndarray, expected: np.ndarray) -> Scatter:
        """With the dispersion of (series, periods) units; NaN where not known."""
        known = ~np.isnan(units) & ~np.isnan(expected)
        n = known.sum(axis=1)
        squares = (np.where(known, units - expected, 0.0) ** 2).sum(axis=1)
        total = np.where(known, expected, 0.0).sum(axis=1)
        sales = (np.where(known, units, 0.0) > 0).sum(axis=1)
        usable = (n >= _LEAST_PERIODS) & (sales >= _LEAST_SALES) & (total > 0) & (squares > 0)
        if not usable.any():
            return self
        n, total, squares = n[usable], total[usable], squares[usable]
        ratio, level = np.log(squares / total * n / (n - 1)), np.log(total / n)
        power = 0.0
        if len(n) >= _LEAST_SERIES and np.ptp(level) > 0:
            power = float(np.clip(np.polyfit(level, ratio, 1)[0], 0.0, 1.0))
        scale = float(np.exp((ratio - power * level).mean()))
        least = float(np.exp(np.quantile(ratio, _LOWEST_SHARE)))
        return replace(self, scale=scale, power=power, least=least)

    def between(self, units: np.ndarray, exposure: np.ndarray, prior: np.ndarray) -> Scatter:
        """With the variance of own levels around prior ones, less what chance explains."""
        seen = (exposure > 0) & (prior > 0)
        if seen.sum() < 2:
            return self
        units, exposure, prior = units[seen], exposure[seen], prior[seen]
        chance = self.dispersion(prior) / (prior * exposure)
        squares = (units / (prior * exposure) - 1) ** 2
        weight = 1 / (self.spread + chance) ** 2
        spread = max((weight * (squares - chance)).sum() / weight.sum(), 0.0)
        return replace(self, variance=float(np.clip(np.log1p(spread), *_VARIANCES)))
