"""From tables to arrays: the lines that the programme plans."""

from __future__ import annotations

import numpy as np

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.markdown.lines import Lines
from newretail_ml.pricing.markdown.ratios import demand_ratios
from newretail_ml.pricing.markdown.rules import MarkdownRules
from newretail_ml.pricing.markdown.table import UNSOLD, Table
from newretail_ml.pricing.price_list.points import coins_of, ladders_of
from newretail_ml.pricing.response import DemandResponse

_DISCOUNTS = np.arange(0.0, 0.71, 0.1)


def lines_of(
    table: Table,
    forecast: Forecast,
    response: DemandResponse,
    points: object,
    rules: MarkdownRules,
    lasting: np.ndarray,
    planned_prices: np.ndarray | None,
    draws: tuple[int, int],
) -> tuple[np.ndarray, Lines]:
    """Rows of the table that are planned, and their arrays.

    Lines without a choice have today's price as their only point. Those of which the response
    sells nothing are told so in the table.

    Args:
        table: the state.
        forecast: paths.
        response: to prices.
        points: as given.
        rules: of markdown.
        lasting: (lines of the state, horizon) units that have not gone off.
        planned_prices: (series, horizon) of the paths, or None.
        draws: how many of the response, and their seed.
    """
    if forecast.n_paths < 2:
        raise DataError(
            "one path says nothing of chance",
            table="forecast",
            next_step="Forecast with a hundred paths or more.",
        )
    rows = table.planned
    current = table.column(c.CURRENT_PRICE)[rows]
    product = np.maximum(table.product[rows], 0)
    ladder = _ladder(table, rows, points, rules)
    number = check_whole("draws", draws[0], at_least=1)
    ratio = demand_ratios(response.sample(number, draws[1]), product, ladder, current)
    unsold = np.isnan(ratio).any(axis=(1, 2)) & (table.why_not[rows] == "")
    table.why_not[rows[unsold]] = UNSOLD
    fixed = table.why_not[rows] != ""
    ladder[fixed] = np.where(ladder[fixed] == current[fixed, None], ladder[fixed], np.nan)
    ratio[fixed] = 1.0
    ladder, ratio = _in_order(ladder, ratio)
    paths = forecast.paths[table.series[rows]].astype(np.float32)
    if planned_prices is not None:
        planned = _checked_plan(planned_prices, forecast)[table.series[rows]]
        planned[fixed] = current[fixed, None]
        there = demand_ratios([response], product, planned, current)
        paths = np.divide(paths, there, out=np.zeros_like(paths), where=there > 0)
    lines = Lines(
        table.column(c.ON_HAND)[rows],
        table.column(c.PERIODS_LEFT)[rows].astype(int),
        table.column(c.SALVAGE_VALUE)[rows],
        table.column(c.HOLDING_COST)[rows],
        ladder,
        np.nanargmin(np.abs(ladder - current[:, None]), axis=1) if len(rows) else rows,
        rules.moves(ladder),
        ratio.astype(np.float32),
        paths,
        lasting[rows],
    )
    return rows, lines


def _ladder(table: Table, rows: np.ndarray, points: object, rules: MarkdownRules) -> np.ndarray:
    """(lines, points) allowed prices in any order, today's among them; NaN in other places."""
    current = table.column(c.CURRENT_PRICE)[rows]
    if points is None:
        coin = coins_of(current)[:, None] if len(rows) else np.ones((0, 1))
        given = np.round(current[:, None] * (1 - _DISCOUNTS) / coin) * coin
    else:
        keys = table.frame[[name for name in c.SERIES_KEYS if name in table.frame]]
        given = ladders_of(points, keys, table.column(c.CURRENT_PRICE))[rows]
    lowest = np.maximum(table.column(c.MINIMUM_PRICE), table.column(c.SALVAGE_VALUE))[rows]
    lowest = np.maximum(lowest, rules.lowest_share * current)
    with np.errstate(invalid="ignore"):
        same = np.abs(given - current[:, None]) <= 1e-9 * current[:, None]
        good = (given >= lowest[:, None] - 1e-9) & ~same
        if rules.only_down:
            good &= given < current[:, None]
    return np.column_stack([np.where(good, given, np.nan), current])


def _in_order(ladder: np.ndarray, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Prices ascending, with their ratios, without columns that nobody needs."""
    order = np.argsort(ladder, axis=1)
    most = max(1, int((~np.isnan(ladder)).sum(axis=1).max(initial=1)))
    order = order[:, :most]
    return (
        np.take_along_axis(ladder, order, axis=1),
        np.take_along_axis(ratio, order[:, None], axis=2),
    )


def _checked_plan(planned_prices: object, forecast: Forecast) -> np.ndarray:
    planned = as_numbers("planned prices", planned_prices)
    wanted = (len(forecast.keys), forecast.horizon)
    if planned.shape != wanted or not (np.isfinite(planned) & (planned > 0)).all():
        raise DataError(
            f"planned prices have shape {planned.shape}, not (series, horizon) = {wanted}, or are "
            "not finite and above zero",
            next_step="Pass the plan that the forecast was made with.",
        )
    return planned.copy()
