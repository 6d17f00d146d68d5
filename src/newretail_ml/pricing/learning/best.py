"""The chance that each price is the best one, as Thompson sampling would choose it."""

from __future__ import annotations

import numpy as np

from newretail_ml.checks import check_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.beliefs import BernoulliBeliefs, PointBeliefs
from newretail_ml.pricing.learning.mix import price_mix


def chance_best(beliefs: PointBeliefs, margin: np.ndarray, nodes: int = 400) -> np.ndarray:
    """(candidates,) chance that each price earns most, of independent beliefs.

    The propensities of Thompson sampling that ignores the stock, by the integral over each
    price's demand of the chance that all other prices earn less; Gauss-Legendre quadrature
    over the quantiles, whose error is far below that of any simulation.

    Args:
        beliefs: of demand at each price, (candidates,).
        margin: (candidates,) earnings a unit, above zero.
        nodes: of the quadrature.

    Raises:
        DataError: margins are not above zero, or there is not one for each belief.

    >>> chance_best(BernoulliBeliefs.flat((2,)), np.array([1.0, 2.0])).round(6).tolist()
    [0.25, 0.75]
    """
    each = check_numbers("margins", margin, above=0.0)
    if np.shape(beliefs.first) != each.shape:
        raise DataError(
            f"there are {len(each)} margins for beliefs of shape {np.shape(beliefs.first)}",
            next_step="Give one margin a candidate price.",
        )
    place, weight = np.polynomial.legendre.leggauss(check_whole("nodes", nodes, at_least=2))
    level = (place + 1) / 2
    demand = _quantile(beliefs, level[:, None])
    found = np.empty(len(each))
    for k in range(len(each)):
        below = _below(beliefs, demand[:, k, None] * each[k] / each)
        below[:, k] = 1.0
        found[k] = weight @ below.prod(axis=1) / 2
    return found / found.sum()


def chance_mixed(
    beliefs: PointBeliefs,
    margin: np.ndarray,
    stock_rate: float = np.inf,
    *,
    draws: int = 10_000,
    random_state: int = 0,
) -> np.ndarray:
    """(candidates,) chance of each price under Thompson sampling with a stock rate, by simulation.

    The mean over draws of the exact mix of each, so the standard error is at most
    1 / (2 sqrt(draws)); what is missing to 1 is the chance of not selling.

    Args:
        beliefs: of demand at each price, (candidates,).
        margin: (candidates,) earnings a unit.
        stock_rate: units of stock a period.
        draws: of demand from the beliefs.
        random_state: the seed.

    >>> chance = chance_mixed(BernoulliBeliefs.flat((2,)), np.array([1.0, 2.0]), draws=4_000)
    >>> bool(abs(chance[0] - 0.25) < 0.03)
    True
    """
    rng = np.random.default_rng(random_state)
    drawn = beliefs.sample(rng, check_whole("draws", draws, at_least=1))
    return price_mix(margin, drawn, stock_rate).share.mean(axis=0)


def _quantile(beliefs: PointBeliefs, level: np.ndarray) -> np.ndarray:
    from scipy import special

    if isinstance(beliefs, BernoulliBeliefs):
        return special.betaincinv(beliefs.first, beliefs.second, level)
    return special.gammaincinv(beliefs.first, level) / beliefs.second


def _below(beliefs: PointBeliefs, demand: np.ndarray) -> np.ndarray:
    from scipy import special

    if isinstance(beliefs, BernoulliBeliefs):
        return special.betainc(beliefs.first, beliefs.second, np.clip(demand, 0.0, 1.0))
    return special.gammainc(beliefs.first, demand * beliefs.second)
