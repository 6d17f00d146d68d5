"""How forecasts of several models become one, by what each would have said in the past.

Two steps, each as simple as it can be and still be told apart by data. Models that look at one
series at a time are pooled by a weighted median, which one of them alone cannot spoil: weights
follow each model's past squared error on the series, drawn towards its error on the whole chain
because a few past forecasts of one series say little. The pool and a model learned over all
series are then averaged, with one weight for the chain that makes past errors smallest.

Sources: Bates and Granger (1969), "The combination of forecasts", Operational Research Quarterly
20, 451-468, for weights by past squared errors and their covariance; Petropoulos and Svetunkov
(2020), "A simple combination of univariate models", International Journal of Forecasting 36,
110-115, for the median.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# One series' past forecasts count as much as those of the whole chain once it has so many
# that do not overlap.
_FORECASTS_OF_THE_CHAIN = 3.0
# Weights fall with this power of the relative squared error: a model that is off by a tenth more
# gets less than half the weight.
_POWER = 8.0
# Draws the weight of the learned model towards one half, in units of the mean squared error.
_TOWARDS_HALF = 0.05


@dataclass(frozen=True)
class Past:
    """What each model said at earlier origins, beside what happened.

    Attributes:
        pool: (models, series, origins, horizon) forecasts of the pool.
        learned: (series, origins, horizon) those of the learned model, if there is one.
        actual: (series, origins, horizon) demand, NaN where it is not known.
        origins: (origins,) periods known at each, ascending.
        scale: (series,) in which errors of different series compare; NaN leaves one out.
    """

    pool: np.ndarray
    learned: np.ndarray | None
    actual: np.ndarray
    origins: np.ndarray
    scale: np.ndarray

    @property
    def n_independent(self) -> float:
        """How many horizons the forecasts span: those of neighbouring origins overlap."""
        return float(self.origins[-1] - self.origins[0]) / self.actual.shape[-1] + 1

    def only(self, kept: np.ndarray) -> Past:
        """Some of the origins."""
        learned = None if self.learned is None else self.learned[:, kept]
        return replace(
            self,
            pool=self.pool[:, :, kept],
            learned=learned,
            actual=self.actual[:, kept],
            origins=self.origins[kept],
        )


@dataclass(frozen=True)
class Combination:
    """Weights of the models of a pool, and of one learned over all series.

    Attributes:
        own: (models, series) weights in the pool, which add up to one for each series.
        chain: (models,) weights for series that were not there when they were made.
        share: weight of the learned model against the pool.
    """

    own: np.ndarray
    chain: np.ndarray
    share: float

    @classmethod
    def equal(cls, n_models: int, n_series: int) -> Combination:
        """All models of the pool the same, and nothing for the learned one."""
        return cls(np.full((n_models, n_series), 1 / n_models), np.full(n_models, 1 / n_models), 0)

    @classmethod
    def judged_by(cls, past: Past) -> Combination:
        """Weights by past forecasts."""
        own, chain = pool_weights(past.pool - past.actual, past.n_independent)
        if past.learned is None:
            return cls(own, chain, 0.0)
        scale = past.scale[:, None, None]
        learned = (past.learned - past.actual) / scale
        pooled = (weighted_median(past.pool, own) - past.actual) / scale
        return cls(own, chain, share_of_first(learned, pooled))

    def combine(
        self, pool: np.ndarray, learned: np.ndarray | None, series: np.ndarray
    ) -> np.ndarray:
        """(series, ...) one forecast of (models, series, ...) and (series, ...) forecasts.

        Args:
            pool: forecasts of the pool.
            learned: those of the learned model, if there is one.
            series: (series,) positions among the series of the weights, -1 for unknown ones.
        """
        known = self.own[:, series] if self.own.shape[1] else self.chain[:, None]
        pooled = weighted_median(pool, np.where(series >= 0, known, self.chain[:, None]))
        return pooled if learned is None else self.share * learned + (1 - self.share) * pooled


def pool_weights(errors: np.ndarray, n_independent: float) -> tuple[np.ndarray, np.ndarray]:
    """(models, series) weights, and (models,) those of the chain; each adds up to one.

    Args:
        errors: (models, series, origins, horizon) past errors, NaN where demand is not known.
        n_independent: how many of the past forecasts do not overlap.
    """
    known = ~np.isnan(errors).any(axis=0)
    squares = (np.where(known, errors, 0.0) ** 2).sum(axis=(2, 3))
    told = known.any(axis=(1, 2)) & (squares.sum(axis=0) > 0)
    mean = squares.mean(axis=0)
    series = np.divide(squares, mean, out=np.ones_like(squares), where=told)
    chain = series[:, told].mean(axis=1) if told.any() else np.ones(len(errors))
    trust = np.where(told, n_independent, 0.0)
    own = (trust * series + _FORECASTS_OF_THE_CHAIN * chain[:, None]) / (
        trust + _FORECASTS_OF_THE_CHAIN
    )
    return _weights(own), _weights(chain)


def _weights(squares: np.ndarray) -> np.ndarray:
    weights = np.maximum(squares, 1e-3) ** -_POWER
    return weights / weights.sum(axis=0)


def weighted_median(forecasts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(series, ...) median of (models, series, ...) forecasts under (models, series) weights.

    Between the two middle forecasts it is interpolated, so that equal weights of an even number
    give the usual median.

    >>> weighted_median(np.array([[1.0], [2.0], [9.0]]), np.array([[0.2], [0.2], [0.6]])).round(2)
    array([5.5])
    """
    weights = weights.reshape(*weights.shape, *(1,) * (forecasts.ndim - 2))
    order = forecasts.argsort(axis=0)
    values = np.take_along_axis(forecasts, order, axis=0)
    sorted_weights = np.take_along_axis(np.broadcast_to(weights, forecasts.shape), order, axis=0)
    middle = sorted_weights.cumsum(axis=0) - sorted_weights / 2
    upper = np.clip((middle < 0.5).sum(axis=0), 1, max(len(values) - 1, 1))[None]
    if len(values) == 1:
        return values[0]
    below, above = (np.take_along_axis(values, at, axis=0)[0] for at in (upper - 1, upper))
    left, right = (np.take_along_axis(middle, at, axis=0)[0] for at in (upper - 1, upper))
    share = np.clip((0.5 - left) / np.maximum(right - left, 1e-12), 0.0, 1.0)
    return below + share * (above - below)


def share_of_first(first: np.ndarray, second: np.ndarray) -> float:
    """Weight of the first of two forecasts that makes their past errors smallest.

    Args:
        first: (series, origins, horizon) scaled past errors, NaN where demand is not known.
        second: those of the second.
    """
    known = ~np.isnan(first) & ~np.isnan(second)
    if not known.any():
        return 0.5
    a, b = first[known], second[known]
    own, other, both = (float(np.mean(product)) for product in (a * a, b * b, a * b))
    towards_half = _TOWARDS_HALF * (own + other) / 2
    spread = own - 2 * both + other + 2 * towards_half
    return float(np.clip((other - both + towards_half) / spread, 0.0, 1.0)) if spread > 0 else 0.5
