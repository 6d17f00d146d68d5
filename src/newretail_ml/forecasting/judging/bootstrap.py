"""How far a difference of mean losses may come from the choice of series.

Source: Field and Welsh (2007), "Bootstrapping clustered data", Journal of the Royal Statistical
Society B 69, 369-390: whole clusters are drawn with replacement, and all that belongs to one (its
folds, its periods) stays together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_DRAWS_AT_ONCE = 100


class Bootstrap(NamedTuple):
    """An interval of the difference, and a two-sided p-value of no difference at all."""

    interval: tuple[float, float]
    p_value: float


def cluster_bootstrap(
    difference: np.ndarray,
    weight: np.ndarray,
    *,
    confidence: float = 0.95,
    n_draws: int = 2000,
    random_state: int = 0,
) -> Bootstrap:
    """Percentile interval of the mean over folds of sum(difference) / sum(weight).

    Args:
        difference: (clusters, folds) sum of the differences of a cluster.
        weight: (clusters, folds) what they are divided by: number of series, or units.
        confidence: probability of the interval.
        n_draws: how often all clusters are drawn.
        random_state: seed of the draws.

    >>> same = cluster_bootstrap(np.full((5, 1), 2.0), np.ones((5, 1)), n_draws=99)
    >>> same.interval, same.p_value
    ((2.0, 2.0), 0.02)
    """
    rng = np.random.default_rng(random_state)
    n = len(weight)
    drawn = np.empty(n_draws)
    for first in range(0, n_draws, _DRAWS_AT_ONCE):
        draws = slice(first, min(first + _DRAWS_AT_ONCE, n_draws))
        times = rng.multinomial(n, np.full(n, 1 / n), size=draws.stop - first).astype(np.float64)
        total = times @ weight
        means = np.divide(times @ difference, total, out=np.zeros_like(total), where=total > 0)
        drawn[draws] = means.mean(axis=1)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    tail = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return Bootstrap((float(low), float(high)), min(2 * (tail + 1) / (n_draws + 1), 1.0))
