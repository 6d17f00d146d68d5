"""Prices of a season with a given stock and customers who come at random: the textbook answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import as_numbers, check_number, check_numbers, check_whole
from newretail_ml.errors import DataError


@dataclass(frozen=True, eq=False)
class SeasonPrices:
    """The best prices at the beginning of a season, by stock.

    Attributes:
        price: (stock + 1,) best first price with 0, 1, ... units; NaN without any.
        value: (stock + 1,) expected earnings of prices that follow the stock.
        bound: (stock + 1,) earnings if demand were a flow without chance: an upper bound.
        fixed_price: (stock + 1,) the price of that flow, kept all season.
        fixed_value: (stock + 1,) what it earns.
    """

    price: np.ndarray
    value: np.ndarray
    bound: np.ndarray
    fixed_price: np.ndarray
    fixed_value: np.ndarray

    def __repr__(self) -> str:
        units = len(self.value) - 1
        return (
            f"SeasonPrices({units:,} units: first price {self.price[-1]:.6g}, "
            f"value {self.value[-1]:.6g}, bound {self.bound[-1]:.6g})"
        )


def exponential_season(
    rate: float,
    stock: int,
    time: float = 1.0,
    *,
    sensitivity: float = 1.0,
    unit_value: float = 0.0,
) -> SeasonPrices:
    """The optimal prices where customers come as a Poisson stream of rate a exp(-b p).

    With A = a exp(-b v) for a unit value v, n units and time t left, the value above v n is
    log(sum_{i <= n} (A t / e)^i / i!) / b, and the best price v + 1 / b + J(n) - J(n - 1).

    Args:
        rate: a, customers a unit of time at price zero.
        stock: most units.
        time: left in the season.
        sensitivity: b, one over money.
        unit_value: of a unit left over, v.

    Raises:
        DataError: a number is out of its range.

    Source: Gallego and van Ryzin (1994), Optimal dynamic pricing of inventories with stochastic
    demand over finite horizons, Management Science 40(8), sections 2.3 (prices), 3.1 (bound)
    and 3.2 (fixed price).

    >>> exponential_season(10 * np.e, 5)
    SeasonPrices(5 units: first price 1.83, value 7.29822, bound 8.46574)
    """
    units = check_whole("stock", stock, at_least=1)
    for name, number in (("rate", rate), ("time", time), ("sensitivity", sensitivity)):
        check_number(name, number, above=0.0)
    check_number("unit_value", unit_value, at_least=None)
    flow = float(np.log(rate) - sensitivity * unit_value + np.log(time))
    n = np.arange(units + 1)
    value = _logarithm_of_sums(flow - 1.0, units) / sensitivity
    step = np.diff(value, prepend=np.nan)
    price = unit_value + 1.0 / sensitivity + step
    with np.errstate(divide="ignore"):
        selling = (flow - np.log(n)) / sensitivity
    fixed = np.maximum(selling, 1.0 / sensitivity)
    fixed[0] = np.nan
    mean = np.exp(flow - sensitivity * fixed)
    bound = np.nan_to_num(fixed * mean)
    fixed_value = np.nan_to_num(fixed * expected_sales(n, np.nan_to_num(mean)))
    worth = unit_value * n
    return SeasonPrices(
        price, value + worth, bound + worth, fixed + unit_value, fixed_value + worth
    )


def _logarithm_of_sums(log_mean: float, units: int) -> np.ndarray:
    """(units + 1,) log of sum_{i <= n} x^i / i!, from log x."""
    n = np.arange(1, units + 1)
    terms = np.concatenate([[0.0], n * log_mean - np.cumsum(np.log(n))])
    return np.logaddexp.accumulate(terms)


def expected_sales(stock: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Expected smaller of stock and Poisson demand.

    >>> expected_sales(np.array([0, 1]), np.array([2.0, 2.0])).round(4).tolist()
    [0.0, 0.8647]
    """
    from scipy.special import pdtr

    fewer = np.where(stock >= 2, pdtr(np.maximum(stock - 2, 0), mean), 0.0)
    below = np.where(stock >= 1, pdtr(np.maximum(stock - 1, 0), mean), 0.0)
    return mean * fewer + stock * (1.0 - below)


