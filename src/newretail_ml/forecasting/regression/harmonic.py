"""Dynamic harmonic regression: seasons, prices, promotions and holidays, with ARIMA errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import ndtr

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.forecasting.base import Forecaster, mean_sales
from newretail_ml.forecasting.paths import paths_around_mean, rounded_like
from newretail_ml.forecasting.regression.arima import Order
from newretail_ml.forecasting.regression.scale import closed_weekdays
from newretail_ml.forecasting.regression.series import (
    LEAST_KNOWN,
    Outlook,
    SeriesRegression,
    fit_series,
)
from newretail_ml.forecasting.regression.terms import INTERCEPT, Terms, matrix, terms_of
from newretail_ml.forecasting.smoothing.simulate import drawn_periods, held
from newretail_ml.panel import Panel

ORDERS = ((1, 0, 0), (2, 0, 0), (1, 0, 1), (0, 1, 1))
_YEAR = {"D": 365, "W": 52, "M": 12}
# Fewer known periods than this, and the spread of demand is taken for that of a count.
_ENOUGH_TO_BE_CONSTANT = 8


class HarmonicRegression(Forecaster):
    """Regression of log demand on seasons, price, promotion and events, with ARIMA errors.

    For the few series that matter much, such as totals and categories. The coefficient of
    log_price is the own-price elasticity. Plans that reach past the cut change the forecast,
    and never the wrong way: a price that seems to raise demand, or a promotion that seems to
    lower it, is left out, with a word in ``notes_``. Days without any sale in a series that
    otherwise always sells count as unknown, and weekdays on which it never sells as closed.

    Series are fitted one after another, in about a tenth of a second each (400 days).

    Sources: Young, Pedregal and Tych (1999), "Dynamic harmonic regression", Journal of
    Forecasting 18, 369-394; Hyndman and Athanasopoulos (2021), "Forecasting: Principles and
    Practice", 3rd edition, section 10.5.

    Args:
        orders: orders (autoregressive, differences, moving average) of the errors, of which
            the smallest AICc decides.
        week: pairs of sine and cosine of the week, 3 at most, in daily panels.
        year: most pairs of the year, as far as AICc wants them, once two years are known.
        country: ISO code of the country whose public holidays count, such as "GB".
        progress: show a progress bar if it takes longer than a few seconds.

    Raises:
        MissingExtraError: statsmodels is not installed.

    Attributes:
        notes_: one row a series of which something had to be left out: keys, note.

    >>> random = np.random.default_rng(0)
    >>> price = random.choice([2.0, 2.5, 3.0], 210)
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=210),
    ...     "units": 900 * price**-2 * np.exp(random.normal(0, 0.1, 210)), "price": price})
    >>> model = HarmonicRegression().fit(Panel.from_frame(frame))
    >>> model.coefficients().query("term == 'log_price'")["estimate"].round(1).tolist()
    [-2.0]
    """

    regressed_: dict[tuple[object, ...], SeriesRegression | None]
    notes_: pd.DataFrame
    fitted_cut_: int

    def __init__(
        self,
        orders: Sequence[Order] = ORDERS,
        *,
        week: int = 3,
        year: int = 3,
        country: str | None = None,
        progress: bool = True,
    ) -> None:
        self.orders = orders
        self.week = week
        self.year = year
        self.country = country
        self.progress = progress

    def fit(self, panel: Panel) -> Self:
        """Fit every series. Newer days are filtered with what was learned; new series fitted."""
        if not self.orders or not all(_is_order(order) for order in self.orders):
            raise DataError(
                f"{self.orders} are not orders of ARIMA errors",
                next_step="Pass tuples such as (1, 0, 0), with one difference at most.",
            )
        self.panel_ = panel
        self.fitted_cut_ = panel.cut
        self.regressed_ = self._regressed(panel, np.arange(panel.n_series))
        said = [_notes(fitted) for fitted in self.regressed_.values()]
        table = panel.keys.assign(note=["; ".join(notes) for notes in said])
        self.notes_ = table[table["note"] != ""].reset_index(drop=True)
        return self

    def coefficients(self) -> pd.DataFrame:
        """One row a series and term: keys, term, estimate, standard_error, p_value.

        On the logarithm of demand: 0.10 is about 10% more. For series with periods without
        demand the logarithm is shifted, and the elasticity at mean demand half as much again.
        Given a difference in the errors there is no intercept.

        Raises:
            NotFittedError: `fit` was not called.
        """
        if not hasattr(self, "regressed_"):
            raise NotFittedError(self)
        told = [
            _table(fitted).assign(**dict(zip(self.panel_.keys, key, strict=True)))
            for key, fitted in self.regressed_.items()
            if fitted is not None
        ]
        columns = [*self.panel_.keys, "term", "estimate", "standard_error", "p_value"]
        return (
            pd.concat(told, ignore_index=True)[columns] if told else pd.DataFrame(columns=columns)
        )

    def _regressed(
        self, panel: Panel, series: np.ndarray
    ) -> dict[tuple[object, ...], SeriesRegression | None]:
        from tqdm import tqdm

        terms, demand = self._terms(panel, panel.cut), _open_demand(panel)
        keys = _keys(panel)
        bar = tqdm(series, desc="regression", delay=3, leave=False, disable=not self.progress)
        return {
            keys[row]: _fitted(demand[row], {name: terms[name][row] for name in terms}, self.orders)
            for row in bar
        }

    def _terms(self, panel: Panel, n_periods: int) -> Terms:
        seen_twice = self.fitted_cut_ >= 2 * _YEAR[panel.periods.freq]
        year = self.year if seen_twice else 0
        return terms_of(panel, n_periods, week=self.week, year=year, country=self.country)

    def _outlooks(self, panel: Panel, horizon: int) -> dict[int, Outlook]:
        """The series of a panel that have a regression, by position."""
        regressed = self.regressed_
        keys = _keys(panel)
        missing = [
            row
            for row, key in enumerate(keys)
            if key not in regressed or (regressed[key] is None and panel.cut > self.fitted_cut_)
        ]
        if missing:
            regressed = {**regressed, **self._regressed(panel, np.array(missing))}
        terms, demand = self._terms(panel, panel.cut + horizon), _open_demand(panel)
        outlooks = {}
        for row, key in enumerate(keys):
            fitted = regressed[key]
            if fitted is not None and not np.isnan(demand[row]).all():
                shut = _shut(fitted, terms, row)
                outlooks[row] = fitted.outlook(demand[row], matrix(terms, fitted.names, row), shut)
        return outlooks

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        """(series, horizon) expected demand after the panel's cut."""
        return _expected(panel, horizon, self._outlooks(panel, horizon))

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        outlooks = self._outlooks(panel, horizon)
        mean = _expected(panel, horizon, outlooks)
        periods = drawn_periods(panel.cut, panel.periods.season, (n_paths, horizon), rng)
        paths = np.repeat(mean[:, None, :], n_paths, axis=1).astype(np.float32)
        for row, outlook in outlooks.items():
            paths[row] = outlook.paths(periods, rng)
        paths = held(paths, mean)
        short = (~np.isnan(panel.demand())).sum(axis=1) < _ENOUGH_TO_BE_CONSTANT
        if short.any():
            paths[short] = paths_around_mean(mean[short], None, panel.select(short), n_paths, rng)
        return rounded_like(panel, paths, rng)


