"""The planner: today's orders of a whole chain, on the paths of its forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.planning import order_plan as o
from newretail_ml.replenishment.planning.coupling import coupling_of
from newretail_ml.replenishment.planning.deciding import Decisions, decide
from newretail_ml.replenishment.planning.lines import OPEN, Lines, lines_of
from newretail_ml.replenishment.planning.order_plan import OrderPlan
from newretail_ml.replenishment.planning.reasons import NO_FORECAST, NO_STOCK_RECORD, reasons
from newretail_ml.replenishment.planning.settling import settle
from newretail_ml.replenishment.planning.substituting import with_substitutes
from newretail_ml.replenishment.planning.supply import OrderRules, State, Supply
from newretail_ml.replenishment.planning.wide import wide_table
from newretail_ml.tables.parsing import row_of, to_text


def plan_orders(
    forecast: Forecast,
    state: State | pd.DataFrame,
    supply: Supply | pd.DataFrame | None = None,
    costs: pd.DataFrame | None = None,
    rules: OrderRules | None = None,
    *,
    backorders: bool = False,
    gap: float = 0.001,
    time_limit: float = 60.0,
) -> OrderPlan:
    """Today's orders with the largest expected profit under all rules, each with its reason.

    An order placed at the start of the first period arrives after its lead time and has to last
    until the next order arrives: with lead time 2 it is there at the start of the third period,
    with lead time 0 at once. Stock just before the arrival is followed on each path of the
    forecast: what is short until then is lost (or waits), open orders arrive, batches go off.
    Then holding, shortage and waste are charged for the periods between the two arrivals, which
    today's order alone can influence: the myopic policy, near-optimal for lost sales (Morton
    1971, Operations Research 19) and optimal for stationary backorders. Stock that later reviews
    would not have bought is charged too, so that the end of a promotion leaves no heap.

    Rules of a line (packs, pallets, minimum order, shelf, presentation, launch, delisting) are
    kept line by line. Rules over many lines (budget, room, suppliers' minimums, trucks) make one
    mixed-integer programme of all lines, solved to `gap`.

    Args:
        forecast: paths, at least until the next order of each line arrives.
        state: keys, on_hand (and on_order, which arrives in the first period), or a `State`
            with dated open orders and batches.
        supply: a `Supply`, or its terms alone: lead_time and review_period in periods,
            pack_size, pallet_size, minimum_units, minimum_value, shelf_capacity and
            presentation_minimum (units of expected stock at arrival, today's order included),
            volume, shelf_life, launch_date, delisting_date, supplier_id.
        costs: holding_cost of a unit left at the end of a period, shortage_cost of a unit short
            (by default unit_price - unit_cost), unit_cost, unit_price, salvage_value of a unit
            wasted or left at delisting, order_cost of a line ordered, left_over_cost of a unit
            that is left when the next order arrives, on top of its holding until then,
            transport_cost of a unit delivered.
        rules: budget, room and substitution.
        backorders: demand waits where stock is short, and costs shortage in each period.
        gap: profit given up for speed, as a share of the best that is possible.
        time_limit: seconds for the programme.

    With substitution, lines are planned once for themselves and once more with the demand that
    stock-outs send and with what substitutes earn of a unit short (Netessine and Rudi 2003,
    Operations Research 51); expected_demand then includes what is sent.

    Terms and costs are by any of the forecast's keys: by item, by location, by both. Columns
    that they leave out are looked for in the state, so that one wide table is enough.

    Returns:
        An `OrderPlan`: `orders`, `explain()` with shadow prices, `gap` and `bound`.

    Raises:
        DataError: a number is missing, out of its range or contradicts another, a key repeats, a
            supplier is not known, or the horizon is too short.
        InfeasibleError: the rules over many lines contradict one another.

    >>> from newretail_ml.panel import Periods
    >>> forecast = Forecast(pd.DataFrame({"item_id": ["tea"]}),
    ...                     Periods.spanning("2026-01-01", "2026-01-03", "D"),
    ...                     np.array([[[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]]], dtype=float))
    >>> state = pd.DataFrame({"item_id": ["tea"], "on_hand": [4]})
    >>> supply = pd.DataFrame({"lead_time": [2], "review_period": [1], "pack_size": [3]})
    >>> costs = pd.DataFrame({"holding_cost": [0.1], "shortage_cost": [2.0]})
    >>> plan = plan_orders(forecast, state, supply, costs)
    >>> plan.orders[["arrival", "expected_stock", "packs", "units"]].values.tolist()
    [[Timestamp('2026-01-03 00:00:00'), 0.25, 2, 6.0]]
    """
    state = state if isinstance(state, State) else State(state)
    supply = Supply(supply) if isinstance(supply, pd.DataFrame) else supply
    rules = OrderRules() if rules is None else rules
    keys = list(forecast.keys.columns)
    forecast = replace(forecast, keys=forecast.keys.apply(to_text))
    table = wide_table(state, supply, costs, keys)
    matched, unknown = _by_forecast(table, forecast, keys)
    lines = lines_of(matched, state, supply, forecast)
    _check_paths(lines, forecast)
    made = decide(lines, forecast, backorders=backorders)
    if rules.substitution is not None:
        lines, forecast = with_substitutes(lines, made, forecast, rules.substitution)
        made = decide(lines, forecast, backorders=backorders)
    coupling = coupling_of(lines, made, matched, unknown, supply, rules)
    settled = settle(
        lines,
        made,
        coupling,
        forecast,
        backorders=backorders,
        gap=gap,
        time_limit=time_limit,
    )
    orders = _orders(lines, made, matched, forecast)
    return OrderPlan(
        _listed(orders, unknown, forecast, keys), settled.profit, settled.bound, settled.rules
    )


def _by_forecast(
    table: pd.DataFrame, forecast: Forecast, keys: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    known = row_of(table, forecast.keys, keys) >= 0
    if len(known) and len(forecast.keys) and not known.any():
        raise DataError(
            f"none of its {len(table):,} rows is one of the {len(forecast.keys):,} series of the "
            "forecast",
            table="state",
            next_step=f"Write {' and '.join(keys)} as in the forecast.",
        )
    return table[known], table[~known]


def _check_paths(lines: Lines, forecast: Forecast) -> None:
    needed = int(lines.following[lines.status == OPEN].max(initial=0))
    if needed > forecast.horizon:
        raise DataError(
            f"the next orders arrive up to {needed} periods from now, and the forecast has "
            f"{forecast.horizon}",
            table="forecast",
            next_step=f"Forecast with a horizon of at least {needed} periods.",
        )
    if not (forecast.n_paths and np.isfinite(forecast.paths.sum(dtype=float))):
        raise DataError(
            "there are no paths, or some are not finite",
            table="forecast",
            next_step="Pass finite units for each series, path and period.",
        )


def _orders(lines: Lines, made: Decisions, table: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
    longest = int(lines.following.max(initial=0)) + 1
    dates = forecast.periods.resized(max(longest, forecast.horizon)).dates
    units = made.steps * lines.step
    served = np.divide(made.short, made.cycle, out=np.zeros(len(lines)), where=made.cycle > 0)
    return table.assign(
        **{
            o.ARRIVAL: dates[lines.arrival],
            c.ON_ORDER: lines.stock.on_order,
            o.EXPECTED_DEMAND: made.demand,
            o.EXPECTED_STOCK: made.stock,
            o.PACKS: np.round(units / lines.pack).astype(int),
            c.PACK_SIZE: lines.pack,
            c.UNITS: units,
            o.ORDER_VALUE: np.where(units > 0, units * lines.unit_cost, 0.0),
            o.FILL_RATE: np.where(np.isnan(made.cycle), np.nan, np.clip(1.0 - served, 0.0, 1.0)),
            o.EXPECTED_PROFIT: made.profit,
            o.BINDING_RULE: made.rule,
            o.RULE_COST: made.rule_cost,
            o.WHY: reasons(lines, made, table, dates),
        }
    )


def _listed(
    orders: pd.DataFrame, unknown: pd.DataFrame, forecast: Forecast, keys: list[str]
) -> pd.DataFrame:
    """The orders, and a line without an order for what lacks a forecast or a stock record."""
    named = pd.concat([orders[keys], unknown[keys]], ignore_index=True)
    uncounted = forecast.keys[row_of(forecast.keys, named, keys) < 0]
    empty: dict[str, object] = {
        o.PACKS: 0,
        c.UNITS: 0.0,
        o.ORDER_VALUE: 0.0,
        o.EXPECTED_PROFIT: 0.0,
    }
    empty |= {o.BINDING_RULE: "", o.RULE_COST: 0.0}
    parts = [
        orders,
        unknown.assign(**empty, **{o.WHY: NO_FORECAST}),
        uncounted.assign(**empty, **{o.WHY: NO_STOCK_RECORD}),
    ]
    columns = [*keys, *o.COLUMNS]
    listed = [part for part in parts if len(part)] or [orders]
    return pd.concat(listed).reindex(columns=columns).sort_values(keys, ignore_index=True)
