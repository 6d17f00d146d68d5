"""One price and one order for a season: the newsvendor who also sets the price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.pricing.price_and_stock.noise import Noise, noise_of
from newretail_ml.pricing.price_list.products import response_of
from newretail_ml.pricing.response import DemandResponse

Form = Literal["additive", "multiplicative"]
_GRID = 400
_ROUNDS = 60


@dataclass(frozen=True)
class PriceAndStock:
    """The best price and order of a product, beside those without risk.

    Attributes:
        price: money a unit.
        stock: units to order.
        expected_profit: with both.
        expected_units: sold.
        expected_demand: at the price.
        riskless_price: best price if demand were its mean.
        riskless_profit: expected then; no plan earns more.
    """

    price: float
    stock: float
    expected_profit: float
    expected_units: float
    expected_demand: float
    riskless_price: float
    riskless_profit: float


def price_and_order(
    response: object,
    noise: Any,
    unit_cost: float,
    *,
    lowest: float,
    highest: float,
    form: Form = "multiplicative",
    salvage: float = 0.0,
    goodwill: float = 0.0,
) -> PriceAndStock:
    """The price and the order that earn most together in expectation.

    Demand is y(p) + e (additive) or y(p) e (multiplicative), y the response and e the noise. At
    each price the best order is the newsvendor's: the smallest stock that meets demand with the
    probability (p - c + g) / (p - v + g), and the expected profit of it is searched over prices:
    on a grid of 400, then by golden sections around the best three points. With additive noise
    the best price is not above the riskless one, with multiplicative noise not below it. Where
    the data cannot tell how demand answers the price, the response's current price is kept,
    whatever the bounds, and only the order is chosen.

    Args:
        response: demand of one product, a `DemandResponse` or a fitted model that has one.
        noise: equally likely samples, or a frozen distribution of `scipy.stats`; mean 0
            (additive) or 1 (multiplicative), otherwise demand is not y(p) on average.
        unit_cost: c, of a unit ordered.
        lowest: price that may be charged.
        highest: price that may be charged.
        form: "additive" or "multiplicative".
        salvage: v, for a unit left over; negative where it costs money.
        goodwill: g, lost with a unit short beyond its margin.

    Raises:
        DataError: a number is out of its range, the response has several products, or units
            left over bring what they cost.

    Source: Petruzzi and Dada (1999), Pricing and the newsvendor problem: a review with
    extensions, Operations Research 47(2), theorems 1 and 2. Demand below zero, which additive
    noise may bring, counts as in the source.

    >>> from scipy.stats import uniform
    >>> from newretail_ml.pricing.response import Linear
    >>> demand = Linear([80.0], [20.0], [-2.0])
    >>> plan = price_and_order(demand, uniform(-20, 40), 10.0, lowest=10, highest=60,
    ...                        form="additive")
    >>> round(plan.price, 2), round(plan.stock, 1), round(plan.riskless_price, 2)
    (34.58, 59.3, 35.0)
    """
    demand = response_of(response)
    chance = noise_of(noise)
    _check(demand, unit_cost, lowest, highest, form, salvage, goodwill)

    if not demand.evidence.identified[0]:
        lowest = highest = float(demand.prices[0])

    def riskless(prices: np.ndarray) -> np.ndarray:
        return (prices - unit_cost) * demand.units(prices[:, None])[:, 0]

    def plans(prices: np.ndarray) -> tuple[np.ndarray, ...]:
        mean = demand.units(prices[:, None])[:, 0]
        return _plans(prices, mean, chance, form, unit_cost, salvage, goodwill)

    price = _best(lambda prices: plans(prices)[0], lowest, highest)
    free = _best(riskless, lowest, highest)
    profit, stock, sold, wanted = (float(one[0]) for one in plans(np.array([price])))
    # A kept price may be below the cost: then it is best to order nothing.
    riskless_profit = float(riskless(np.array([free]))[0])
    if free < unit_cost:
        riskless_profit *= min(1.0, goodwill / (unit_cost - free))
    return PriceAndStock(price, stock, profit, sold, wanted, free, riskless_profit)


def _plans(
    prices: np.ndarray,
    mean: np.ndarray,
    chance: Noise,
    form: Form,
    unit_cost: float,
    salvage: float,
    goodwill: float,
) -> tuple[np.ndarray, ...]:
    """Profit, stock, units sold and demand of the best order at each price."""
    gained, lost = prices - unit_cost + goodwill, unit_cost - salvage
    ratio = np.maximum(gained, 0.0) / (np.maximum(gained, 0.0) + lost)
    safety = chance.quantile(ratio)
    short = chance.expected_above(safety)
    if form == "additive":
        stock, wanted = mean + safety, mean + chance.mean
    else:
        stock, wanted, short = mean * safety, mean * chance.mean, mean * short
    nothing = (stock <= 0) | (gained <= 0)
    stock = np.where(nothing, 0.0, stock)
    short = np.where(nothing, wanted, short)
    sold = wanted - short
    profit = prices * sold + salvage * (stock - sold) - unit_cost * stock - goodwill * short
    return profit, stock, sold, wanted


def _best(profit: Callable[[np.ndarray], np.ndarray], lowest: float, highest: float) -> float:
    prices = np.linspace(lowest, highest, _GRID + 1)
    best = int(profit(prices).argmax())
    low, high = prices[max(best - 1, 0)], prices[min(best + 1, _GRID)]
    ratio = (np.sqrt(5.0) - 1) / 2
    for _ in range(_ROUNDS):
        inner = np.array([high - ratio * (high - low), low + ratio * (high - low)])
        left, right = profit(inner)
        low, high = (low, inner[1]) if left >= right else (inner[0], high)
    ends = np.array([(low + high) / 2, prices[best]])
    return float(ends[profit(ends).argmax()])


def _check(
    demand: DemandResponse,
    unit_cost: float,
    lowest: float,
    highest: float,
    form: str,
    salvage: float,
    goodwill: float,
) -> None:
    if demand.n_products != 1:
        raise DataError(
            f"the response has {demand.n_products:,} products",
            next_step="Pass one of a single product, or use plan_price_and_stock for many.",
        )
    if form not in ("additive", "multiplicative"):
        raise DataError(f"form is {form!r}", next_step="Choose 'additive' or 'multiplicative'.")
    check_number("unit_cost", unit_cost, above=0.0)
    check_number("lowest", lowest, above=0.0)
    check_number("highest", highest, at_least=lowest)
    check_number("salvage", salvage, at_least=None)
    check_number("goodwill", goodwill)
    if salvage >= unit_cost:
        raise DataError(
            f"units left over bring {salvage:g}, not less than they cost ({unit_cost:g})",
            next_step="Correct salvage or unit cost: otherwise endless stock pays.",
        )
    if highest <= unit_cost:
        raise DataError(
            f"the highest price, {highest:g}, is not above the unit cost, {unit_cost:g}",
            next_step="Allow higher prices, or do not sell the product.",
        )
