"""Classes of series, so that a planner sees where a model fails.

Sources: ABC by Pareto's rule and XYZ by the coefficient of variation as in Scholz-Reiter, Heger,
Meinecke and Bergmann (2012), "Integration of demand forecasts in ABC-XYZ analysis", International
Journal of Productivity and Performance Management 61, 445-451; the kind of demand by Syntetos,
Boylan and Croston (2005), "On the categorization of demand patterns", Journal of the Operational
Research Society 56, 495-503.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.scores import (
    ABSOLUTE_UNITS,
    BIAS_UNITS,
    CRPS_UNITS,
    KNOWN_PERIODS,
    QUANTILE_UNITS,
)
from newretail_ml.panel import Panel

ABC, XYZ, DEMAND, NEW = "abc", "xyz", "demand", "new"
UNKNOWN = "unknown"
CLASSES = {
    ABC: ("A", "B", "C"),
    XYZ: ("X", "Y", "Z", UNKNOWN),
    DEMAND: ("smooth", "erratic", "intermittent", "lumpy", UNKNOWN),
    NEW: ("new", "established"),
}
_A, _B = 0.80, 0.95
_X, _Y = 0.5, 1.0
_LONGEST_INTERVAL, _LARGEST_VARIATION = 1.32, 0.49
_QUARTER = {"D": 91, "W": 13, "M": 3}
_RATIOS = {
    "wape": ABSOLUTE_UNITS,
    "bias": BIAS_UNITS,
    "weighted_quantile_loss": QUANTILE_UNITS,
    "crps": CRPS_UNITS,
}


def segments(
    panel: Panel, revenue: np.ndarray | None = None, *, new_within: int | None = None
) -> pd.DataFrame:
    """Classes of each series, by what the panel knows.

    To judge forecasts, pass the panel as it was at the first cut: ``segments(panel.until(cut))``.

    Args:
        panel: history.
        revenue: (series,) weight for the ABC classes; by default units times price where there
            is a price plan, and units where there is none.
        new_within: a series that has been on sale for fewer periods is new; by default a quarter
            of a year. One that is on sale from the first period of the panel on may be old.

    Returns:
        One row a series: keys, and

        - ``revenue``; ``abc``: A for the largest series that make up 80% of it, B up to 95%;
        - ``variation``: coefficient of variation of demand by week (by period where the panel is
          not daily); ``xyz``: X below 0.5, Y below 1, Z;
        - ``interval``: periods on sale over periods with demand; ``size_variation``: squared
          coefficient of variation of demand where there is any; ``demand``: smooth, erratic,
          intermittent (interval of 1.32 or more) or lumpy (and size variation of .49 or more);
        - ``new``: "new" or "established".

        Classes are ordered; one is "unknown" where a series shows too little for it.

    Raises:
        DataError: revenue has not one finite value a series.

    >>> days = pd.date_range("2026-01-05", periods=56)
    >>> tea = pd.DataFrame({"unique_id": "tea", "ds": days, "y": [2, 4, 3, 3, 5, 9, 0] * 8})
    >>> urn = pd.DataFrame({"unique_id": "urn", "ds": days, "y": [1, *[0] * 27] * 2})
    >>> panel = Panel.from_frame(pd.concat([tea, urn]))
    >>> segments(panel)[["item_id", "abc", "xyz", "demand", "new"]]
      item_id abc xyz        demand          new
    0     tea   A   X        smooth  established
    1     urn   C   Z  intermittent  established
    """
    frame = panel.keys.reset_index(drop=True).copy()
    frame[c.REVENUE] = _revenue(panel) if revenue is None else _checked(revenue, panel)
    frame[ABC] = _pareto(frame[c.REVENUE].to_numpy())
    frame["variation"] = _variation(panel)
    frame[XYZ] = _labels(frame["variation"], (_X, _Y), ("X", "Y", "Z"))
    frame["interval"], frame["size_variation"] = _intermittence(panel)
    frame[DEMAND] = _demand_class(frame["interval"], frame["size_variation"])
    age = np.minimum(panel.delisting, panel.cut) - panel.start
    limit = _QUARTER[panel.periods.freq] if new_within is None else new_within
    frame[NEW] = np.where((age < limit) & (panel.start > 0), "new", "established")
    ordered = {name: pd.CategoricalDtype(classes, True) for name, classes in CLASSES.items()}
    return frame.astype(ordered)


def scores_by_segment(
    by_series: pd.DataFrame, labels: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame:
    """Scores of each model and class of series; see `Backtest.by_segment`."""
    by = list(by)
    _check(by_series, labels, by)
    keys = [key for key in c.SERIES_KEYS if key in by_series]
    table = by_series.merge(labels[[*keys, *by]], "left", keys, validate="many_to_one")
    lost = table[by].isna().any(axis=1)
    if lost.any():
        raise DataError(
            f"{len(table.loc[lost, keys].drop_duplicates()):,} series have no class",
            table="segments",
            next_step="Pass one row with a class for each series of the backtest.",
        )
    grouped = table.groupby([c.MODEL, c.FOLD, *by], observed=True, sort=True)
    sums = grouped[[c.UNITS, *_RATIOS.values()]].sum()
    of_fold = sums[c.UNITS].groupby([c.MODEL, c.FOLD]).transform("sum")
    units = sums[c.UNITS].where(sums[c.UNITS] > 0)
    scores = pd.DataFrame({"series": grouped.size(), "share_of_units": sums[c.UNITS] / of_fold})
    scores[["rmsse", "mase"]] = grouped[["rmsse", "mase"]].mean()
    for name, column in _RATIOS.items():
        scores[name] = sums[column] / units
    for name in by_series.columns[by_series.columns.str.contains("coverage")]:
        scores[name] = _cell_mean(table, name, [c.MODEL, c.FOLD, *by])
    means = scores.groupby([c.MODEL, *by], observed=True, sort=True).mean()
    return means.astype({"series": int})


def _cell_mean(table: pd.DataFrame, name: str, by: list[str]) -> pd.Series:
    """Mean over single periods, or over series where it is the coverage of a total."""
    cells = table[KNOWN_PERIODS] if not name.startswith("total_") else 1
    weight = (table[name].notna() * cells).rename("weight")
    frame = table[by].assign(weight=weight, value=table[name].fillna(0.0) * weight)
    sums = frame.groupby(by, observed=True, sort=True)[["value", "weight"]].sum()
    return sums["value"] / sums["weight"].where(sums["weight"] > 0)


def _check(by_series: pd.DataFrame, labels: pd.DataFrame, by: list[str]) -> None:
    if by_series.empty:
        raise DataError(
            "the backtest kept no scores by series",
            next_step="Run it with keep_series=True.",
        )
    keys = [key for key in c.SERIES_KEYS if key in by_series]
    missing = [name for name in (*keys, *by) if name not in labels]
    if missing:
        raise DataError(
            "the column is missing",
            table="segments",
            column=missing[0],
            next_step=f"Its columns are {', '.join(map(str, labels))}.",
        )
    twice = labels.index[labels.duplicated(keys)]
    if len(twice):
        raise DataError(
            "a series has two rows",
            table="segments",
            rows=twice,
            next_step="Pass one row for each series.",
        )


def _checked(revenue: np.ndarray, panel: Panel) -> np.ndarray:
    values = np.asarray(revenue, dtype=np.float64)
    if values.shape != (panel.n_series,) or not np.isfinite(values).all():
        raise DataError(
            f"revenue is not one finite number for each of {panel.n_series} series",
            next_step="Pass one amount a series, in the order of the panel.",
        )
    return values


def _revenue(panel: Panel) -> np.ndarray:
    """(series,) units times price; a period without a price counts at the series' mean price."""
    units = np.nan_to_num(panel.units.astype(np.float64))
    if c.PRICE not in panel.plans:
        return units.sum(axis=1)
    price = panel.plans[c.PRICE][:, : panel.cut].astype(np.float64)
    known = ~np.isnan(price)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    usual = np.where(known, price, 0.0).sum(axis=1, keepdims=True) / count
    return (units * np.where(known, price, usual)).sum(axis=1)


