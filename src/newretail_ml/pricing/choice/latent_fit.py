"""Latent classes from units sold: maximum likelihood, from several starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 2000


@dataclass(frozen=True, eq=False)
class Counts:
    """What was bought in each market, and at which prices.

    Attributes:
        units: (markets, n), 0 where a product is not offered.
        nothing: (markets,) customers who bought nothing.
        prices: (markets, n), 1 where a product is not offered.
        offered: (markets, n) bool.
        weight: (markets,) what each market counts; 1 but in a bootstrap.
    """

    units: np.ndarray
    nothing: np.ndarray
    prices: np.ndarray
    offered: np.ndarray
    weight: np.ndarray

    @property
    def total(self) -> float:
        """Customers of all markets."""
        return float(self.weight @ (self.units.sum(axis=1) + self.nothing))


@dataclass(frozen=True, eq=False)
class Tastes:
    """Classes of customers: their shares, tastes and price coefficients."""

    weights: np.ndarray
    utility: np.ndarray
    price_coefficient: np.ndarray

    def packed(self) -> np.ndarray:
        """One vector without bounds: log odds of the weights, tastes, log sensitivities."""
        odds = np.log(self.weights[1:] / self.weights[0])
        sensitivity = np.log(np.maximum(-self.price_coefficient, 1e-8))
        return np.concatenate([odds, self.utility.ravel(), sensitivity])

    @classmethod
    def unpacked(cls, vector: np.ndarray, classes: int) -> Tastes:
        """The classes of a packed vector."""
        odds = np.concatenate([[0.0], vector[: classes - 1]])
        weights = np.exp(odds - np.logaddexp.reduce(odds))
        tastes = vector[classes - 1 : -classes].reshape(classes, -1)
        return cls(weights, tastes, -np.exp(np.clip(vector[-classes:], -30.0, 30.0)))

    def ordered(self) -> Tastes:
        """The same, most price-sensitive class first: the order must not depend on starts."""
        order = np.argsort(self.price_coefficient, kind="stable")
        return Tastes(self.weights[order], self.utility[order], self.price_coefficient[order])


def log_likelihood(vector: np.ndarray, counts: Counts, classes: int) -> tuple[float, np.ndarray]:
    """Log likelihood a customer of a packed vector, and its slopes."""
    per_market, slopes = _by_market(vector, counts, classes)
    total = counts.total
    return float(counts.weight @ per_market) / total, counts.weight @ slopes / total


def scores(vector: np.ndarray, counts: Counts, classes: int) -> np.ndarray:
    """(markets, parameters) slopes of each market's log likelihood."""
    return _by_market(vector, counts, classes)[1]


def _by_market(vector: np.ndarray, counts: Counts, classes: int) -> tuple[np.ndarray, np.ndarray]:
    tastes = Tastes.unpacked(vector, classes)
    value = tastes.utility[:, None] + tastes.price_coefficient[:, None, None] * counts.prices
    value = np.where(counts.offered, value, -np.inf)
    top = np.maximum(value.max(axis=2, keepdims=True), 0.0)
    attraction, none = np.exp(value - top), np.exp(-top[..., 0])
    whole = none + attraction.sum(axis=2)
    share, nothing = attraction / whole[..., None], none / whole
    mixed = np.maximum(np.einsum("k,ktn->tn", tastes.weights, share), 1e-300)
    mixed_nothing = np.maximum(tastes.weights @ nothing, 1e-300)
    likely = (counts.units * np.log(mixed)).sum(axis=1)
    likely += counts.nothing * np.log(mixed_nothing)
    gain, gain_nothing = counts.units / mixed, counts.nothing / mixed_nothing
    average = (share * gain).sum(axis=2) + nothing * gain_nothing
    by_value = tastes.weights[:, None, None] * share * (gain - average[..., None])
    by_odds = tastes.weights[1:, None] * (average[1:] - tastes.weights @ average)
    by_price = (by_value * counts.prices).sum(axis=2) * tastes.price_coefficient[:, None]
    by_taste = by_value.transpose(1, 0, 2).reshape(len(likely), -1)
    return likely, np.concatenate([by_odds.T, by_taste, by_price.T], axis=1)


def most_likely(
    counts: Counts, classes: int, starts: int, random_state: int
) -> tuple[Tastes, np.ndarray]:
    """The most likely classes, and (starts,) the log likelihoods that each start reached."""
    from scipy.optimize import minimize

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = log_likelihood(vector, counts, classes)
        return -value, -slope

    found = []
    for begin in _starts(counts, classes, starts, random_state):
        done = minimize(
            loss,
            begin,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": ROUNDS, "maxfun": 2 * ROUNDS, "ftol": 1e-12, "gtol": 1e-8},
        )
        found.append((-float(done.fun), done.x))
    best = max(found, key=lambda one: one[0])[1]
    reached = np.array([value for value, _ in found]) * counts.total
    return Tastes.unpacked(best, classes).ordered(), reached


def _starts(counts: Counts, classes: int, starts: int, random_state: int) -> list[np.ndarray]:
    """Classes around one average customer: apart in price sensitivity, then also in taste."""
    rng = np.random.default_rng(random_state)
    share = (counts.units.sum(axis=0) + 0.5) / (counts.offered * counts.weight[:, None]).sum(axis=0)
    nothing = (counts.nothing.sum() + 0.5) / counts.weight.sum()
    price = (counts.prices * counts.offered).sum(axis=0) / counts.offered.sum(axis=0)
    mean = np.log(share / nothing)
    begins = []
    for number in range(starts):
        apart = np.linspace(-0.8, 0.8, classes)
        noise = rng.standard_normal((classes, 1 + len(price))) * min(number, 1)
        sensitivity = 2.0 / price.mean() * np.exp(apart + 0.4 * noise[:, 0])
        tastes = mean + sensitivity[:, None] * price + noise[:, 1:]
        begins.append(Tastes(np.full(classes, 1 / classes), tastes, -sensitivity).packed())
    return begins
