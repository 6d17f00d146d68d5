"""Twenty-eight days of quantiles for a panel as large as M5's, beside mlforecast.

30,490 series of 400 days. Each side starts from what it is used to (a panel, a long table), makes
the same features, fits LightGBM with the same parameters and number of trees, and ends with the
deciles of every series for each of the next 28 days:

- ours holds the last weeks out to stop early and to see how far forecasts strayed, fits again on
  everything, and draws 200 joint paths a series, which are most of its memory; it learns from at
  most four million rows, which here are every third day. Beside it, one that learns from every
  day, as mlforecast does.
- mlforecast fits once on less than everything for conformal intervals, of two windows (the least
  it takes), and again on everything; its forecast is recursive. Beside it, one without intervals
  (so without quantiles), and one whose table is cut to as many training rows as ours has.

mlforecast gets its best chance: float32, sorted categorical ids, arrays in the place of frames,
no checks of the data, two threads. Each run is a forked child of its own, by turns; its peak
memory is what it held at most, less what it began with: the panel and the tables. Processor time
is told besides, which neighbours on the machine disturb less than the clock on the wall.

An argument sets another number of series.
"""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from statistics import median
from typing import Any

import lightgbm
import mlforecast
import mlforecast.lag_transforms as peer_features
import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.utils import PredictionIntervals

from newretail_ml import features as f
from newretail_ml.forecasting import LightGBMForecaster
from newretail_ml.panel import Panel, Periods

N_SERIES, N_PERIODS, HORIZON = 30_490, 400, 28
LONGEST_WINDOW = 56
N_TREES, LEARNING_RATE = 100, 0.02  # so low that early stopping leaves every tree
N_THREADS = 2
N_TURNS = 3
HALF_LIFE = 14.0
DECILES = [round(0.1 * k, 1) for k in range(1, 10)]
FEWER_ROWS = 4_000_000

RECIPE = f.Recipe(
    [
        f.SeasonalMean(7, 1),
        *(f.RollingMean(window) for window in (7, 14, 28, 56)),
        f.RollingStd(28),
        f.RollingMax(28),
        f.ExponentialMean(HALF_LIFE),
        f.SeasonalMean(7, 4),
        f.SeasonalMean(7, 8),
        f.DayOfWeek(),
        f.DayOfMonth(),
        f.Horizon(),  # one model for all horizons, where mlforecast goes one day at a time
    ]
)

# What LightGBMForecaster sets; `check_same_trees` compares.
TREES: dict[str, Any] = {
    "objective": "tweedie",
    "tweedie_variance_power": 1.2,
    "num_leaves": 31,
    "learning_rate": LEARNING_RATE,
    "max_bin": 63,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
    "num_threads": N_THREADS,
    "seed": 0,
}


def our_model(max_rows: int) -> LightGBMForecaster:
    """Our model with the features and trees of this comparison."""
    return LightGBMForecaster(
        HORIZON,
        recipe=RECIPE,
        max_rounds=N_TREES,
        learning_rate=LEARNING_RATE,
        max_rows=max_rows,
        n_threads=N_THREADS,
    )


def peer_model() -> MLForecast:
    """Mlforecast with the same features and trees."""
    return MLForecast(
        models={"trees": lightgbm.LGBMRegressor(n_estimators=N_TREES, **TREES)},
        freq="D",
        lags=[7],
        lag_transforms={
            1: [
                *(peer_features.RollingMean(window) for window in (7, 14, 28, 56)),
                peer_features.RollingStd(28),
                peer_features.RollingMax(28),
                peer_features.ExponentiallyWeightedMean(1 - 0.5 ** (1 / HALF_LIFE)),
            ],
            7: [
                peer_features.SeasonalRollingMean(7, 4),
                peer_features.SeasonalRollingMean(7, 8),
            ],
        },
        date_features=["dayofweek", "day"],
        num_threads=N_THREADS,
    )


def made_panel(n_series: int) -> Panel:
    """Negative binomial sales with a weekly season, at levels as different as a retailer's."""
    random = np.random.default_rng(0)
    levels = random.lognormal(0.0, 1.0, n_series)
    week = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.4, 0.9])[np.arange(N_PERIODS) % 7]
    units = np.empty((n_series, N_PERIODS), dtype=np.float32)
    for row, level in zip(units, levels, strict=True):
        row[:] = random.negative_binomial(2, 2 / (2 + level * week))
    return Panel(
        keys=pd.DataFrame({"item_id": [f"item_{number:05d}" for number in range(n_series)]}),
        periods=Periods(pd.Timestamp("2025-01-06"), N_PERIODS, "D"),
        units=units,
        censored=np.zeros(units.shape, dtype=bool),
        launch=np.zeros(n_series, dtype=np.int32),
        delisting=np.full(n_series, Panel.NEVER, dtype=np.int32),
    )


def long_table(panel: Panel, n_periods: int = N_PERIODS) -> pd.DataFrame:
    """The last periods of the panel as mlforecast reads them."""
    series = np.repeat(np.arange(panel.n_series, dtype=np.int32), n_periods)
    return pd.DataFrame(
        {
            "unique_id": pd.Categorical.from_codes(series, panel.keys["item_id"]),
            "ds": np.tile(panel.periods.dates[-n_periods:], panel.n_series),
            "y": panel.units[:, -n_periods:].ravel(),
        }
    )


def ours(panel: Panel, max_rows: int) -> np.ndarray:
    """(deciles, series, horizon)."""
    model = our_model(max_rows).fit(panel)
    _check_trees(model.boosters_[0])
    return model.forecast(HORIZON).quantiles(DECILES)


