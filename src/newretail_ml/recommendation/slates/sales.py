"""Expected sales of items of which there are few: the smaller of stock and chancy demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def expected_sales(chances: np.ndarray, group: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """(groups,) expected units sold: E[min(stock, demand)], demand a sum of independent chances.

    The distribution of demand (Poisson binomial) is the product of one factor a customer, taken
    two by two through Fourier transforms and cut at the stock (Biscarri, Zhao and Brunner 2018,
    Computational Statistics and Data Analysis 122).

    Args:
        chances: (exposures,) chance that a customer who is shown the item buys one.
        group: (exposures,) which stock it comes from.
        stock: (groups,) units there are, whole numbers, infinite where there is no limit.

    >>> expected_sales(np.array([0.5, 0.5]), np.array([0, 0]), np.array([1.0])).round(2).tolist()
    [0.75]
    """
    n_groups = len(stock)
    demand = np.bincount(group, chances, n_groups)
    shown = np.bincount(group, minlength=n_groups)
    sold = np.where(stock > 0, demand, 0.0)
    scarce = np.flatnonzero((shown > stock) & (stock > 0))
    # Stocks of about one size are taken together, so that small ones stay cheap.
    size = np.ceil(np.log2(np.maximum(stock[scarce], 1))).astype(int)
    for one in np.unique(size):
        some = scarce[size == one]
        number = np.full(n_groups, -1)
        number[some] = np.arange(len(some))
        inside = number[group] >= 0
        sold[some] = _sold(chances[inside], number[group[inside]], stock[some].astype(int))
    return np.asarray(sold)


def _sold(chances: np.ndarray, group: np.ndarray, stock: np.ndarray) -> np.ndarray:
    most = int(stock.max())
    by = np.argsort(group, kind="stable")
    group, chances = group[by], chances[by]
    factors = np.stack([1.0 - chances, chances], axis=1)
    while len(group) > len(stock):
        factors, group = _paired(factors, group, most)
    below = np.zeros((len(stock), most))
    width = min(most, factors.shape[1])
    below[group, :width] = factors[:, :width]
    units = np.arange(most)
    missing = np.maximum(stock[:, None] - units, 0)
    return np.asarray(stock - (below * missing).sum(axis=1))


def _paired(factors: np.ndarray, group: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Each two neighbouring factors of a group multiplied, and cut at `most` coefficients."""
    place = np.arange(len(group)) - np.searchsorted(group, group)
    first = np.flatnonzero(place % 2 == 0)
    second = np.minimum(first + 1, len(group) - 1)
    both = (second > first) & (group[second] == group[first])
    width = min(2 * factors.shape[1] - 1, most)
    made = np.zeros((len(first), width))
    alone = factors[first[~both]][:, :width]
    made[~both, : alone.shape[1]] = alone
    made[both] = _products(factors[first[both]], factors[second[both]])[:, :width]
    return made, group[first]


def _products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    length = 2 * one.shape[1] - 1
    if length <= 16:
        made = np.zeros((len(one), length))
        for shift in range(one.shape[1]):
            made[:, shift : shift + one.shape[1]] += one[:, shift, None] * other
        return made
    size = 1 << (length - 1).bit_length()
    product = np.fft.rfft(one, size) * np.fft.rfft(other, size)
    return np.maximum(np.fft.irfft(product, size)[:, :length], 0.0)


_CERTAIN = 40.0


def plentiful(demand: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """Where a stock lasts, whatever chances its expected demand is made of.

    Chernoff's inequality leaves less than a rounding error for demand to exceed it.

    >>> plentiful(np.array([1.0, 1.0]), np.array([5.0, 100.0])).tolist()
    [False, True]
    """
    mean = np.maximum(demand, 1e-300)
    return np.asarray((stock > mean) & (_times_log(stock, mean) - stock + mean > _CERTAIN))


@dataclass(frozen=True, eq=False)
class SalesCurve:
    """The most that can be expected to sell, as a function of expected demand.

    For a given expected demand, expected sales are largest when the chances that it is made of
    are as uneven as can be (Hoeffding 1956, Annals of Mathematical Statistics 27: expectations of
    convex functions of a sum of chances): as many as possible at the largest chance, one at the
    rest. That is a concave function of straight pieces, and no slates can sell more.

    Attributes:
        stock: (groups,) units, infinite where there is no limit.
        worth: (groups,) worth of a unit sold.
        largest: (groups,) largest chance that any customer buys from the group.
        extra_stock: (groups,) the first so many units sold have an extra worth.
        extra_worth: (groups,) that worth.
    """

    stock: np.ndarray
    worth: np.ndarray
    largest: np.ndarray
    extra_stock: np.ndarray
    extra_worth: np.ndarray

    def of(self, groups: np.ndarray) -> SalesCurve:
        """The curves of some stocks."""
        return SalesCurve(**{name: values[groups] for name, values in vars(self).items()})

    def slope(self, demand: np.ndarray) -> np.ndarray:
        """(groups,) worth of a little more expected demand."""
        whole = np.floor(np.maximum(demand, 0.0) / self.largest * (1.0 + 1e-12))
        return self._slope(whole)

    def value(self, demand: np.ndarray) -> np.ndarray:
        """(groups,) the most that expected demand can be worth."""
        whole = np.floor(np.maximum(demand, 0.0) / self.largest * (1.0 + 1e-12))
        rest = np.maximum(demand - whole * self.largest, 0.0)
        at = self.worth * _binomial_sales(whole, self.largest, self.stock)
        if self.extra_worth.any():
            at += self.extra_worth * _binomial_sales(whole, self.largest, self.extra_stock)
        return np.asarray(at + rest * self._slope(whole))

    def _slope(self, whole: np.ndarray) -> np.ndarray:
        slope = self.worth * _below(whole, self.largest, self.stock)
        if self.extra_worth.any():
            slope += self.extra_worth * _below(whole, self.largest, self.extra_stock)
        return np.asarray(slope)


def _times_log(units: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """What units * log(units / mean) is, 0 at none."""
    return units * np.log(np.maximum(units, 1e-300) / mean)


def _below(n: np.ndarray, chance: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """P(Binomial(n, chance) < stock).

    Where Chernoff's inequality leaves less than a rounding error on one side, nothing is summed.
    """
    from scipy.special import bdtr

    mean = np.maximum(n * chance, 1e-300)
    most = np.where(np.isfinite(stock), stock, 0.0)
    certain = (stock > n) | ((most > mean) & (_times_log(most, mean) - most + mean > _CERTAIN))
    k = np.maximum(most - 1.0, 0.0)
    never = (stock <= 0) | ((k < mean) & (_times_log(k, mean) - k + mean > _CERTAIN))
    found = np.where(certain & (stock > 0), 1.0, 0.0)
    left = np.flatnonzero(~(certain | never))
    found[left] = bdtr(k[left], n[left].astype(np.int64), np.minimum(chance[left], 1.0))
    return found


def _binomial_sales(n: np.ndarray, chance: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """E[min(stock, Binomial(n, chance))]."""
    limit = np.where(np.isfinite(stock), stock, 0.0)
    few = _below(np.maximum(n - 1, 0), chance, limit - 1)
    some = n * chance * few + limit * (1.0 - _below(n, chance, limit))
    return np.where(stock >= n, n * chance, some)
