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
NEW_DAYS = 28
_KEYS = [c.ITEM, c.LOCATION]


def orders_by_mean(view: View) -> pd.DataFrame:
    """Orders by the chain's usual rule, with mean forecasts in place of the moving average."""
    return usual_orders_on(view, forecast_of(view))


def planned_orders(view: View) -> pd.DataFrame:
    """Orders by `plan_orders` on the paths of the view's forecast.

    What is left at the end of a cycle costs holding for three quarters of a further review, as in
    `ForecastPolicy`. A unit short costs its margin at the prices that are planned for the days
    that the order is for. An item is kept on the shelf for its first four weeks, whatever is
    expected of it: of what was never there nothing can be learned. Lines that the forecast does
    not know are ordered by the usual rule.
    """
    return planned_on(view, forecast_of(view), left_over_reviews=LEFT_OVER_REVIEWS)


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


def planned_on(
    view: View, forecast: Forecast, *, left_over_reviews: float = 0.0, further_days: int = 0
) -> pd.DataFrame:
    """Orders of the planner; of lines without a forecast, those of the usual rule.

    Args:
        view: of the evening.
        forecast: from tomorrow on.
        left_over_reviews: further reviews for which what is left over costs holding.
        further_days: days for which an order lasts, beyond the arrival of the next one, where
            goods keep; half their shelf life at most.
    """
    lines = view.stock
    row = rows_of(forecast, lines)
    usual = view.usual_orders()
    if not (row >= 0).any():
        return usual
    known = lines[row >= 0].reset_index(drop=True)
    left_over = left_over_reviews * known[c.REVIEW_PERIOD] * known[c.HOLDING_COST]
    half_life = (known[c.SHELF_LIFE].astype(float) // 2).fillna(further_days)
    lasts = known[c.REVIEW_PERIOD] + np.minimum(half_life, further_days).astype(int)
    new = known[c.LAUNCH_DATE] > view.date - pd.Timedelta(days=NEW_DAYS)
    stock = known.assign(
        **{
            c.PRESENTATION_MINIMUM: new.astype(float),
            c.LEFT_OVER_COST: left_over,
            c.REVIEW_PERIOD: lasts,
            c.SHORTAGE_COST: _margin_of_cycle(view, known),
        }
    )
    state = State(stock, *(_only(frame, known) for frame in (view.due, view.batches)))
    planned = plan_orders(forecast, state).orders
    unknown = _only(usual, lines[row < 0])
    return pd.concat([planned.loc[planned[c.UNITS] > 0, [*_KEYS, c.UNITS]], unknown])


def rows_of(forecast: Forecast, lines: pd.DataFrame) -> np.ndarray:
    """The series of each line, -1 where the forecast has none."""
    series = pd.MultiIndex.from_frame(forecast.keys[_KEYS].astype(str))
    return series.get_indexer(pd.MultiIndex.from_frame(lines[_KEYS].astype(str)))


def _margin_of_cycle(view: View, lines: pd.DataFrame) -> np.ndarray:
    """What a unit earns at the planned prices, between an order's arrival and the next one's."""
    first = lines[c.LEAD_TIME].to_numpy()
    after = first + lines[c.REVIEW_PERIOD].to_numpy()
    price = view.planned_prices(lines, int(after.max()))
    day = np.minimum(np.arange(after.max()), price.shape[1] - 1)
    covered = (np.arange(after.max()) >= first[:, None]) & (np.arange(after.max()) < after[:, None])
    mean = np.where(covered, price[:, day], 0.0).sum(axis=1) / covered.sum(axis=1)
    return np.maximum(mean - lines[c.UNIT_COST].to_numpy(), 0.0)


def _only(frame: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The rows of some lines."""
    return frame.merge(lines[_KEYS], on=_KEYS)