def theirs(table: pd.DataFrame, *, intervals: bool) -> np.ndarray:
    """(series x horizon, deciles), or the mean alone without intervals."""
    model = peer_model().fit(
        table,
        static_features=[],
        prediction_intervals=PredictionIntervals(n_windows=2, h=HORIZON) if intervals else None,
        as_numpy=True,
        validate_data=False,
        cache_train_df=False,
    )
    _check_trees(model.models_["trees"].booster_)
    made = model.predict(HORIZON, level=[20, 40, 60, 80] if intervals else None)
    return made.drop(columns=["unique_id", "ds"]).to_numpy()


def _check_trees(booster: lightgbm.Booster) -> None:
    assert booster.num_trees() == N_TREES, f"{booster.num_trees()} trees in the place of {N_TREES}"


def check_same_trees(panel: Panel) -> None:
    """Raise an AssertionError where the two sides do not tell LightGBM the same."""
    params = our_model(FEWER_ROWS).fit(panel).boosters_[0].params
    different = {name: params.get(name) for name, value in TREES.items() if params[name] != value}
    assert not different, f"ours sets {different}"


def check_same_features(panel: Panel) -> None:
    """Raise an AssertionError where the two sides do not make the same features."""
    # The two begin the exponential mean differently, which 300 days later no longer shows.
    targets = np.arange(N_PERIODS - 100, N_PERIODS)
    own = RECIPE.cube(panel, targets, n_threads=1)[:-1]
    table = peer_model().preprocess(long_table(panel), static_features=[], validate_data=False)
    columns = table.drop(columns=["unique_id", "ds", "y"]).to_numpy(np.float64)
    other = columns.reshape(panel.n_series, -1, columns.shape[1])[:, -100:].transpose(2, 0, 1)
    assert len(own) == len(other) == len(RECIPE.names) - 1
    for name, one, two in zip(RECIPE.names, own, other, strict=False):
        # Means agree to float32; mlforecast's running variance, kept in float32, drifts more.
        tolerance = 2e-2 if name.startswith("rolling_std") else 1e-4
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=tolerance, err_msg=name)


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds on the wall, of processors, and gigabytes at most."""

    seconds: float
    cpu_seconds: float
    gigabytes: float


def in_child(work: Callable[[], object]) -> Cost:
    """The cost of a forked child, less the memory that it began with."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def child() -> None:
        memory, begin, cpu = _most_memory(), time.perf_counter(), time.process_time()
        work()
        seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
        sender.send(Cost(seconds, cpu_seconds, (_most_memory() - memory) / 1e9))

    process = context.Process(target=child)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"the child ended with exit code {process.exitcode}")
    return receiver.recv()


def _most_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@dataclass(frozen=True)
class Side:
    """One way to the quantiles, and what it took in every turn."""

    name: str
    work: Callable[[], object]
    costs: list[Cost] = field(default_factory=list)

    def run(self) -> None:
        """One more turn."""
        cost = in_child(self.work)
        self.costs.append(cost)
        row = f"{cost.seconds:10.1f}{cost.cpu_seconds:10.1f}{cost.gigabytes:10.2f}"
        print(f"{self.name:28}{row}", flush=True)


def print_ratios(ours: Side, theirs: Side) -> None:
    """Ours over theirs: the median of the turns, and the spread of the time."""
    pairs = list(zip(ours.costs, theirs.costs, strict=True))
    time = sorted(one.seconds / two.seconds for one, two in pairs)
    cpu = median(one.cpu_seconds / two.cpu_seconds for one, two in pairs)
    memory = median(one.gigabytes / two.gigabytes for one, two in pairs)
    print(
        f"{ours.name} / {theirs.name}: time {median(time):.2f} "
        f"({time[0]:.2f} to {time[-1]:.2f}), processors {cpu:.2f}, peak memory {memory:.2f}"
    )


def main() -> None:
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else N_SERIES
    few = made_panel(n_series=200)
    in_child(lambda: check_same_trees(few))
    in_child(lambda: check_same_features(few))
    panel = made_panel(n_series)
    fewer_rows = FEWER_ROWS * n_series // N_SERIES
    table, cut = long_table(panel), long_table(panel, fewer_rows // n_series + LONGEST_WINDOW)
    fewer = Side("newretail-ml", lambda: ours(panel, fewer_rows))
    every = Side("newretail-ml, every day", lambda: ours(panel, n_series * N_PERIODS))
    peer = Side("mlforecast", lambda: theirs(table, intervals=True))
    point = Side("mlforecast, no quantiles", lambda: theirs(table, intervals=False))
    peer_cut = Side("mlforecast, as many rows", lambda: theirs(cut, intervals=True))
    print(
        f"{n_series:,} series x {N_PERIODS} days, horizon {HORIZON}, {len(RECIPE.names) - 1} "
        f"features, {N_TREES} trees of {TREES['num_leaves']} leaves, {N_THREADS} threads; "
        f"mlforecast {mlforecast.__version__}, lightgbm {lightgbm.__version__}, "
        f"numpy {np.__version__}\n"
    )
    print(f"{'every turn':28}{'seconds':>10}{'CPU s':>10}{'peak GB':>10}")
    for _ in range(N_TURNS):
        for side in (fewer, peer_cut, every, peer, point):
            side.run()
    print("\nRatios, below 1 is in our favour:")
    print_ratios(fewer, peer)
    print_ratios(fewer, point)
    print_ratios(fewer, peer_cut)
    print_ratios(every, peer)


if __name__ == "__main__":
    main()
