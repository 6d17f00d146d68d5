"""A demand curve that locations share: what sales so far say of it, and draws of what they leave.

Units at a price are Poisson with mean expected * exp(level + slope * log(price / base price)). Each
location has its level and slope, drawn around those of the item, so locations with few sales lean
on the others. The posterior is normal around its mode (Laplace's method); variance beyond Poisson
divides the weight of the data (McCullagh and Nelder 1989, Generalized linear models, section 6.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_STEPS = 100
_LONGEST_STEP = 2.0
_PRIOR_WEIGHT = 20.0


@dataclass(frozen=True, eq=False)
class CurveSales:
    """Sums of the sales of items at locations and prices.

    Attributes:
        move: (items, locations, prices) log price over base price.
        expected: (items, locations, prices) expected units at base price, summed over periods.
        units: (items, locations, prices) units sold.
        squares: (items, locations, prices) sum of units^2 / expected over periods.
        periods: (items, locations, prices) how many periods.
    """

    move: np.ndarray
    expected: np.ndarray
    units: np.ndarray
    squares: np.ndarray
    periods: np.ndarray


@dataclass(frozen=True, eq=False)
class CurvePrior:
    """What is believed before sales.

    Attributes:
        mean: (items, 2) level and slope of the item.
        spread: (items, 2) their standard deviations.
        between: (2,) standard deviations of level and slope between locations.
    """

    mean: np.ndarray
    spread: np.ndarray
    between: np.ndarray


@dataclass(frozen=True, eq=False)
class CurvePosterior:
    """Normal beliefs of levels and slopes.

    Attributes:
        item: (items, 2) mode of the item's level and slope.
        place: (items, locations, 2) mode of the locations'.
        item_covariance: (items, 2, 2) of the item's.
        place_covariance: (items, locations, 2, 2) of a location's, given the item's.
        pull: (items, locations, 2, 2) by how much a location follows the item.
        dispersion: variance over mean of the units.
    """

    item: np.ndarray
    place: np.ndarray
    item_covariance: np.ndarray
    place_covariance: np.ndarray
    pull: np.ndarray
    dispersion: float

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """(n, items, locations, 2) levels and slopes; slopes above zero count as zero."""
        first = rng.standard_normal((n, *self.item.shape))
        item = np.einsum("iab,nib->nia", np.linalg.cholesky(self.item_covariance), first)
        second = rng.standard_normal((n, *self.place.shape))
        own = np.einsum("ilab,nilb->nila", np.linalg.cholesky(self.place_covariance), second)
        drawn = self.place + np.einsum("ilab,nib->nila", self.pull, item) + own
        drawn[..., 1] = np.minimum(drawn[..., 1], 0.0)
        return drawn


def fit_curve(sales: CurveSales, prior: CurvePrior) -> CurvePosterior:
    """The posterior, with the dispersion that the sales show."""
    once = _posterior(sales, prior, 1.0)
    return _posterior(sales, prior, _dispersion(sales, once))


def _posterior(sales: CurveSales, prior: CurvePrior, dispersion: float) -> CurvePosterior:
    tie = np.diag(1 / prior.between**2)
    hold = np.eye(2) / prior.spread[:, None, :] ** 2
    n_places = sales.units.shape[1]
    item = prior.mean.copy()
    place = np.repeat(item[:, None, :], n_places, axis=1)
    for _ in range(_STEPS):
        slope, curvature = _derivatives(sales, place, dispersion)
        apart = place - item[:, None, :]
        place_slope = slope - apart @ tie
        item_slope = np.einsum("iab,ib->ia", hold, prior.mean - item) + apart.sum(axis=1) @ tie
        free = np.linalg.inv(curvature + tie)
        core = np.linalg.inv(hold + n_places * tie - (tie @ free @ tie).sum(axis=1))
        carried = np.einsum("ab,ilbc,ilc->ia", tie, free, place_slope)
        item_step = np.einsum("iab,ib->ia", core, item_slope + carried)
        place_step = np.einsum("ilab,ilb->ila", free, place_slope + (item_step @ tie)[:, None, :])
        longest = np.maximum(np.abs(item_step).max(axis=1), np.abs(place_step).max(axis=(1, 2)))
        part = np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))
        item = item + part[:, None] * item_step
        place = place + part[:, None, None] * place_step
        if longest.max(initial=0.0) < 1e-9:
            break
    return CurvePosterior(item, place, core, free, free @ tie, dispersion)


def _derivatives(
    sales: CurveSales, place: np.ndarray, dispersion: float
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and negative second derivatives of the log likelihood, by item and location."""
    mean = _mean(sales, place)
    move = sales.move
    excess = (sales.units - mean) / dispersion
    slope = np.stack([excess.sum(-1), (excess * move).sum(-1)], axis=-1)
    one, cross, two = ((mean * weight / dispersion).sum(-1) for weight in (1.0, move, move**2))
    rows = np.stack([np.stack([one, cross], -1), np.stack([cross, two], -1)], axis=-2)
    return slope, rows


def _mean(sales: CurveSales, place: np.ndarray) -> np.ndarray:
    rate = place[..., :1] + place[..., 1:] * sales.move
    return sales.expected * np.exp(np.clip(rate, -50.0, 50.0))


def _dispersion(sales: CurveSales, fitted: CurvePosterior) -> float:
    """Variance over mean by Pearson's statistic, at least 1, leaning on 1 while there is little."""
    mean = _mean(sales, fitted.place)
    factor = np.divide(mean, sales.expected, out=np.ones_like(mean), where=sales.expected > 0)
    pearson = float((sales.squares / factor - 2 * sales.units + mean).sum())
    freedom = float(sales.periods.sum()) - 2.0 * sales.units.shape[0]
    if freedom <= 0:
        return 1.0
    return max(1.0, (_PRIOR_WEIGHT + pearson) / (_PRIOR_WEIGHT + freedom))
