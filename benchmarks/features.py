"""Twenty features of a panel as large as M5's, beside mlforecast's `preprocess`.

Both sides make the same columns for the last 400 of 1,941 days of 30,490 series; on a few
series the values are compared first. mlforecast gets its best chance: float32, sorted
categorical ids, no checks of the data, no rows dropped, two threads. It computes a feature for
every row of its table, so it is also measured on a table cut to the rows that its longest window
needs, and so are we (there the exponentially weighted mean sees only those rows).

Times are taken in one process by turns. Peak memory is that of a forked child, less what it held
when it began: the panel and the tables.
"""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import median

import mlforecast
import mlforecast.lag_transforms as peer_features
import numpy as np
import pandas as pd
from mlforecast import MLForecast

from newretail_ml import features as f
from newretail_ml.panel import Panel, Periods

N_SERIES, N_PERIODS, N_TARGETS = 30_490, 1_941, 400
LONGEST_WINDOW = 56
N_THREADS = 2
N_PAIRS = 5
HALF_LIFE = 7.0

RECIPE = f.Recipe(
    [
        *(f.Lag(lag) for lag in (1, 7, 14, 28, 56)),
        *(f.RollingMean(window) for window in (7, 14, 28, 56)),
        *(f.RollingStd(window) for window in (7, 28)),
        f.RollingMin(28),
        f.RollingMax(28),
        f.ExponentialMean(HALF_LIFE),
        f.SeasonalMean(7, 4),
        f.SeasonalMean(7, 8),
        f.DayOfWeek(),
        f.DayOfMonth(),
        f.DayOfYear(),
        f.Month(),
    ]
)


def peer() -> MLForecast:
    """Mlforecast with the same features in the same order."""
    return MLForecast(
        models=[],
        freq="D",
        lags=[1, 7, 14, 28, 56],
        lag_transforms={
            1: [
                *(peer_features.RollingMean(window) for window in (7, 14, 28, 56)),
                *(peer_features.RollingStd(window) for window in (7, 28)),
                peer_features.RollingMin(28),
                peer_features.RollingMax(28),
                peer_features.ExponentiallyWeightedMean(1 - 0.5 ** (1 / HALF_LIFE)),
            ],
            7: [
                peer_features.SeasonalRollingMean(7, 4),
                peer_features.SeasonalRollingMean(7, 8),
            ],
        },
        date_features=["dayofweek", "day", "dayofyear", "month"],
        num_threads=N_THREADS,
    )


def made_panel(n_series: int) -> Panel:
    """Poisson sales at levels as different as a retailer's, nothing missing."""
    random = np.random.default_rng(0)
    levels = random.lognormal(0.0, 1.0, n_series)
    units = np.empty((n_series, N_PERIODS), dtype=np.float32)
    for row, level in zip(units, levels, strict=True):
        row[:] = random.poisson(level, N_PERIODS)
    return Panel(
        keys=pd.DataFrame({"item_id": [f"item_{number:05d}" for number in range(n_series)]}),
        periods=Periods(pd.Timestamp("2011-01-29"), N_PERIODS, "D"),
        units=units,
        censored=np.zeros(units.shape, dtype=bool),
        launch=np.zeros(n_series, dtype=np.int32),
        delisting=np.full(n_series, Panel.NEVER, dtype=np.int32),
    )


def last_periods(panel: Panel, n: int) -> Panel:
    """The panel without what came before its last ``n`` periods."""
    return replace(
        panel,
        periods=Periods(panel.periods.dates[-n], n, "D"),
        units=np.ascontiguousarray(panel.units[:, -n:]),
        censored=np.ascontiguousarray(panel.censored[:, -n:]),
    )


def long_table(panel: Panel) -> pd.DataFrame:
    """The panel as mlforecast reads it."""
    n_series, n_periods = panel.units.shape
    series = np.repeat(np.arange(n_series, dtype=np.int32), n_periods)
    return pd.DataFrame(
        {
            "unique_id": pd.Categorical.from_codes(series, panel.keys["item_id"]),
            "ds": np.tile(panel.periods.dates, n_series),
            "y": panel.units.ravel(),
        }
    )


