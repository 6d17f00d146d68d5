"""Prices of a season in which each period brings one customer who buys or does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number, check_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.mix import price_mix


@dataclass(frozen=True, eq=False)
class BernoulliSeason:
    """What known demand can earn with a given stock.

    Attributes:
        value: expected earnings of the exact dynamic programme.
        bound: earnings if demand were a flow without chance (linear programme): an upper bound.
        mix: (candidates,) shares of time at each price in that programme.
        static: (candidates,) expected earnings of each price, kept all season.
        best_static: position of the best of them.
        policy: (periods, stock + 1) the price to charge with so many units left at the start of
            a period; NaN where not selling is best.
    """

    value: float
    bound: float
    mix: np.ndarray
    static: np.ndarray
    best_static: int
    policy: np.ndarray

    def __repr__(self) -> str:
        return (
            f"BernoulliSeason(value {self.value:,.6g}, bound {self.bound:,.6g}, "
            f"best single price {self.static[self.best_static]:,.6g})"
        )


def bernoulli_season(
    prices: np.ndarray,
    demand: np.ndarray,
    stock: int,
    periods: int,
    *,
    unit_value: float = 0.0,
) -> BernoulliSeason:
    """The exact best prices of a season, its bound, and every single price.

    Args:
        prices: (candidates,) money a unit.
        demand: (candidates,) chance that the customer of a period buys.
        stock: units at the beginning.
        periods: of the season.
        unit_value: of a unit left over.

    Raises:
        DataError: a number is out of its range, or shapes differ.

    Source: setting of Ferreira, Simchi-Levi and Wang (2018), Operations Research 66(6); the
    dynamic programme with known demand is textbook (Talluri and van Ryzin 2004, section 5.2).

    >>> season = bernoulli_season([29.9, 34.9, 39.9, 44.9], [0.8, 0.6, 0.3, 0.1], 25, 100)
    >>> season
    BernoulliSeason(value 1,001.54, bound 1,010, best single price 985.552)
    >>> season.policy[0, [5, 25]].tolist()
    [44.9, 39.9]
    """
    listed = check_numbers("prices", prices, above=0.0)
    chance = check_numbers("demand", demand)
    if len(listed) != len(chance) or (chance > 1).any():
        raise DataError(
            f"{len(listed)} prices and {len(chance)} chances of a sale, each at most 1, are needed "
            "in equal numbers",
            next_step="Give the chance of a sale at each price.",
        )
    units = check_whole("stock", stock, at_least=1)
    length = check_whole("periods", periods, at_least=1)
    check_number("unit_value", unit_value, at_least=None)
    margin = listed - unit_value
    worth = unit_value * units
    mix = price_mix(margin, chance, units / length)
    value, policy = _exact(margin, chance, units, length)
    static = margin * _binomial_sales(chance, units, length) + worth
    return BernoulliSeason(
        value + worth,
        length * float(mix.value) + worth,
        mix.share,
        static,
        int(static.argmax()),
        np.append(listed, np.nan)[policy],
    )


def _exact(
    margin: np.ndarray, chance: np.ndarray, stock: int, periods: int
) -> tuple[float, np.ndarray]:
    """Value of the whole season, and (periods, stock + 1) positions; the last: do not sell."""
    value = np.zeros(stock + 1)
    policy = np.full((periods, stock + 1), len(margin))
    for period in range(periods - 1, -1, -1):
        gain = chance * (margin - np.diff(value)[:, None])
        best = gain.argmax(axis=1)
        gained = np.take_along_axis(gain, best[:, None], axis=1)[:, 0]
        policy[period, 1:] = np.where(gained > 0, best, len(margin))
        value[1:] += np.maximum(gained, 0.0)
    return float(value[-1]), policy


def _binomial_sales(chance: np.ndarray, stock: int, periods: int) -> np.ndarray:
    """(candidates,) expected smaller of stock and the number of buyers."""
    from scipy.special import bdtr

    # sum_{k <= n} k P(k) of a binomial is its mean times the distribution with a period less.
    known = stock < periods
    short = periods * chance * bdtr(stock - 1, periods - 1, chance) if known else periods * chance
    rest = stock * (1.0 - bdtr(stock, periods, chance)) if known else 0.0
    return short + rest
