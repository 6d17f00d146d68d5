"""The terms of the regression: known for every period of the past and of the plan."""

from __future__ import annotations

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features import DaysAfterEvent, DaysToEvent, Holiday
from newretail_ml.features.base import PlannedFeature
from newretail_ml.features.block import Rows, Source
from newretail_ml.panel import Panel

INTERCEPT = "intercept"
LOG_PRICE = "log_price"
# Days before and after an event that have an effect of their own.
_AROUND = 7
_TOO_ALIKE = 1e-4

Terms = dict[str, np.ndarray]


def terms_of(panel: Panel, n_periods: int, *, week: int, year: int, country: str | None) -> Terms:
    """Name -> (series, periods) values of every term, the ones that matter most first.

    Args:
        panel: its plans are continued as `Panel.reaching` does.
        n_periods: periods from the panel's first on.
        week: pairs of sine and cosine of the week, in a daily panel.
        year: pairs of sine and cosine of the year.
        country: whose public holidays count, if any.
    """
    panel = panel.reaching(n_periods)
    rows = {**_week(panel, n_periods, week), **_year(panel, n_periods, year)}
    seasons = {
        name: np.broadcast_to(row, (panel.n_series, n_periods)) for name, row in rows.items()
    }
    return {
        INTERCEPT: np.ones((panel.n_series, n_periods)),
        **_plans(panel, n_periods),
        **{name: values for name, values in seasons.items() if name.startswith("week")},
        **_holidays(panel, n_periods, country),
        **_events(panel, n_periods),
        **{name: values for name, values in seasons.items() if name.startswith("year")},
    }


def matrix(terms: Terms, names: tuple[str, ...], series: int) -> np.ndarray:
    """(periods, terms) of one series.

    Raises:
        DataError: the panel lacks a plan or event that the model was fitted with.
    """
    lacking = [name for name in names if name not in terms]
    if lacking:
        raise DataError(
            f"the panel does not say {', '.join(lacking)}, with which the model was fitted",
            table="panel",
            next_step="Bring the same plans and events, or fit the model without them.",
        )
    return np.stack([terms[name][series] for name in names], axis=1)


def independent(columns: np.ndarray, most: int) -> np.ndarray:
    """Positions of the first ``most`` columns that are no combination of those before them.

    >>> independent(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0], [1.0, 2.0, 0.0]]), most=3).tolist()
    [0, 2]
    """
    basis = np.empty((len(columns), 0))
    kept: list[int] = []
    for number, column in enumerate(columns.T):
        rest = column - basis @ (basis.T @ column)
        length, size = float(np.linalg.norm(rest)), float(np.linalg.norm(column))
        if len(kept) < most and length > _TOO_ALIKE * max(size, 1e-12):
            basis = np.column_stack([basis, rest / length])
            kept.append(number)
    return np.array(kept, dtype=np.intp)


def _week(panel: Panel, n_periods: int, pairs: int) -> Terms:
    if panel.periods.freq != "D":
        return {}
    return _waves("week", panel.periods.resized(n_periods).dates.day_of_week / 7, min(pairs, 3))


def _year(panel: Panel, n_periods: int, pairs: int) -> Terms:
    return _waves("year", panel.periods.resized(n_periods).dates.day_of_year / 365.25, pairs)


def _waves(name: str, phase: np.ndarray, pairs: int) -> Terms:
    angles = {k: 2 * np.pi * k * np.asarray(phase, dtype=float) for k in range(1, pairs + 1)}
    return {
        f"{name}_{wave.__name__}_{k}": wave(angle)
        for k, angle in angles.items()
        for wave in (np.sin, np.cos)
    }


def _plans(panel: Panel, n_periods: int) -> Terms:
    terms = {}
    if c.PRICE in panel.plans:
        price = panel.plans[c.PRICE][:, :n_periods].astype(float)
        terms[LOG_PRICE] = _filled(np.log(np.where(price > 0, price, np.nan)))
    if c.PROMOTION in panel.plans:
        terms[c.PROMOTION] = np.nan_to_num(panel.plans[c.PROMOTION][:, :n_periods].astype(float))
    return terms


def _filled(values: np.ndarray) -> np.ndarray:
    """Gaps take the last value before them; before the first value, the first; zero if none."""
    known = ~np.isnan(values)
    last = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), -1), axis=1)
    position = np.where(last < 0, known.argmax(axis=1)[:, None], last)
    return np.nan_to_num(np.take_along_axis(values, position, axis=1))


def _holidays(panel: Panel, n_periods: int, country: str | None) -> Terms:
    if country is None:
        return {}
    return {"holiday": _planned(Holiday(country), panel, n_periods)}


def _events(panel: Panel, n_periods: int) -> Terms:
    terms = {}
    for event in sorted(set(panel.events[c.EVENT].dropna())):
        ahead = _planned(DaysToEvent(event, _AROUND), panel, n_periods)
        terms[event] = (ahead == 0).astype(float)
        if panel.periods.freq == "D":
            behind = _planned(DaysAfterEvent(event, _AROUND), panel, n_periods)
            terms[f"before {event}"] = ((ahead > 0) & (ahead <= _AROUND)).astype(float)
            terms[f"after {event}"] = ((behind > 0) & (behind <= _AROUND)).astype(float)
    return terms


def _planned(feature: PlannedFeature, panel: Panel, n_periods: int) -> np.ndarray:
    """(series, periods) values of a feature that needs no history."""
    rows = Rows(np.arange(n_periods), np.ones(n_periods, dtype=np.int64))
    block = Source(panel).block(slice(0, panel.n_series), 0, 1)
    return np.asarray(feature.values(block, rows), dtype=float)
