"""Coefficients of many items drawn towards what is usual, each as far as its data is weak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDS = 500
_SMALLEST = 1e-9
_IMAGINARY = 2


@dataclass(frozen=True, eq=False)
class Pooled:
    """Coefficients after pooling.

    Attributes:
        mean: (k,) of the chain.
        spread: (k, k) covariance of the items' true coefficients around it.
        estimate: (items, k) posterior means.
        covariance: (items, k, k) of the posterior, with the doubt about `mean` and `spread`.
        follow: (items, k, k) how far an item's estimate follows the chain's mean.
        doubt: (k, k) covariance of the error of that mean.
    """

    mean: np.ndarray
    spread: np.ndarray
    estimate: np.ndarray
    covariance: np.ndarray
    follow: np.ndarray
    doubt: np.ndarray

    def draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n, items, k) coefficients as likely as the data allows, wrong together where in doubt.

        An error of the chain's mean moves all items that follow it, so that a sum over many items
        is not surer than the mean itself.
        """
        shared = self.follow @ self.doubt @ np.swapaxes(self.follow, 1, 2)
        alone = _root(self.covariance - shared)
        noise = rng.standard_normal((n, *self.estimate.shape))
        mean_error = rng.standard_normal((n, len(self.mean))) @ _root(self.doubt[None])[0].T
        own = np.einsum("ijk,nik->nij", alone, noise)
        return self.estimate + own + np.einsum("ijk,nk->nij", self.follow, mean_error)

    @property
    def own_share(self) -> np.ndarray:
        """(items, k) how much an item's own data says: 0 nothing, 1 all there is to know."""
        before = np.diagonal(self.spread)
        after = np.diagonal(self.covariance, axis1=1, axis2=2)
        return np.clip(1.0 - after / before, 0.0, 1.0)


def pool(estimate: np.ndarray, information: np.ndarray, usual: np.ndarray) -> Pooled:
    """Empirical Bayes for vectors: items' coefficients are normal around the chain's mean.

    Mean and covariance are found by expectation and maximization (Dempster, Laird and Rubin
    1977). The posterior's covariance is widened for the doubt about the mean (Morris 1983,
    section 4) and, by a factor, for the number of items that the spread was learned from.

    Args:
        estimate: (items, k) one item at a time.
        information: (items, k, k) inverse covariances of the estimates; singular ones are
            welcome: what an item cannot tell apart, the chain does.
        usual: (k,) standard deviations between items that are usual; they count as much as two
            items, so that a chain of few items is not taken to have none.

    >>> items = np.array([[-1.0], [-2.0], [-3.0]])
    >>> made = pool(items, np.full((3, 1, 1), 1e9), usual=np.array([0.5]))
    >>> made.estimate.round(3).ravel().tolist(), made.mean.round(3).tolist()
    ([-1.0, -2.0, -3.0], [-2.0])
    """
    n, k = estimate.shape
    score = np.einsum("nij,nj->ni", information, estimate)
    total = information.sum(axis=0) + _SMALLEST * np.eye(k)
    mean = np.linalg.solve(total, score.sum(axis=0))
    guess = np.diag(np.square(usual))
    spread = guess
    for _ in range(_ROUNDS):
        inverse = np.linalg.inv(spread)
        covariance = np.linalg.inv(information + inverse)
        posterior = np.einsum("nij,nj->ni", covariance, score + inverse @ mean)
        before = spread
        mean = posterior.mean(axis=0)
        around = posterior - mean
        seen = np.einsum("ni,nj->ij", around, around) + covariance.sum(axis=0)
        spread = (seen + _IMAGINARY * guess) / (n + _IMAGINARY)
        if np.abs(spread - before).max() < 1e-6 * np.abs(spread).max():
            break
    return _with_doubt(information, score, mean, spread)


def _with_doubt(
    information: np.ndarray, score: np.ndarray, mean: np.ndarray, spread: np.ndarray
) -> Pooled:
    n, k = score.shape
    inverse = np.linalg.inv(spread)
    covariance = np.linalg.inv(information + inverse)
    posterior = np.einsum("nij,nj->ni", covariance, score + inverse @ mean)
    shrink = covariance @ inverse
    told = np.einsum("nij,njk->nik", information, shrink).sum(axis=0)
    doubt = np.linalg.inv(told + _SMALLEST * np.eye(k))
    widened = covariance + shrink @ doubt @ np.swapaxes(shrink, 1, 2)
    few = 1.0 + 1.0 / max(n - k - 2, 1)
    return Pooled(mean, spread, posterior, widened * few, shrink, doubt * few)


def _root(covariance: np.ndarray) -> np.ndarray:
    """(..., k, k) square roots of covariances, rounding errors below zero taken for zero."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