def season_on_grid(
    prices: np.ndarray,
    rates: np.ndarray,
    stock: int,
    *,
    unit_value: float = 0.0,
    steps: int = 200,
) -> SeasonPrices:
    """The optimal prices for any demand function, on price points.

    Solves dJ(n)/dt = max_p rate(p) (p - J(n) + J(n - 1)) backwards in time by the classical
    Runge-Kutta method. A price that sells nothing is always allowed.

    Args:
        prices: (points,) allowed prices; a fine grid for any price.
        rates: customers a period at each price: (points,), or (periods, points) where demand
            changes with time. The fixed price is that of the flow: the best single point.
        stock: most units.
        unit_value: of a unit left over.
        steps: of time in each period, at least; more are taken where demand is fast.

    Raises:
        DataError: a number is out of its range, or shapes differ.

    Source: as of `exponential_season`, equation 4. The flow of the bound is solved as a linear
    programme over prices and periods, which is an upper bound (theorem 2).

    >>> prices = np.linspace(0.5, 8.0, 3001)
    >>> season_on_grid(prices, 10 * np.exp(1 - prices), 2).value.round(4).tolist()
    [0.0, 2.3979, 4.1109]
    """
    margin = check_numbers("prices", prices, above=0.0) - unit_value
    units = check_whole("stock", stock, at_least=1)
    check_whole("steps", steps, at_least=1)
    by_period = np.atleast_2d(as_numbers("rates", rates))
    if by_period.ndim != 2 or by_period.shape[1] != len(margin):
        raise DataError(
            f"rates have shape {by_period.shape} for {len(margin)} prices",
            next_step="Give one rate a price, or one row of them a period.",
        )
    if not (np.isfinite(by_period) & (by_period >= 0)).all():
        raise DataError("rates must be finite and at least zero", next_step="Correct them.")
    value = np.zeros(units + 1)
    for rate in by_period[::-1]:
        value = _one_period(value, margin, rate, max(steps, int(4 * rate.max()) + 1))
    first = _earnings(value, margin, by_period[0]).argmax(axis=1)
    price = np.concatenate([[np.nan], (margin + unit_value)[first]])
    n = np.arange(units + 1)
    fixed, fixed_value = _fixed(margin, by_period, n)
    worth = unit_value * n
    return SeasonPrices(
        price,
        value + worth,
        _flow(margin, by_period, n) + worth,
        np.where(n > 0, fixed + unit_value, np.nan),
        fixed_value + worth,
    )


def _earnings(value: np.ndarray, margin: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """(stock, points) by how much value grows with time at each price."""
    return rate * (margin - np.diff(value)[:, None])


def _one_period(value: np.ndarray, margin: np.ndarray, rate: np.ndarray, steps: int) -> np.ndarray:
    def growth(now: np.ndarray) -> np.ndarray:
        return np.append(0.0, np.maximum(_earnings(now, margin, rate).max(axis=1), 0.0))

    step = 1.0 / steps
    for _ in range(steps):
        one = growth(value)
        two = growth(value + step / 2 * one)
        three = growth(value + step / 2 * two)
        four = growth(value + step * three)
        value = value + step / 6 * (one + 2 * two + 2 * three + four)
    return value


def _fixed(
    margin: np.ndarray, by_period: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The point that earns most as a flow, and what it earns of random customers."""
    mean = by_period.sum(axis=0)
    best = (margin * np.minimum(mean, n[:, None])).argmax(axis=1)
    return margin[best], margin[best] * expected_sales(n, mean[best])


def _flow(margin: np.ndarray, by_period: np.ndarray, n: np.ndarray) -> np.ndarray:
    """(stock + 1,) the least of the Lagrangian duals: max_p rate (p - price of stock) + its cost.

    The dual is convex and piecewise linear in the price of stock; the margins hold its optimum
    between them, found by golden sections.
    """

    def dual(cost: np.ndarray) -> np.ndarray:
        gained = sum(
            np.maximum((rate * (margin - cost[:, None])).max(axis=1), 0.0) for rate in by_period
        )
        return gained + cost * n

    low, high = np.zeros(len(n)), np.full(len(n), max(margin.max(), 0.0))
    ratio = (np.sqrt(5.0) - 1) / 2
    for _ in range(80):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        smaller = dual(left) <= dual(right)
        low, high = np.where(smaller, low, left), np.where(smaller, right, high)
    return dual((low + high) / 2)
