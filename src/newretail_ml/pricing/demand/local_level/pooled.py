"""Coefficients of many items drawn towards what is usual, each as far as its data is weak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDS = 500
_SMALLEST = 1e-9
_IMAGINARY = 2
_FIRST_RATIO = 0.1
_SETTLED = 1e-6
_BELIEF = 5.0


@dataclass(frozen=True, eq=False)
class _Means:
    """What is known when the variances are.

    Attributes:
        alone: (items, k, k) covariance of an item's coefficients, its group's mean given.
        follow: (items, k, k) how far an item follows its group's mean.
        group: (groups, k) means of groups.
        group_alone: (groups, k, k) covariance of those, the chain's mean given.
        lean: (groups, k, k) how far a group follows the chain's mean.
        chain: (k,) mean of the chain.
        chain_doubt: (k, k) covariance of its error.
    """

    alone: np.ndarray
    follow: np.ndarray
    group: np.ndarray
    group_alone: np.ndarray
    lean: np.ndarray
    chain: np.ndarray
    chain_doubt: np.ndarray

    @property
    def group_doubt(self) -> np.ndarray:
        """(groups, k, k) covariance of the error of each group's mean."""
        return self.group_alone + _around(self.lean, self.chain_doubt)


@dataclass(frozen=True, eq=False)
class Pooled:
    """Coefficients after pooling.

    Attributes:
        mean: (k,) of the chain.
        spread: (k, k) covariance of the items' true coefficients around their group's mean.
        between: (k, k) covariance of the groups' true means around the chain's; zero if one group.
        groups: (items,) number of the group of each.
        group_means: (groups, k).
        estimate: (items, k) posterior means.
        covariance: (items, k, k) of the posterior, with the doubt about means and `spread`.
    """

    mean: np.ndarray
    spread: np.ndarray
    between: np.ndarray
    groups: np.ndarray
    group_means: np.ndarray
    estimate: np.ndarray
    covariance: np.ndarray
    _means: _Means
    _widened: float

    def draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n, items, k) coefficients as likely as the data allows, wrong together where in doubt.

        An error of the mean of a group, or of the chain, moves all items that follow it, so that a
        sum over many items is not surer than the mean itself.
        """
        known, k = self._means, len(self.mean)
        chain = rng.standard_normal((n, k)) @ _root(known.chain_doubt).T
        noise = rng.standard_normal((n, *known.group.shape))
        group = np.einsum("gjk,ngk->ngj", _root(known.group_alone), noise)
        group = group + np.einsum("gjk,nk->ngj", known.lean, chain)
        own = rng.standard_normal((n, *self.estimate.shape))
        error = np.einsum("ijk,nik->nij", _root(known.alone), own)
        error = error + np.einsum("ijk,nik->nij", known.follow, group[:, self.groups])
        return self.estimate + np.sqrt(self._widened) * error

    @property
    def own_share(self) -> np.ndarray:
        """(items, k) how much an item's own data says: 0 nothing, 1 all there is to know."""
        before = np.diagonal(self.spread)
        after = np.diagonal(self.covariance, axis1=1, axis2=2)
        return np.clip(1.0 - after / before, 0.0, 1.0)


def pool(
    estimate: np.ndarray,
    information: np.ndarray,
    usual: np.ndarray,
    groups: np.ndarray | None = None,
    first: np.ndarray | None = None,
) -> Pooled:
    """Empirical Bayes for vectors: items are normal around their group, groups around the chain.

    Means and covariances are those of restricted maximum likelihood, found by expectation and
    maximization (Dempster, Laird and Rubin 1977; Laird and Ware 1982, section 3). Groups differ as
    the items inside them do, times one number, for there are too few of them to learn a whole
    covariance from. The posterior's covariance holds the doubt about means, and is widened by a
    factor for the number of items that the spread was learned from (Morris 1983, section 4).

    Args:
        estimate: (items, k) one item at a time.
        information: (items, k, k) inverse covariances of the estimates; singular ones are
            welcome: what an item cannot tell apart, its group and the chain do.
        usual: (k,) standard deviations between items that are usual; they count as much as two
            items, so that a chain of few items is not taken to have none.
        groups: (items,) numbers from 0, such as those of categories; one for all if None.
        first: (k,) a guess of the chain's mean, off by five times `usual` perhaps: what no item
            tells stays near it. None: no guess.

    >>> items = np.array([[-1.0], [-2.0], [-3.0]])
    >>> made = pool(items, np.full((3, 1, 1), 1e9), usual=np.array([0.5]))
    >>> made.estimate.round(3).ravel().tolist(), made.mean.round(3).tolist()
    ([-1.0, -2.0, -3.0], [-2.0])
    """
    n, k = estimate.shape
    groups = np.zeros(n, dtype=int) if groups is None else groups
    score = np.einsum("nij,nj->ni", information, estimate)
    guess = np.diag(np.square(usual))
    start = _belief(guess, first)
    spread, ratio = guess, _FIRST_RATIO * bool(groups.max() > 0)
    for _ in range(_ROUNDS):
        known = _means(information, score, groups, spread, ratio, start)
        before = spread, ratio
        spread, ratio = _learned(known, score, groups, ratio, guess)
        moved = max(np.abs(spread - before[0]).max(), abs(ratio - before[1]) * np.abs(spread).max())
        if moved < _SETTLED * np.abs(spread).max():
            break
    known = _means(information, score, groups, spread, ratio, start)
    widened = 1.0 + 1.0 / max(n - k - 2, 1)
    covariance = known.alone + _around(known.follow, known.group_doubt[groups])
    return Pooled(
        mean=known.chain,
        spread=spread,
        between=ratio * spread,
        groups=groups,
        group_means=known.group,
        estimate=_items(known, score, groups),
        covariance=covariance * widened,
        _means=known,
        _widened=widened,
    )