def _expected(panel: Panel, horizon: int, outlooks: dict[int, Outlook]) -> np.ndarray:
    """(series, horizon) expected demand: the mean of history where there is no regression."""
    demand = panel.demand()
    count = (~np.isnan(demand)).sum(axis=1)
    plain = np.nansum(demand, axis=1, dtype=float) / np.maximum(count, 1)
    plain = np.where(count > 0, plain, mean_sales(panel))
    mean = np.repeat(plain[:, None], horizon, axis=1)
    for row, outlook in outlooks.items():
        mean[row] = outlook.mean()
    mean[_closed(panel, panel.cut + horizon)[:, panel.cut :]] = 0.0
    return mean


def _closed(panel: Panel, n_periods: int) -> np.ndarray:
    """(series, periods) bool: weekdays on which a series is not sold."""
    if panel.periods.freq != "D":
        return np.zeros((panel.n_series, n_periods), dtype=bool)
    return closed_weekdays(panel)[:, panel.periods.resized(n_periods).dates.day_of_week]


def _shut(fitted: SeriesRegression, terms: Terms, row: int) -> np.ndarray:
    """(periods,) bool: holidays and events on which the series was never sold."""
    shut = np.zeros(terms[INTERCEPT].shape[1], dtype=bool)
    for name in terms.keys() & set(fitted.closing):
        shut |= terms[name][row] > 0
    return shut


def _open_demand(panel: Panel) -> np.ndarray:
    """(series, periods) demand, NaN where it is not known and on closing days."""
    return np.where(_closed(panel, panel.cut), np.nan, panel.demand())


def _fitted(
    demand: np.ndarray, terms: dict[str, np.ndarray], orders: Sequence[Order]
) -> SeriesRegression | None:
    """The regression; None for a series that is too short, or never changes."""
    known = demand[~np.isnan(demand)]
    if len(known) < LEAST_KNOWN or np.ptp(known) <= 1e-6 * known.max():
        return None
    return fit_series(demand, terms, orders)


def _keys(panel: Panel) -> list[tuple[object, ...]]:
    return list(panel.keys.itertuples(index=False, name=None))


def _notes(fitted: SeriesRegression | None) -> tuple[str, ...]:
    return ("too short or constant: the mean of its history",) if fitted is None else fitted.notes


def _table(fitted: SeriesRegression) -> pd.DataFrame:
    estimate = fitted.regression.coefficients
    error = np.sqrt(np.diag(fitted.regression.covariance))
    told = error > 0
    size = np.divide(np.abs(estimate), error, out=np.zeros_like(error), where=told)
    table = {"term": fitted.names, "estimate": estimate, "standard_error": error}
    return pd.DataFrame({**table, "p_value": 2 * ndtr(-size)})[told]


def _is_order(order: Sequence[int]) -> bool:
    return len(order) == 3 and min(order) >= 0 and order[1] <= 1
