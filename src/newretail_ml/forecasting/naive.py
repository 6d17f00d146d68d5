"""The baselines that every model has to beat."""

from __future__ import annotations

import numpy as np

from newretail_ml.features import ExpandingMean, HistoryFeature, Recipe, RollingMean, SeasonalMean
from newretail_ml.forecasting.base import PointForecaster, mean_sales
from newretail_ml.panel import Panel

_WINDOWS = {"D": 28, "W": 13, "M": 12}


class SeasonalNaive(PointForecaster):
    """The last known demand in the same phase of the season: next Friday is like last Friday.

    Args:
        season: periods in a season; by default 7 days, 52 weeks or 12 months.

    >>> import pandas as pd
    >>> week = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=70),
    ...                      "units": [1, 2, 3, 4, 5, 6, 0] * 10})
    >>> SeasonalNaive().fit(Panel.from_frame(week)).forecast(7).mean().tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0]]
    """

    def __init__(self, season: int | None = None) -> None:
        self.season = season

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        season = self.season or panel.periods.season
        further_back = (SeasonalMean(season, n) for n in (1, 2, 3, 4))
        return _first_known(panel, horizon, *further_back)


class MovingAverage(PointForecaster):
    """The mean of the last known demands, the same for every period to come.

    Args:
        window: periods to average; by default 28 days, 13 weeks or 12 months.
    """

    def __init__(self, window: int | None = None) -> None:
        self.window = window

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        return _first_known(
            panel, horizon, RollingMean(self.window or _WINDOWS[panel.periods.freq])
        )


class SeasonalAverage(PointForecaster):
    """The mean of the last ``n`` known demands in the same phase of the season.

    Args:
        n: seasons to average.
        season: periods in a season; by default 7 days, 52 weeks or 12 months.
    """

    def __init__(self, n: int = 4, season: int | None = None) -> None:
        self.n = n
        self.season = season

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        season = self.season or panel.periods.season
        return _first_known(panel, horizon, SeasonalMean(season, self.n))


def _first_known(panel: Panel, horizon: int, *features: HistoryFeature) -> np.ndarray:
    """(series, horizon) the first feature that is known; the mean of all history if none is.

    Demand that was never seen, because stock always ran out, is at least what was sold.
    """
    steps = np.arange(1, horizon + 1)
    recipe = Recipe([*features, ExpandingMean()])
    mean = np.repeat(mean_sales(panel)[:, None], horizon, axis=1)
    for values in recipe.cube(panel, panel.cut - 1 + steps, steps)[::-1]:
        mean = np.where(np.isnan(values), mean, values)
    return mean
