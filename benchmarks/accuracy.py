"""The default forecaster beside untuned peers: accuracy of the mean, and of the deciles.

On the tasks of `tasks.py`, everything with defaults, in one process. Peers that give points alone
have them repeated as every decile; AutoETS gives deciles of its own, set to zero where they are
negative. mlforecast's trees are recursive, on the lags and rolling means of its guides. Coverage is
that of `newretail_ml.forecasting.judging.calibration`; "inside" counts interval bounds as inside.

The data is looked for in the folder that the first argument names, or in ../shared/data.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from statsforecast import StatsForecast
from statsforecast.models import (
    IMAPA,
    TSB,
    AutoETS,
    CrostonSBA,
    OptimizedTheta,
    SeasonalNaive,
    SimpleExponentialSmoothingOptimized,
    WindowAverage,
)
from tasks import BESIDE, MISSING, Task, long_table, scores, tasks

from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import AutoForecaster
from newretail_ml.forecasting.judging.scores import all_metrics

DECILES = np.arange(1, 10) / 10
# Central intervals whose bounds are the deciles.
LEVELS = [20, 40, 60, 80]
WINDOWS = {"D": 28, "MS": 12}
LAGS = {"D": [1, 2, 3, 4, 5, 6, 7, 14, 21, 28], "MS": [1, 2, 3, 4, 5, 6, 12]}
ROLLING = {"D": (7, 28), "MS": (3, 12)}
DATES = {"D": ["dayofweek"], "MS": ["month"]}


def ours(task: Task) -> tuple[Forecast, AutoForecaster]:
    """The default, as it comes."""
    model = AutoForecaster(task.horizon).fit(task.training)
    return model.forecast(task.horizon), model


def statistical(task: Task, table: pd.DataFrame) -> pd.DataFrame:
    """Long table of points and of AutoETS's intervals."""
    season = task.panel.periods.season
    models = [
        SeasonalNaive(season),
        WindowAverage(WINDOWS[task.freq]),
        SimpleExponentialSmoothingOptimized(),
        OptimizedTheta(season_length=season),
        CrostonSBA(),
        TSB(0.1, 0.1),
        IMAPA(),
    ]
    points = StatsForecast(models, freq=task.freq, n_jobs=1).forecast(df=table, h=task.horizon)
    ets = StatsForecast([AutoETS(season_length=season)], freq=task.freq, n_jobs=1)
    intervals = ets.forecast(df=table, h=task.horizon, level=LEVELS)
    return points.merge(intervals, on=["unique_id", "ds"])


def trees(task: Task, table: pd.DataFrame) -> pd.DataFrame:
    """Long table of recursive forecasts by boosted trees."""
    settings = {"n_jobs": 1, "verbosity": -1, "random_state": 0}
    models = {
        f"LightGBM {name}": lightgbm.LGBMRegressor(objective=name, **settings)
        for name in ("poisson", "tweedie")
    }
    short, long = ROLLING[task.freq]
    forecaster = MLForecast(
        models,
        freq=task.freq,
        lags=LAGS[task.freq],
        lag_transforms={1: [RollingMean(short), RollingMean(long)]},
        date_features=DATES[task.freq],
    )
    return forecaster.fit(table, static_features=[]).predict(task.horizon)


def peers(task: Task) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, (series, horizon) points, (9, series, horizon) deciles of each peer."""
    table = long_table(task.training)
    found = statistical(task, table).merge(trees(task, table), on=["unique_id", "ds"])
    found = found.sort_values(["unique_id", "ds"])
    shape = (task.panel.n_series, task.horizon)
    names = [name for name in found if name not in ("unique_id", "ds") and "-" not in name]
    for name in names:
        points = np.maximum(found[name].to_numpy().reshape(shape), 0.0)
        columns = [name] * 9
        if f"{name}-lo-20" in found:
            low = [f"{name}-lo-{level}" for level in LEVELS[::-1]]
            columns = [*low, name, *(f"{name}-hi-{level}" for level in LEVELS)]
        deciles = np.stack([found[column].to_numpy().reshape(shape) for column in columns])
        yield name, points, np.maximum(deciles, 0.0)


def quantile_loss(actual: np.ndarray, deciles: np.ndarray) -> float:
    """Weighted quantile loss of the deciles."""
    over = actual - deciles
    level = DECILES[:, None, None]
    loss = 2 * np.maximum(level * over, (level - 1) * over).mean(axis=0)
    known = ~np.isnan(actual)
    return float(loss[known].sum() / actual[known].sum())


def compare(task: Task) -> None:
    """Print one table."""
    print(f"\n{task}")
    task.check()
    print(f"{'':28}{'RMSSE':>9}{'MASE':>9}{'WAPE':>9}{'bias':>9}{'WQL':>9}")
    forecast, model = ours(task)
    rows = [("newretail-ml", forecast.mean(), forecast.quantiles(DECILES)), *peers(task)]
    for name, points, deciles in rows:
        figures = [*scores(task, points), quantile_loss(task.actual, deciles)]
        print(f"{name:28}" + "".join(f"{figure:9.4f}" for figure in figures), flush=True)
    totals = [7, 28] if task.freq == "D" else [task.horizon]
    history, season = task.training.units, task.panel.periods.season
    metrics = all_metrics(task.actual, forecast, history, season, totals)
    for name, value in metrics.items():
        if "coverage" in name or "inside" in name:
            print(f"  {name:32}{value:7.3f}")
    print("  " + "\n  ".join(model.notes_))


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE
    if not folder.is_dir():
        print(MISSING)
        return 0
    for task in tasks(folder):
        compare(task)
    return 0


if __name__ == "__main__":
    sys.exit(main())
