"""From arrays to tables: prices with their reasons, and the path of prices to come."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.markdown import markdown_plan as m
from newretail_ml.pricing.markdown.chunks import Summary
from newretail_ml.pricing.markdown.lines import Lines
from newretail_ml.pricing.markdown.reasons import reasons
from newretail_ml.pricing.markdown.table import Table
from newretail_ml.pricing.response import DemandResponse


def told(
    table: Table,
    rows: np.ndarray,
    lines: Lines,
    made: Summary,
    forecast: Forecast,
    response: DemandResponse,
) -> m.MarkdownPlan:
    """The plan as tables.

    Args:
        table: the state.
        rows: its lines that were planned.
        lines: their arrays.
        made: their plans.
        forecast: for its keys and dates.
        response: for what it has seen.
    """
    keys = table.frame[list(forecast.keys.columns)]
    current = table.column(c.CURRENT_PRICE)
    price = current.copy()
    price[rows] = lines.prices[np.arange(len(rows)), made.first]
    prices = keys.assign(
        **{
            c.ON_HAND: table.column(c.ON_HAND),
            c.PERIODS_LEFT: table.column(c.PERIODS_LEFT).astype(int),
            c.CURRENT_PRICE: current,
            c.PRICE: price,
            m.CHANGE: price / current - 1,
        }
    )
    money = _money(table, rows, lines, made)
    for name in m.MONEY:
        values = np.full(len(prices), np.nan)
        values[rows] = money[name]
        prices[name] = values
    prices[m.SEEN] = _seen(table, rows, lines, made, response)
    why = table.why_not.copy()
    why[rows] = [
        told or chosen for told, chosen in zip(why[rows], reasons(lines, made), strict=True)
    ]
    prices[m.WHY] = why
    return m.MarkdownPlan(prices, _path(keys, rows, lines, made, forecast))


def _money(table: Table, rows: np.ndarray, lines: Lines, made: Summary) -> dict[str, np.ndarray]:
    spent = table.column(c.UNIT_COST)[rows] * lines.stock
    return {
        m.EXPECTED_UNITS: lines.stock - made.left - made.waste,
        m.EXPECTED_LEFT: made.left,
        m.EXPECTED_WASTE: made.waste,
        m.EXPECTED_REVENUE: made.revenue,
        m.EXPECTED_SALVAGE: made.salvage,
        m.EXPECTED_PROFIT: made.profit - spent,
        m.FIXED_PRICE: lines.prices[np.arange(len(rows)), made.fixed],
        m.FIXED_PROFIT: made.fixed_profit - spent,
        m.UNCHANGED_PROFIT: made.unchanged - spent,
        m.GAIN_ON_FIXED: made.profit - made.fixed_profit,
        m.GAIN_ON_UNCHANGED: made.profit - made.unchanged,
        m.GAIN_ERROR: made.gain_error,
        m.BOUND: made.bound - spent,
    }


def _seen(
    table: Table, rows: np.ndarray, lines: Lines, made: Summary, response: DemandResponse
) -> np.ndarray:
    """(lines of the state,) whether the plan charges no price that the data has not seen."""
    product = np.maximum(table.product[rows], 0)
    low, high = response.evidence.lowest[product], response.evidence.highest[product]
    with np.errstate(invalid="ignore"):
        outside = (lines.prices < low[:, None] * 0.999) | (lines.prices > high[:, None] * 1.001)
    seen = np.ones(len(table.frame), bool)
    seen[rows] = ~(outside & made.reach).any(axis=1)
    return seen


def _path(
    keys: pd.DataFrame, rows: np.ndarray, lines: Lines, made: Summary, forecast: Forecast
) -> pd.DataFrame:
    line, period = np.nonzero(np.arange(forecast.horizon) < lines.periods[:, None])
    frame = keys.iloc[rows[line]].reset_index(drop=True)
    return frame.assign(
        **{
            c.DATE: forecast.periods.dates[period],
            c.PRICE: lines.prices[line, made.usual[line, period]],
            m.MEAN_PRICE: made.mean_price[line, period],
            m.EXPECTED_STOCK: made.stock[line, period],
            m.EXPECTED_UNITS: made.units[line, period],
        }
    )
