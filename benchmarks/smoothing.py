"""Automatic exponential smoothing of all series at once, beside statsforecast's AutoETS.

Two tasks: the last 6 months of 2,674 car parts, and the last 28 days of the 500 items of UCI
Online Retail with most selling days. Both sides start from what they are used to (a panel, a
long table), fit, and forecast the same horizon; ours draws 200 paths a series besides, theirs
point forecasts alone. Theirs sees every row of its table; a panel begins with the first sale.
Both run on one core. Times are the medians of turns taken by turns.

The data is looked for in the folder that the first argument names, or ../shared/data.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import statsforecast
from statsforecast import StatsForecast
from statsforecast.models import AutoETS

from newretail_ml.forecasting import AutoExponentialSmoothing
from newretail_ml.forecasting.metrics import bias, mase, rmsse, wape
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

OUR_TURNS = 3


@dataclass(frozen=True)
class Task:
    """One panel, cut one horizon before its end."""

    name: str
    panel: Panel
    horizon: int
    freq: str

    @property
    def training(self) -> Panel:
        """What both sides see."""
        return self.panel.until(self.panel.cut - self.horizon)


def tasks(folder: Path) -> list[Task]:
    parts = Panel.from_frame(pd.read_parquet(folder / "carparts.parquet"), freq="M")
    tables = RetailTables.read(folder / "online_retail.parquet", mapping="online_retail")
    retail = Panel.from_tables(tables, by=("item_id",)).until("2011-12-08").most_sold(500)
    return [Task("car parts", parts, 6, "MS"), Task("Online Retail", retail, 28, "D")]


def long_table(panel: Panel) -> pd.DataFrame:
    """Every row that the source has, as statsforecast reads it."""
    rows, columns = np.nonzero(~np.isnan(panel.units))
    return pd.DataFrame(
        {
            "unique_id": pd.Categorical.from_codes(
                rows, [f"{n:06}" for n in range(panel.n_series)]
            ),
            "ds": panel.periods.dates[columns],
            "y": panel.units[rows, columns].astype(np.float64),
        }
    )


def ours(task: Task) -> np.ndarray:
    """(series, horizon) means of the paths."""
    return AutoExponentialSmoothing().fit(task.training).forecast(task.horizon).mean()


def theirs(task: Task, table: pd.DataFrame) -> np.ndarray:
    """(series, horizon) point forecasts, never negative."""
    model = AutoETS(season_length=task.panel.periods.season)
    forecast = StatsForecast([model], freq=task.freq, n_jobs=1).forecast(df=table, h=task.horizon)
    return np.maximum(forecast["AutoETS"].to_numpy().reshape(-1, task.horizon), 0.0)


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """What the work gives, and its wall-clock seconds."""
    begin = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin


def scores(task: Task, forecast: np.ndarray) -> list[float]:
    """RMSSE, MASE, WAPE, bias."""
    training = task.training
    actual = task.panel.units[:, training.cut :]
    history = training.units
    scaled = (
        rmsse(actual, forecast, history),
        mase(actual, forecast, history, 12 if task.freq == "MS" else 7),
    )
    return [
        *(float(np.nanmean(score)) for score in scaled),
        wape(actual, forecast),
        bias(actual, forecast),
    ]


def compare(task: Task) -> None:
    table = long_table(task.training)
    few = table[table["unique_id"].cat.codes < 3]
    theirs(task, few.assign(unique_id=few["unique_id"].astype(str)))
    turns = [timed(lambda: ours(task)) for _ in range(OUR_TURNS)]
    their_forecast, their_seconds = timed(lambda: theirs(task, table))
    our_forecast, our_seconds = turns[0][0], median(seconds for _, seconds in turns)
    n_series = task.panel.n_series
    print(
        f"\n{task.name}: {n_series:,} series x {task.training.cut} periods, horizon {task.horizon}"
    )
    print(f"{'':16}{'seconds':>9}{'series/s':>10}{'RMSSE':>9}{'MASE':>9}{'WAPE':>9}{'bias':>9}")
    for name, forecast, seconds in (
        ("newretail-ml", our_forecast, our_seconds),
        ("AutoETS", their_forecast, their_seconds),
    ):
        figures = "".join(f"{score:9.4f}" for score in scores(task, forecast))
        print(f"{name:16}{seconds:9.2f}{n_series / seconds:10.1f}{figures}")
    print(f"series per second, ours over theirs: {their_seconds / our_seconds:.1f}")


def main() -> int:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else beside
    if not folder.is_dir():
        print(f"skipped: there is no folder {folder}; name the one with the data")
        return 0
    print(f"statsforecast {statsforecast.__version__}, numpy {np.__version__}, one core")
    for task in tasks(folder):
        compare(task)
    return 0


if __name__ == "__main__":
    sys.exit(main())
