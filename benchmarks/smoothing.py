"""Automatic exponential smoothing of all series at once, beside statsforecast's AutoETS.

On the tasks of `tasks.py`. Each side starts from what it is used to (a panel, a long table), fits,
and forecasts the same horizon on one core; ours draws 200 paths a series besides, theirs gives
point forecasts alone, set to zero where they are negative. Theirs sees every row of its table, a
panel every period after the first sale. Our time is the median of three runs; theirs of one, after
a small one that compiles and imports. Both run in this process, and seconds are its processor time,
which neighbours on the machine disturb less than the clock on the wall.

The data is looked for in the folder that the first argument names, or in ../shared/data.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import statsforecast
from statsforecast import StatsForecast
from statsforecast.models import AutoETS
from tasks import BESIDE, MISSING, Task, long_table, scores, tasks

from newretail_ml.forecasting import AutoExponentialSmoothing

N_RUNS = 3
OURS = {
    "newretail-ml": AutoExponentialSmoothing(),
    "  without trends": AutoExponentialSmoothing(trends=("none",)),
}
PEER = "AutoETS"


def ours(model: AutoExponentialSmoothing, task: Task) -> np.ndarray:
    """(series, horizon) means of the paths."""
    return model.clone().fit(task.training).forecast(task.horizon).mean()


def theirs(task: Task, table: pd.DataFrame) -> np.ndarray:
    """(series, horizon) point forecasts, never negative."""
    model = AutoETS(season_length=task.panel.periods.season)
    forecast = StatsForecast([model], freq=task.freq, n_jobs=1).forecast(df=table, h=task.horizon)
    return np.maximum(forecast[PEER].to_numpy().reshape(-1, task.horizon), 0.0)


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """What the work gives, and the seconds of processor time that it took."""
    begin = time.process_time()
    result = work()
    return result, time.process_time() - begin


def our_runs(model: AutoExponentialSmoothing, task: Task) -> tuple[np.ndarray, float]:
    """The forecast, and the median of the seconds."""
    runs = [timed(lambda: ours(model, task)) for _ in range(N_RUNS)]
    return runs[0][0], median(seconds for _, seconds in runs)


def compare(task: Task) -> None:
    """Print one table: seconds, series a second, accuracy."""
    n_series = task.panel.n_series
    table = long_table(task.training)
    theirs(task, table[table["unique_id"] < "000003"])
    results = {name: our_runs(model, task) for name, model in OURS.items()}
    results[PEER] = timed(lambda: theirs(task, table))
    print(f"\n{task}")
    task.check()
    print(f"{'':18}{'seconds':>9}{'series/s':>10}{'RMSSE':>9}{'MASE':>9}{'WAPE':>9}{'bias':>9}")
    for name, (forecast, seconds) in results.items():
        figures = "".join(f"{score:9.4f}" for score in scores(task, forecast))
        print(f"{name:18}{seconds:9.2f}{n_series / seconds:10.1f}{figures}")
    for name in OURS:
        ratio = results[PEER][1] / results[name][1]
        print(f"{name.strip()} / {PEER}: {ratio:.1f} times the series per second")


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE
    if not folder.is_dir():
        print(MISSING)
        return 0
    print(f"statsforecast {statsforecast.__version__}, numpy {np.__version__}, one core")
    for task in tasks(folder):
        compare(task)
    return 0


if __name__ == "__main__":
    sys.exit(main())
