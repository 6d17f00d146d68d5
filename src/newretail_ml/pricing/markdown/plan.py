"""The markdown planner: this period's prices of many items, on the paths of their forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.markdown.batches import lasting_units
from newretail_ml.pricing.markdown.chunks import planned
from newretail_ml.pricing.markdown.lines import Setting
from newretail_ml.pricing.markdown.markdown_plan import MarkdownPlan
from newretail_ml.pricing.markdown.preparing import lines_of
from newretail_ml.pricing.markdown.rules import MarkdownRules
from newretail_ml.pricing.markdown.table import checked_state
from newretail_ml.pricing.markdown.telling import told
from newretail_ml.pricing.price_list.products import response_of


def plan_markdowns(
    forecast: Forecast,
    response: object,
    state: pd.DataFrame,
    points: object = None,
    rules: MarkdownRules | None = None,
    *,
    batches: pd.DataFrame | None = None,
    planned_prices: np.ndarray | None = None,
    with_orders: bool = False,
    draws: int = 20,
    grid: int = 25,
    classes: int = 4,
    random_state: int = 0,
) -> MarkdownPlan:
    """This period's price of each item for the stock and the time that are left.

    On each path of the forecast, demand at another price is the path's demand times the
    response's units at that price over its units at the planned price; draws of the response
    take turns over the paths, so that doubt about the response counts as well. A dynamic
    programme over stock, price, number of changes and a class of demand so far then finds the
    price worth most in every state. Paths are joint, so a season that starts well tends to go on
    well: without the classes the programme would take each period's luck for new, and wait too
    long.

    The programme is exact where demand of a period depends on demand before through its class
    alone (as with independent periods), stock is at most `grid` - 1 units and demand is whole.
    Elsewhere it is a heuristic: with larger stock, values are interpolated between grid points.
    Expectations do not rest on it: they are simulated on paths that the policy was not learned
    from, and stand beside a bound of perfect foresight.

    Args:
        forecast: paths of demand at the planned prices.
        response: a `DemandResponse` or a fitted model that has one, by keys that the state has.
            Other items keep their current prices.
        state: keys of the forecast and on_hand; where wanted current_price (by default that of
            the response), periods_left (by default the horizon), salvage_value of a unit left
            at the end, holding_cost of a unit and period, unit_cost (spent, but told in the
            profit), minimum_price. Other columns, like on_order and lead_time of an order
            planner's state, may stand there.
        points: price points, see `price_points`: one list for all, one a row of the state, or a
            frame with price. By default today's price and 10% to 70% off. What lies below
            minimum_price or salvage_value is left out.
        rules: see `MarkdownRules`; prices only go down by default.
        batches: stock by best-before date: keys, date (the last on which the units may be
            sold), units. The oldest go first, what goes off is worth nothing.
        planned_prices: (series of the forecast, horizon) prices that its paths were made for; by
            default today's.
        with_orders: whether units on order count as on hand.
        draws: of the response.
        grid: levels of stock that the programme tells apart, at least 2.
        classes: of demand so far; 1 for none.
        random_state: of the draws and of the rounding of demand to whole units.

    Returns:
        A `MarkdownPlan`: `prices` with reasons, and the `path` of prices to come.

    Raises:
        DataError: a number is missing or out of its range, a key repeats or is not known, or
            batches do not add up to the stock.

    Source: Gallego and van Ryzin (1994), Management Science 40(8), for the programme; Smith and
    Achabal (1998), Clearance pricing and inventory policies for retail chains, Management
    Science 44(3), for its setting; classes of what was seen stand for the whole history as in
    Aviv and Pazgal (2005), A partially observed Markov decision process for dynamic pricing,
    Management Science 51(9).

    >>> from newretail_ml.panel import Periods
    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> keys = pd.DataFrame({"item_id": ["coat"]})
    >>> paths = np.random.default_rng(0).poisson(3.0, (1, 100, 4)).astype(float)
    >>> forecast = Forecast(keys, Periods.spanning("2026-01-05", "2026-02-01", "W"), paths)
    >>> response = ConstantElasticity([3.0], [100.0], [-2.5], keys=keys)
    >>> state = keys.assign(on_hand=24, salvage_value=10.0)
    >>> plan = plan_markdowns(forecast, response, state, [100, 90, 80, 70, 60, 50])
    >>> plan.prices[["current_price", "price", "fixed_price"]].values.tolist()
    [[100.0, 80.0, 80.0]]
    """
    demand = response_of(response)
    rules = MarkdownRules() if rules is None else rules
    if not isinstance(rules, MarkdownRules):
        raise DataError(
            f"rules are a {type(rules).__name__}, not MarkdownRules",
            next_step="Write rules=MarkdownRules(every=2), for example.",
        )
    table = checked_state(state, forecast, demand, with_orders=with_orders)
    lasting = lasting_units(batches, table, list(forecast.keys.columns), forecast.periods)
    rows, lines = lines_of(
        table, forecast, demand, points, rules, lasting, planned_prices, (draws, random_state)
    )
    setting = Setting(
        rules.open_periods(forecast.periods),
        rules.most_changes,
        check_whole("grid", grid, at_least=2),
        check_whole("classes", classes, at_least=1),
        bool((lines.stock % 1 == 0).all()),
        random_state,
    )
    return told(table, rows, lines, planned(lines, setting), forecast, demand)
