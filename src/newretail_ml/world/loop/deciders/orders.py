"""Orders on the forecast that the view carries: by the usual rule, or by the planner."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment import State, plan_orders
from newretail_ml.world.loop.view import View

LEFT_OVER_REVIEWS = 0.75
_KEYS = [c.ITEM, c.LOCATION]


def orders_by_mean(view: View) -> pd.DataFrame:
    """Orders by the chain's usual rule, with mean forecasts in place of the moving average."""
    return usual_orders_on(view, forecast_of(view))


def planned_orders(view: View) -> pd.DataFrame:
    """Orders by `plan_orders` on the paths of the view's forecast.

    What is left at the end of a cycle costs holding for three quarters of a further review, as in
    `ForecastPolicy`. Lines that the forecast does not know yet are ordered by the usual rule.
    """
    return planned_on(view, forecast_of(view), LEFT_OVER_REVIEWS)


def forecast_of(view: View) -> Forecast:
    """The view's forecast.

    Raises:
        DataError: nobody makes one.
    """
    if view.forecast is None:
        raise DataError(
            "orders are to be made on a forecast, and nobody makes one",
            next_step="Pass Policies(forecast=...).",
        )
    return view.forecast


def usual_orders_on(view: View, forecast: Forecast) -> pd.DataFrame:
    """The usual rule on the forecast's mean over the days that each line's rule covers."""
    lines = view.stock
    row = rows_of(forecast, lines)
    known = row >= 0
    days = (lines[c.LEAD_TIME] + 1 + lines[c.REVIEW_PERIOD]).to_numpy()[known]
    days = np.minimum(days, forecast.horizon)
    total = np.cumsum(forecast.mean()[row[known]], axis=1)
    mean = total[np.arange(len(days)), days - 1] / days
    return view.usual_orders(lines.loc[known, _KEYS].assign(**{c.MEAN_SALES: mean}))


def planned_on(view: View, forecast: Forecast, left_over_reviews: float) -> pd.DataFrame:
    """Orders of the planner; of lines without a forecast, those of the usual rule."""
    lines = view.stock
    row = rows_of(forecast, lines)
    usual = view.usual_orders()
    if not (row >= 0).any():
        return usual
    known = lines[row >= 0].reset_index(drop=True)
    waits = left_over_reviews * known[c.REVIEW_PERIOD]
    stock = known.assign(**{c.LEFT_OVER_COST: waits * known[c.HOLDING_COST]})
    state = State(stock, *(_only(frame, known) for frame in (view.due, view.batches)))
    planned = plan_orders(forecast, state).orders
    unknown = _only(usual, lines[row < 0])
    return pd.concat([planned.loc[planned[c.UNITS] > 0, [*_KEYS, c.UNITS]], unknown])


def rows_of(forecast: Forecast, lines: pd.DataFrame) -> np.ndarray:
    """The series of each line, -1 where the forecast has none."""
    series = pd.MultiIndex.from_frame(forecast.keys[_KEYS].astype(str))
    return series.get_indexer(pd.MultiIndex.from_frame(lines[_KEYS].astype(str)))


def _only(frame: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The rows of some lines."""
    return frame.merge(lines[_KEYS], on=_KEYS)
