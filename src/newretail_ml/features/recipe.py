"""The recipe: an ordered list of features, computed by one piece of code for every use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features.base import Feature, HistoryFeature
from newretail_ml.features.block import Block, Rows, Source
from newretail_ml.features.series import ByGroup, Static
from newretail_ml.panel import Panel

_CELLS_A_BLOCK = 300_000


class Recipe:
    """An ordered list of features.

    A row of the matrix is a series, a target period and a horizon; its origin, the last period
    that may be looked at, lies ``horizon`` periods before the target. Training asks for many
    targets in the past, prediction for one origin and several horizons, and both get their
    rows from `cube`.

    Args:
        features: the features, with distinct names.

    >>> from newretail_ml.features import DayOfWeek, Lag, RollingMean
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-01", periods=4),
    ...                       "units": [1.0, 2.0, 3.0, 4.0]})
    >>> recipe = Recipe([Lag(1), RollingMean(2), DayOfWeek()])
    >>> recipe.frame(Panel.from_frame(frame), ["2026-01-04", "2026-01-05"])
      item_id       date  lag_1  rolling_mean_2  day_of_week
    0     tea 2026-01-04    3.0             2.5          6.0
    1     tea 2026-01-05    4.0             3.5          0.0
    """

    def __init__(self, features: Iterable[Feature]) -> None:
        self.features = tuple(features)
        names = self.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(
                f"the recipe holds {', '.join(twice)} twice", next_step="Drop the second one."
            )

    @property
    def names(self) -> list[str]:
        """Name of each column."""
        return [feature.name for feature in self.features]

    def cube(
        self,
        panel: Panel,
        targets: np.ndarray,
        horizons: np.ndarray | int = 1,
        *,
        n_threads: int | None = None,
    ) -> np.ndarray:
        """(features, series, rows) float32 values.

        Args:
            panel: cut at what may be known.
            targets: (rows,) target periods.
            horizons: (rows,) or one number; every origin must lie inside the known sales.
            n_threads: series are shared out over so many threads; the result is the same.

        Raises:
            DataError: a target lies further ahead than its horizon says.
        """
        targets = np.asarray(targets, dtype=np.int64)
        rows = Rows(targets, np.broadcast_to(np.asarray(horizons, np.int64), targets.shape))
        _check_origins(panel, rows)
        panel = panel.reaching(int(targets.max()) + 1)
        cube = np.empty((len(self.features), panel.n_series, len(rows)), dtype=np.float32)
        source, end = Source(panel), int(rows.origins.max()) + 1
        groups = self._by_first_period(rows)
        for first, positions in groups.items():
            self._prepare(positions, source.block(slice(0, 0), first, end))

        def work(series: slice) -> None:
            for first, positions in groups.items():
                block = source.block(series, first, end)
                for position in positions:
                    cube[position, series] = self.features[position].values(block, rows)

        widest = end - min(groups, default=0) + len(rows)
        _each(work, list(_slices(panel.n_series, max(_CELLS_A_BLOCK // widest, 1))), n_threads)
        return cube

    def fixed(self, panel: Panel) -> Recipe:
        """The recipe with category labels fixed as they are in a panel."""
        return Recipe(
            feature.fixed(panel) if isinstance(feature, Static) else feature
            for feature in self.features
        )

    def frame(self, panel: Panel, dates: Iterable[object], horizon: int = 1) -> pd.DataFrame:
        """The rows of some target dates as a DataFrame: keys, date, one column a feature."""
        targets = panel.periods.position(list(dates))
        cube = self.cube(panel, targets, horizon)
        frame = panel.keys.loc[panel.keys.index.repeat(len(targets))].reset_index(drop=True)
        calendar = panel.periods.resized(int(targets.max()) + 1).dates
        frame[c.DATE] = np.tile(calendar[targets], panel.n_series)
        values = pd.DataFrame(cube.reshape(len(cube), -1).T, columns=self.names)
        return pd.concat([frame, values], axis=1)

    def _prepare(self, positions: list[int], empty: Block) -> None:
        for position in positions:
            feature = self.features[position]
            if isinstance(feature, ByGroup):
                feature.prepare(empty)

    def _by_first_period(self, rows: Rows) -> dict[int, list[int]]:
        """Positions of the features by the first period they need."""
        far = [
            feature.delay(rows.horizons) + feature.reach - 1
            for feature in self.features
            if isinstance(feature, HistoryFeature) and feature.reach is not None
        ]
        near = max(int(min((rows.targets - back).min() for back in far)), 0) if far else 0
        groups: dict[int, list[int]] = {}
        for position, feature in enumerate(self.features):
            whole = isinstance(feature, HistoryFeature) and feature.reach is None
            groups.setdefault(0 if whole else near, []).append(position)
        return groups

    def __repr__(self) -> str:
        return f"Recipe({', '.join(self.names)})"


def _each(work: Callable[[slice], None], parts: list[slice], n_threads: int | None) -> None:
    """Do the work on every part; starting threads takes longer than a single one does."""
    n_threads = min(n_threads or min(os.cpu_count() or 1, 8), len(parts))
    if n_threads <= 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, parts))


def _check_origins(panel: Panel, rows: Rows) -> None:
    if len(rows) == 0:
        raise DataError("no target periods were asked for", next_step="Pass at least one.")
    origins = rows.origins
    if origins.max() >= panel.cut or origins.min() < 0 or rows.horizons.min() < 1:
        raise DataError(
            f"origins {origins.min()} to {origins.max()} were asked of a panel whose sales are "
            f"known for periods 0 to {panel.cut - 1}",
            table="panel",
            next_step="Raise the horizon, so that each target less its horizon is a known period.",
        )


def _slices(n: int, size: int) -> Iterator[slice]:
    for begin in range(0, n, size):
        yield slice(begin, min(begin + size, n))
