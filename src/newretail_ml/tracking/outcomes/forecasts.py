"""What came of a forecast: demand against its mean and its intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_dates, as_numbers, need_columns, refuse_repeated, refuse_values
from newretail_ml.panel.periods import infer_frequency
from newretail_ml.tracking.noise import LUCK, mean_over_folds, shown
from newretail_ml.tracking.outcomes import names as w
from newretail_ml.tracking.outcomes.drift import (
    FEWEST_CLUSTERS,
    adjusted,
    slope_p_value,
    total_over_clusters,
)
from newretail_ml.tracking.outcomes.happened import (
    Happened,
    cells,
    check_some_known,
    panel_of,
    week_of,
)
from newretail_ml.tracking.outcomes.levels import Levels
from newretail_ml.tracking.outcomes.result import FORECAST, Outcomes

_TABLE = "forecast"


def forecast_outcomes(
    forecast: pd.DataFrame,
    happened: Happened,
    freq: str | None = None,
    *,
    edges: tuple[float, float] | None = None,
) -> Outcomes:
    """Demand beside the forecast, by series and period, and by week.

    A day on which stock ran out is not a day without demand. Leaving such days out would make
    every forecast look too high, for it is the days of high demand that empty shelves. Their
    demand is taken to be what the forecast itself expects, given that it was at least what was
    sold: if the forecast is right, errors then are zero in the mean.

    Args:
        forecast: keys, date, mean, and columns q0.1, q0.9, ... where known.
        happened: tables or a panel with the later sales.
        freq: "D", "W" or "M"; by default what the dates look like.
        edges: levels of the interval whose coverage is told; by default the outermost.

    Returns:
        Table: the forecast, units (sold), censored, demand (units; an expectation where
        censored), inside (share of the demand's possible ranks inside the outermost quantiles).
        By week: rows, days_sold_out, expected, units, demand, bias (expected less demand, as a
        share of demand), bias_error (standard error over items), bias_in_stock (of days that did
        not sell out alone, which is too high by nature), p_value, p_holm and biased (at 5% over
        all weeks), coverage and coverage_error.

    Raises:
        DataError: a column is missing, or nothing of it has happened yet.
    """
    need_columns(forecast, _TABLE, [c.ITEM, c.DATE, c.MEAN])
    keys = [name for name in c.SERIES_KEYS if name in forecast]
    dates = as_dates(forecast[c.DATE], _TABLE)
    means = as_numbers("means of the forecast", forecast[c.MEAN])
    bad = dates.isna().to_numpy() | ~np.isfinite(means)
    refuse_values(forecast[c.MEAN], bad, _TABLE, "are missing, or their dates are")
    asked = forecast.assign(**{c.DATE: dates}).reset_index(drop=True)
    refuse_repeated(asked, _TABLE, [*keys, c.DATE])
    if freq is None:
        freq = infer_frequency(asked[c.DATE])
    panel = panel_of(happened, keys, freq)
    found = cells(panel, asked[keys], asked[c.DATE])
    check_some_known(found.known, asked[c.DATE], panel, _TABLE)
    table = asked[found.known].reset_index(drop=True)
    table[c.UNITS], table[c.CENSORED] = found.units[found.known], found.sold_out[found.known]
    levels = Levels.of(table, edges)
    table[w.DEMAND] = levels.demand(table[c.UNITS], table[c.CENSORED])
    table[w.INSIDE] = levels.inside(table[c.UNITS], table[c.CENSORED])
    table.insert(0, w.WEEK, week_of(table[c.DATE], freq))
    by_week = _by_week(table)
    drift = slope_p_value(_errors_by_item(table))
    notes = _notes(table, by_week, drift, levels, int((~found.known).sum()))
    return Outcomes(FORECAST, table, by_week, _figures(table, by_week, drift), notes=notes)


def _by_week(table: pd.DataFrame) -> pd.DataFrame:
    weeks = [_week(week, rows) for week, rows in table.groupby(w.WEEK, sort=True)]
    by_week = pd.DataFrame(weeks)
    by_week[w.P_HOLM] = adjusted(by_week[w.P_VALUE])
    by_week[w.BIASED] = by_week[w.P_HOLM] < LUCK
    return by_week


def _week(week: object, rows: pd.DataFrame) -> dict[str, object]:
    error = rows[c.MEAN] - rows[w.DEMAND]
    tested = total_over_clusters(error.groupby(rows[c.ITEM]).sum().to_numpy())
    demand, in_stock = rows[w.DEMAND].sum(), ~rows[c.CENSORED]
    inside = mean_over_folds(rows.groupby(c.ITEM)[w.INSIDE].mean().to_numpy())
    return {
        w.WEEK: week,
        w.ROWS: len(rows),
        w.DAYS_SOLD_OUT: int(rows[c.CENSORED].sum()),
        w.EXPECTED: rows[c.MEAN].sum(),
        c.UNITS: rows[c.UNITS].sum(),
        w.DEMAND: demand,
        w.BIAS: _share(tested.total, demand),
        w.BIAS_ERROR: _share(tested.error, demand),
        w.BIAS_IN_STOCK: _share(error[in_stock].sum(), rows.loc[in_stock, c.UNITS].sum()),
        w.P_VALUE: tested.p_value,
        w.COVERAGE: rows[w.INSIDE].mean(),
        w.COVERAGE_ERROR: inside.error,
    }


def _errors_by_item(table: pd.DataFrame) -> pd.DataFrame:
    """Mean error a row, by item and week: weeks that are cut short count like whole ones."""
    error = table.assign(error=table[c.MEAN] - table[w.DEMAND])
    return error.pivot_table("error", c.ITEM, w.WEEK, aggfunc="mean", observed=True)


def _figures(table: pd.DataFrame, by_week: pd.DataFrame, drift: float) -> dict[str, float]:
    error = table[c.MEAN] - table[w.DEMAND]
    tested = total_over_clusters(error.groupby(table[c.ITEM]).sum().to_numpy())
    demand = table[w.DEMAND].sum()
    return {
        w.BIAS: _share(tested.total, demand),
        w.BIAS_ERROR: _share(tested.error, demand),
        "wape_in_stock": _share(
            error[~table[c.CENSORED]].abs().sum(), table.loc[~table[c.CENSORED], c.UNITS].sum()
        ),
        w.COVERAGE: float(table[w.INSIDE].mean()),
        "share_sold_out": float(table[c.CENSORED].mean()),
        "biased_weeks": float(by_week[w.BIASED].sum()),
        "drift_p_value": drift,
        "drift": float(drift < LUCK),
    }


def _notes(
    table: pd.DataFrame, by_week: pd.DataFrame, drift: float, levels: Levels, unknown: int
) -> tuple[str, ...]:
    notes = []
    items = table[c.ITEM].nunique()
    if items < FEWEST_CLUSTERS:
        notes.append(f"{items} items are too few to tell bias from chance")
    elif by_week[w.BIASED].any():
        weeks = ", ".join(f"{week:%Y-%m-%d}" for week in by_week.loc[by_week[w.BIASED], w.WEEK])
        notes.append(f"biased beyond chance in the weeks of {weeks} (5% over all weeks together)")
    else:
        notes.append("no week is biased beyond chance (5% over all weeks together)")
    if drift < LUCK:
        notes.append(f"the error drifts over the weeks ({shown(drift)}): fit the model anew")
    sold_out = int(table[c.CENSORED].sum())
    if sold_out:
        notes.append(
            f"{sold_out:,} of {len(table):,} series and periods sold out: their demand is what the "
            "forecast expects, given that it was at least what was sold"
        )
    if unknown:
        notes.append(f"{unknown:,} rows are left out: not yet past, not on sale, or not known")
    if levels.columns:
        notes.append(f"coverage should be {levels.promised:.0%}")
    return tuple(notes)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
