"""A forecast from a long frame: of sample paths, or of quantiles made elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast.forecast import Forecast
from newretail_ml.panel.periods import Periods, infer_frequency


def forecast_from_frame(
    cls: type[Forecast],
    frame: pd.DataFrame,
    freq: str | None,
    n_paths: int,
    autocorrelation: float,
    random_state: int,
) -> Forecast:
    """See `Forecast.from_frame`."""
    key_columns, within = _keys_of(frame), [c.PATH] if c.PATH in frame else []
    frame = frame.assign(**{c.DATE: pd.to_datetime(frame[c.DATE])})
    freq = freq or infer_frequency(frame[c.DATE])
    periods = Periods.spanning(frame[c.DATE].min(), frame[c.DATE].max(), freq)
    ordered = frame.sort_values([*key_columns, *within, c.DATE], kind="stable")
    keys = ordered[key_columns].drop_duplicates().reset_index(drop=True)
    n_within = frame[c.PATH].nunique() if within else 1
    repeated = ordered.duplicated([*key_columns, *within, c.DATE]).any()
    if repeated or len(frame) != len(keys) * n_within * len(periods):
        raise DataError(
            "the series do not all cover the same periods and paths",
            table="forecast",
            next_step="Pass one row for each series, period and path.",
        )
    if within:
        cube = _demand(ordered, [c.UNITS]).astype(np.float32)
        return cls(keys, periods, cube.reshape(len(keys), n_within, len(periods)))
    marginals = _quantile_cube(ordered, len(keys), len(periods))
    return cls(keys, periods, _drawn(*marginals, n_paths, autocorrelation, random_state))


def _keys_of(frame: pd.DataFrame) -> list[str]:
    key_columns = [name for name in c.SERIES_KEYS if name in frame]
    if frame.empty or c.ITEM not in frame or c.DATE not in frame:
        raise DataError(
            f"there are no rows with {c.ITEM} and {c.DATE}",
            table="forecast",
            next_step="Pass one row for each series and period.",
        )
    return key_columns


def _demand(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """(rows, columns) values that are numbers; what falls below zero counts as zero."""
    values = frame[columns].to_numpy(float)
    if not np.isfinite(values).all():
        raise DataError(
            f"values of {', '.join(columns)} are missing or infinite",
            table="forecast",
            next_step="Fill them, or leave the series out.",
        )
    return np.maximum(values, 0.0)


def _quantile_cube(
    ordered: pd.DataFrame, n_series: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    columns = {float(name[1:]): name for name in ordered if _is_quantile(name)}
    levels = sorted(columns)
    if len(levels) < 2 or levels[-1] > 1:
        raise DataError(
            "there are fewer than two quantile columns, or one of a level above 1",
            table="forecast",
            next_step="Name them q0.1, q0.5, ..., or pass columns path and units.",
        )
    values = np.sort(_demand(ordered, [columns[level] for level in levels]), axis=1)
    return np.array(levels), values.reshape(n_series, horizon, len(levels))


def _is_quantile(name: object) -> bool:
    text = str(name)
    return text.startswith("q") and text[1:].replace(".", "", 1).isdigit()


def _drawn(
    levels: np.ndarray, values: np.ndarray, n_paths: int, autocorrelation: float, random_state: int
) -> np.ndarray:
    """Paths with the given marginals and a Gaussian copula of order one over the horizon."""
    if not -1 <= autocorrelation <= 1:
        raise DataError(
            f"the autocorrelation {autocorrelation} is not a correlation",
            next_step="Pass a number from -1 to 1.",
        )
    n_series, horizon, _ = values.shape
    noise = np.random.default_rng(random_state).standard_normal((horizon, n_series, n_paths))
    for step in range(1, horizon):
        fresh = np.sqrt(1 - autocorrelation**2) * noise[step]
        noise[step] = autocorrelation * noise[step - 1] + fresh
    paths = np.empty((n_series, n_paths, horizon), dtype=np.float32)
    ranks = ndtr(noise)
    for series in range(n_series):
        for step in range(horizon):
            paths[series, :, step] = np.interp(ranks[step, series], levels, values[series, step])
    return paths
