"""Thompson sampling of prices while a stock sells out: the policies, and how well they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from newretail_ml.checks import check_number, check_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.beliefs import BernoulliBeliefs, PointBeliefs, PoissonBeliefs
from newretail_ml.pricing.learning.mix import price_mix

StockRule = Literal["fixed", "update", "ignore"]
BELIEFS: dict[str, type[PointBeliefs]] = {"bernoulli": BernoulliBeliefs, "poisson": PoissonBeliefs}


@dataclass(frozen=True, eq=False)
class StockLearning:
    """How a policy that learned from nothing did in repeated seasons.

    Attributes:
        earnings: (replications,) of each season.
        bound: what nobody can beat on average, with demand known: the linear programme's value.
        share_at: (candidates,) share of the periods with stock spent at each price.
    """

    earnings: np.ndarray
    bound: float
    share_at: np.ndarray

    @property
    def percent_of_bound(self) -> float:
        """Mean earnings, percent of the bound."""
        return float(100 * self.earnings.mean() / self.bound)

    @property
    def standard_error(self) -> float:
        """Standard error of `percent_of_bound`."""
        n = len(self.earnings)
        return float(100 * self.earnings.std(ddof=1) / np.sqrt(n) / self.bound)

    def __repr__(self) -> str:
        return (
            f"StockLearning({self.percent_of_bound:.2f}% of the bound, "
            f"standard error {self.standard_error:.2f}, {len(self.earnings):,} seasons)"
        )


def thompson_price(
    beliefs: PointBeliefs,
    margin: np.ndarray,
    stock_rate: float | np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Position of the price for the next period, (...); the number of prices means: do not sell.

    Draws demand from the beliefs, solves for the best mix of prices as if the draw were true,
    and draws a price from the mix.

    Args:
        beliefs: of demand at each price, (..., candidates).
        margin: (candidates,) earnings a unit.
        stock_rate: (...) units of stock a period; infinite to ignore the stock.
        rng: where chance comes from.

    Source: Ferreira, Simchi-Levi and Wang (2018), algorithms 1 (a fixed stock rate) and 2 (the
    stock left over the periods left).

    >>> beliefs = BernoulliBeliefs(np.array([80.0, 60.0]), np.array([20.0, 40.0]))
    >>> thompson_price(beliefs, np.array([29.9, 44.9]), 0.7, np.random.default_rng(0)).item()
    1
    """
    share = price_mix(margin, beliefs.sample(rng), stock_rate).share
    luck = rng.random(share.shape[:-1])
    return (luck[..., None] >= np.cumsum(share, axis=-1)).sum(axis=-1)


def simulate_stock_learning(
    prices: np.ndarray,
    demand: np.ndarray,
    stock: float,
    periods: int,
    *,
    rule: StockRule = "update",
    kind: Literal["bernoulli", "poisson"] = "bernoulli",
    prior: tuple[float, float] = (1.0, 1.0),
    unit_value: float = 0.0,
    replications: int = 200,
    random_state: int = 0,
) -> StockLearning:
    """Let a policy learn in many seasons at once and say what it earned of the bound.

    Args:
        prices: (candidates,) money a unit.
        demand: (candidates,) true mean units a period at each price.
        stock: units at the beginning; nothing comes later.
        periods: of the season.
        rule: "fixed" spends the stock at the rate of the beginning (TS-fixed of the source),
            "update" at the rate of what is left (TS-update), "ignore" sells until it is gone.
        kind: "bernoulli", one customer a period who buys or not, or "poisson" counts.
        prior: parameters of every belief at the beginning: beta's two, or gamma's shape and rate.
        unit_value: of a unit left over, taken off each price.
        replications: seasons.
        random_state: the seed.

    Raises:
        DataError: numbers are out of range, or `rule` or `kind` is unknown.

    Source: as of `thompson_price`, section 4.

    >>> simulate_stock_learning([29.9, 34.9, 39.9, 44.9], [0.8, 0.6, 0.3, 0.1], 25, 100)
    StockLearning(9...% of the bound, standard error 0..., 200 seasons)
    """
    margin = check_numbers("prices", prices, above=0.0) - unit_value
    mean = check_numbers("demand", demand)
    _check(margin, mean, stock, periods, rule, kind)
    first = BELIEFS[kind].flat(
        (check_whole("replications", replications, at_least=2), len(mean)), *prior
    )
    rng = np.random.default_rng(random_state)
    bound = periods * price_mix(margin, mean, stock / periods).value.item()
    earnings, spent = _seasons(first, margin, mean, stock, periods, rule, rng)
    return StockLearning(earnings, bound, spent / max(spent.sum(), 1))


def _check(
    margin: np.ndarray, mean: np.ndarray, stock: float, periods: int, rule: str, kind: str
) -> None:
    check_number("stock", stock, above=0.0)
    check_whole("periods", periods, at_least=1)
    if len(margin) != len(mean):
        raise DataError(
            f"there are {len(margin)} prices and demand at {len(mean)}",
            next_step="Give the demand at each price.",
        )
    for name, value, known in (
        ("rule", rule, ("fixed", "update", "ignore")),
        ("kind", kind, BELIEFS),
    ):
        if value not in known:
            raise DataError(
                f"{name} is {value!r}, not one of {', '.join(known)}", next_step="Choose one."
            )
    if kind == "bernoulli" and (mean > 1).any():
        raise DataError(
            "a customer buys with a chance of at most 1", next_step="Use kind='poisson' for counts."
        )


def _seasons(
    beliefs: PointBeliefs,
    margin: np.ndarray,
    mean: np.ndarray,
    stock: float,
    periods: int,
    rule: StockRule,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Earnings of each season, and periods with stock spent at each price."""
    seasons = len(beliefs.first)
    earnings, left = np.zeros(seasons), np.full(seasons, float(stock))
    spent, places = np.zeros(len(mean)), np.arange(len(mean))
    for period in range(periods):
        rate = _stock_rate(rule, stock, periods, left, periods - period)
        chosen = np.where(left > 0, thompson_price(beliefs, margin, rate, rng), len(mean))
        tried = (chosen[:, None] == places).astype(float)
        wanted = _draw(beliefs, tried @ mean, rng)
        sold = np.minimum(wanted, left)
        left = left - sold
        earnings += sold * (tried @ margin)
        beliefs = beliefs.observed(tried, tried * wanted[:, None])
        spent += tried.sum(axis=0)
        if not (left > 0).any():
            break
    return earnings, spent


def _stock_rate(
    rule: StockRule, stock: float, periods: int, left: np.ndarray, periods_left: int
) -> float | np.ndarray:
    if rule == "ignore":
        return np.inf
    return stock / periods if rule == "fixed" else left / periods_left


def _draw(beliefs: PointBeliefs, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if isinstance(beliefs, BernoulliBeliefs):
        return (rng.random(mean.shape) < mean).astype(float)
    return rng.poisson(mean).astype(float)