def our_features(panel: Panel) -> np.ndarray:
    """(features, series, targets)."""
    targets = np.arange(panel.cut - N_TARGETS, panel.cut)
    return RECIPE.cube(panel, targets, n_threads=N_THREADS)


def peer_table(table: pd.DataFrame) -> pd.DataFrame:
    """One row a series and day, as mlforecast gives it."""
    return peer().preprocess(table, static_features=[], dropna=False, validate_data=False)


def check_same_values(panel: Panel) -> None:
    """Raise an AssertionError where the two sides do not make the same features."""
    ours = our_features(panel)
    table = peer_table(long_table(panel)).drop(columns=["unique_id", "ds", "y"])
    theirs = table.to_numpy(np.float64).reshape(panel.n_series, N_PERIODS, -1)[:, -N_TARGETS:]
    assert len(RECIPE.names) == len(table.columns) == 20
    for name, one, other in zip(RECIPE.names, ours, theirs.transpose(2, 0, 1), strict=True):
        # Means agree to float32; mlforecast's running variance, kept in float32, drifts more.
        tolerance = 2e-2 if name.startswith("rolling_std") else 1e-4
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=tolerance, err_msg=name)


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one run."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def peak_gigabytes(work: Callable[[], object]) -> float:
    """Most memory that a forked child held while it worked, less what it began with."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def child() -> None:
        before = _most_memory()
        work()
        sender.send(_most_memory() - before)

    process = context.Process(target=child)
    process.start()
    process.join()
    if process.exitcode:
        raise MemoryError(f"the child ended with exit code {process.exitcode}")
    return receiver.recv() / 1e9


def _most_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@dataclass(frozen=True)
class Side:
    """One way to make the features, and what it took."""

    name: str
    work: Callable[[], object]
    seconds: list[float]
    gigabytes: float


def measured(works: dict[str, Callable[[], object]]) -> list[Side]:
    """Memory first, then times by turns."""
    sides = [Side(name, work, [], peak_gigabytes(work)) for name, work in works.items()]
    for _ in range(N_PAIRS):
        for side in sides:
            side.seconds.append(seconds(side.work))
    return sides


def print_ratios(ours: Side, theirs: Side) -> None:
    """Ours over theirs: the median of the pairs, and the spread."""
    ratios = sorted(one / other for one, other in zip(ours.seconds, theirs.seconds, strict=True))
    memory = ours.gigabytes / theirs.gigabytes
    print(
        f"{ours.name} / {theirs.name}: time {median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}), peak memory {memory:.2f}"
    )


def main() -> None:
    check_same_values(made_panel(n_series=200))
    panel = made_panel(N_SERIES)
    cut_panel = last_periods(panel, N_TARGETS + LONGEST_WINDOW)
    table, cut_table = long_table(panel), long_table(cut_panel)
    sides = measured(
        {
            "newretail-ml, whole": lambda: our_features(panel),
            "mlforecast, whole": lambda: peer_table(table),
            "newretail-ml, cut": lambda: our_features(cut_panel),
            "mlforecast, cut": lambda: peer_table(cut_table),
        }
    )
    print(
        f"{len(RECIPE.names)} features for the last {N_TARGETS} of {N_PERIODS:,} days of "
        f"{N_SERIES:,} series, {N_THREADS} threads, median of {N_PAIRS} turns; "
        f"mlforecast {mlforecast.__version__}, numpy {np.__version__}\n"
    )
    print(f"{'':24}{'seconds':>10}{'peak GB':>10}")
    for side in sides:
        print(f"{side.name:24}{median(side.seconds):10.2f}{side.gigabytes:10.2f}")
    print("\nRatios, below 1 is in our favour:")
    ours, theirs, ours_cut, theirs_cut = sides
    print_ratios(ours, theirs)
    print_ratios(ours, theirs_cut)
    print_ratios(ours_cut, theirs_cut)


if __name__ == "__main__":
    main()