def _pareto(revenue: np.ndarray) -> np.ndarray:
    """(series,) A, B or C. The series that crosses a bound belongs to the better class."""
    earned = np.maximum(revenue, 0.0)
    order = np.argsort(-earned, kind="stable")
    before = np.empty(len(earned))
    before[order] = np.cumsum(earned[order]) - earned[order]
    total = earned.sum()
    classes = np.where(before < _A * total, "A", np.where(before < _B * total, "B", "C"))
    return np.where(earned > 0, classes, "C")


def _variation(panel: Panel) -> np.ndarray:
    """(series,) coefficient of variation of demand by week, NaN with fewer than two weeks.

    Weeks end with the panel; one of which less than half is known does not count.
    """
    width = panel.periods.season if panel.periods.freq == "D" else 1
    weeks = panel.cut // width
    demand = panel.demand(periods=slice(panel.cut - weeks * width, panel.cut))
    days = demand.reshape(panel.n_series, weeks, width).astype(np.float64)
    known = (~np.isnan(days)).sum(axis=2)
    total = np.nan_to_num(days).sum(axis=2) * width / np.maximum(known, 1)
    return _coefficient(total, 2 * known >= width, least=2)


def _intermittence(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """(series,) mean periods between demands, and squared variation of their sizes."""
    demand = panel.demand().astype(np.float64)
    sold = np.nan_to_num(demand) > 0
    count = sold.sum(axis=1)
    shown = (~np.isnan(demand)).sum(axis=1)
    interval = np.divide(shown, count, out=np.full(len(count), np.nan), where=count > 0)
    return interval, _coefficient(np.nan_to_num(demand), sold, least=1) ** 2


def _coefficient(values: np.ndarray, counts: np.ndarray, least: int) -> np.ndarray:
    """(series,) deviation over mean of the values that count, NaN where it is not defined."""
    n = counts.sum(axis=1)
    mean = np.where(counts, values, 0.0).sum(axis=1) / np.maximum(n, 1)
    scatter = np.where(counts, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    deviation = np.sqrt(scatter / np.maximum(n, 1))
    defined = (n >= least) & (mean > 0)
    return np.divide(deviation, mean, out=np.full(len(n), np.nan), where=defined)


def _labels(values: pd.Series, bounds: Sequence[float], names: Sequence[str]) -> np.ndarray:
    labels = np.array(names)[np.searchsorted(bounds, values, side="right").clip(max=len(bounds))]
    return np.where(values.isna(), UNKNOWN, labels)


def _demand_class(interval: pd.Series, size_variation: pd.Series) -> np.ndarray:
    rare = interval >= _LONGEST_INTERVAL
    varied = size_variation >= _LARGEST_VARIATION
    labels = np.where(
        rare, np.where(varied, "lumpy", "intermittent"), np.where(varied, "erratic", "smooth")
    )
    return np.where(interval.isna(), UNKNOWN, labels)
