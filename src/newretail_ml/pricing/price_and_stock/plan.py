"""The planner of price and order for a season, of many items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.price_and_stock.preparing import Prepared, prepared
from newretail_ml.pricing.price_and_stock.season import Choice, choices
from newretail_ml.pricing.price_list.products import response_of

EXPECTED_DEMAND = "expected_demand"
EXPECTED_UNITS = "expected_units"
EXPECTED_LEFT = "expected_left"
FILL_RATE = "expected_fill_rate"
EXPECTED_REVENUE = "expected_revenue"
EXPECTED_PROFIT = "expected_profit"
UNCHANGED_PROFIT = "unchanged_profit"
GAIN = "gain"
RISKLESS_PRICE = "riskless_price"
BOUND = "bound"
SEEN = "seen"
WHY = "why"


@dataclass(frozen=True, eq=False, repr=False)
class SeasonPlan:
    """Price and order of each item for one season.

    Attributes:
        lines: one row a line of the state: keys, current_price, price, units (to order),
            expected_demand, expected_units (sold), expected_left, expected_fill_rate,
            expected_revenue, expected_profit (on paths that the order was not chosen on),
            unchanged_profit (today's price, with its own best order), gain, riskless_price (the
            best one if demand were its mean), bound (profit of one who knows the path), seen
            (whether the price lies within what the data has seen), why.
    """

    lines: pd.DataFrame

    @property
    def expected_profit(self) -> float:
        """Of all lines."""
        return float(self.lines[EXPECTED_PROFIT].sum())

    def __repr__(self) -> str:
        changed = int((self.lines[c.PRICE] != self.lines[c.CURRENT_PRICE]).sum())
        return (
            f"SeasonPlan({len(self.lines):,} lines, {changed:,} prices change, "
            f"{self.lines[c.UNITS].sum():,.0f} units ordered, expected profit "
            f"{self.expected_profit:,.2f}, {self.lines[GAIN].sum():+,.2f} on today's prices)"
        )


def plan_price_and_stock(
    forecast: Forecast,
    response: object,
    state: pd.DataFrame,
    points: object = None,
    *,
    draws: int = 20,
    random_state: int = 0,
) -> SeasonPlan:
    """One price and one order for the whole horizon of the forecast, of each item.

    At each price point the paths of the season's demand are scaled by the response, the order
    is the newsvendor's quantile of them (in whole packs, beyond what is on hand), and the price
    with the largest expected profit is chosen: all points are compared, which is exact for the
    paths. Draws of the response take turns over the paths.

    Args:
        forecast: paths of demand at today's prices.
        response: a `DemandResponse` or a fitted model that has one. Items whose response is not
            identified keep their price; their order is planned nevertheless.
        state: keys of the forecast and unit_cost; where wanted current_price (by default the
            response's), on_hand, salvage_value of a unit left over, goodwill lost with a unit
            short beyond its margin, pack_size. Other columns may stand there.
        points: price points, as of `plan_prices`: by default 20% around today's price.
        draws: of the response.
        random_state: of the draws.

    Raises:
        DataError: a number is missing or out of its range, a key repeats or is not known, or
            units left over bring what they cost.

    Source: Petruzzi and Dada (1999), Operations Research 47(2), with the paths in place of a
    distribution.

    >>> from newretail_ml.panel import Periods
    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> keys = pd.DataFrame({"item_id": ["coat"]})
    >>> paths = np.random.default_rng(0).poisson(25.0, (1, 200, 4)).astype(float)
    >>> forecast = Forecast(keys, Periods.spanning("2026-01-05", "2026-02-01", "W"), paths)
    >>> response = ConstantElasticity([25.0], [100.0], [-2.5], keys=keys)
    >>> plan = plan_price_and_stock(forecast, response, keys.assign(unit_cost=60.0),
    ...                             [90, 95, 100, 105, 110])
    >>> plan.lines[["price", "riskless_price"]].values.tolist()
    [[105.0, 100.0]]
    """
    demand = response_of(response)
    made = prepared(
        forecast, demand, state, points, check_whole("draws", draws, at_least=1), random_state
    )
    found = choices(made.demand, made.ratio, made.prices, made.terms)
    return SeasonPlan(_lines(made, found))


def _lines(made: Prepared, found: Choice) -> pd.DataFrame:
    rows = np.arange(len(made.frame))
    known = ~np.isnan(made.prices)
    best = np.where(known, found.profit, -np.inf).argmax(axis=1)
    price, order = made.prices[rows, best], found.order[rows, best]
    sold, wanted = found.sold[rows, best], found.wanted[rows, best]
    margin = made.prices - made.terms.cost[:, None]
    calm = np.where(known, margin * found.wanted, -np.inf).argmax(axis=1)
    unchanged = found.judged[rows, made.current]
    profit = found.judged[rows, best]
    lowest, highest = made.seen
    with np.errstate(invalid="ignore"):
        outside = (price < lowest * 0.999) | (price > highest * 1.001)
    told = {
        c.CURRENT_PRICE: made.prices[rows, made.current],
        c.PRICE: price,
        c.UNITS: order,
        EXPECTED_DEMAND: wanted,
        EXPECTED_UNITS: sold,
        EXPECTED_LEFT: order + made.terms.on_hand - sold,
        FILL_RATE: np.divide(sold, wanted, out=np.ones_like(sold), where=wanted > 0),
        EXPECTED_REVENUE: price * sold,
        EXPECTED_PROFIT: profit,
        UNCHANGED_PROFIT: unchanged,
        GAIN: profit - unchanged,
        RISKLESS_PRICE: made.prices[rows, calm],
        BOUND: found.foresight,
        SEEN: ~outside,
    }
    frame = made.frame.assign(**told)
    frame[WHY] = [
        f"{reason}; {_order(*row)}" if reason else _sentence(new, now, gain, *row)
        for reason, new, now, gain, *row in zip(
            made.why,
            price.tolist(),
            told[c.CURRENT_PRICE].tolist(),
            told[GAIN].tolist(),
            wanted.tolist(),
            made.terms.on_hand.tolist(),
            order.tolist(),
            strict=True,
        )
    ]
    return frame


def _order(wanted: float, on_hand: float, order: float) -> str:
    return f"{wanted:,.1f} expected to be wanted, {on_hand:,.0f} on hand, {order:,.0f} ordered"


def _sentence(
    new: float, now: float, gain: float, wanted: float, on_hand: float, order: float
) -> str:
    if new == now:
        return f"{now:.2f} with its best order earns most; {_order(wanted, on_hand, order)}"
    return (
        f"{new:.2f} instead of {now:.2f}, each with its best order, earns {gain:+,.2f}; "
        f"{_order(wanted, on_hand, order)}"
    )