def _belief(guess: np.ndarray, first: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Precision of a guess of the chain's mean, and the precision times the guess."""
    if first is None:
        return np.zeros_like(guess), np.zeros(len(guess))
    precision = np.linalg.inv(_BELIEF**2 * guess)
    return precision, precision @ first


def _means(
    information: np.ndarray,
    score: np.ndarray,
    groups: np.ndarray,
    spread: np.ndarray,
    ratio: float,
    start: tuple[np.ndarray, np.ndarray],
) -> _Means:
    k = score.shape[1]
    inverse = np.linalg.inv(spread)
    alone = np.linalg.inv(information + inverse)
    follow = alone @ inverse
    told = _by_group(groups, information @ follow) + _SMALLEST * np.eye(k)
    right = _by_group(groups, np.einsum("nji,nj->ni", follow, score))
    if not ratio:
        doubt = np.linalg.inv(told + start[0])
        means, nothing = np.einsum("gij,gj->gi", doubt, right + start[1]), np.zeros_like(doubt)
        return _Means(alone, follow, means, doubt, nothing, means[0], np.zeros((k, k)))
    apart = inverse / max(ratio, _SMALLEST)
    group_alone = np.linalg.inv(told + apart)
    lean = group_alone @ apart
    chain_doubt = np.linalg.inv((told @ lean).sum(axis=0) + start[0])
    chain = chain_doubt @ (np.einsum("gji,gj->i", lean, right) + start[1])
    means = np.einsum("gij,gj->gi", group_alone, right + apart @ chain)
    return _Means(alone, follow, means, group_alone, lean, chain, chain_doubt)


def _items(known: _Means, score: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(items, k) posterior means."""
    own = np.einsum("nij,nj->ni", known.alone, score)
    return np.asarray(own + np.einsum("nij,nj->ni", known.follow, known.group[groups]))


def _learned(
    known: _Means, score: np.ndarray, groups: np.ndarray, ratio: float, guess: np.ndarray
) -> tuple[np.ndarray, float]:
    """The spread of items around their groups, and that of groups over it."""
    n, k = score.shape
    unit = np.eye(k)
    inside = _squares(
        _items(known, score, groups) - known.group[groups],
        known.alone + _around(known.follow - unit, known.group_doubt[groups]),
    )
    if not ratio:
        return (inside + _IMAGINARY * guess) / (n + _IMAGINARY), 0.0
    outside = _squares(
        known.group - known.chain,
        known.group_alone + _around(known.lean - unit, known.chain_doubt),
    )
    n_groups = len(known.group)
    total = inside + outside / max(ratio, _SMALLEST) + _IMAGINARY * guess
    spread = total / (n + n_groups + _IMAGINARY)
    return spread, float(np.trace(np.linalg.solve(spread, outside)) / (n_groups * k))


def _squares(away: np.ndarray, doubt: np.ndarray) -> np.ndarray:
    """(k, k) expected squares, summed."""
    return np.asarray(away.T @ away + doubt.sum(axis=0))


def _by_group(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    total = np.zeros((groups.max() + 1, *values.shape[1:]))
    np.add.at(total, groups, values)
    return total


def _around(factor: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """(..., k, k) covariance of something multiplied by a factor."""
    return np.asarray(factor @ covariance @ np.swapaxes(factor, -1, -2))


def _root(covariance: np.ndarray) -> np.ndarray:
    """(..., k, k) square roots of covariances, rounding errors below zero taken for zero."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])
