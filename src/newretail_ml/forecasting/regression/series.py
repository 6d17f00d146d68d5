"""The regression of one series: fitted once, and looking ahead from wherever history ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from newretail_ml import columns as c
from newretail_ml.forecasting.regression.arima import (
    Filtered,
    Order,
    Regression,
    aicc,
    fit_regression,
    normal,
)
from newretail_ml.forecasting.regression.scale import LogScale, without_closures
from newretail_ml.forecasting.regression.terms import LOG_PRICE, independent

# Below this many known periods no regression is worth its name.
LEAST_KNOWN = 16
# Known periods that each coefficient needs.
_A_COEFFICIENT = 8
# A dearer item does not sell more, and a promoted one not less.
_SIGNS = {LOG_PRICE: -1.0, c.PROMOTION: 1.0}
_FURTHEST_OFF = 3.0


@dataclass(frozen=True)
class SeriesRegression:
    """What was learned of one series.

    Attributes:
        names: the terms.
        centre: (terms,) their means, taken off before the regression; 0 for the intercept.
        regression: coefficients and errors.
        scale: of the logarithm.
        factor: by which expected demand is multiplied, so that it was right on average.
        closing: holidays and events on which the shop was always closed.
        notes: what had to be left out, and why.
    """

    names: tuple[str, ...]
    centre: np.ndarray
    regression: Regression
    scale: LogScale
    factor: float
    closing: tuple[str, ...]
    notes: tuple[str, ...]

    def outlook(self, demand: np.ndarray, columns: np.ndarray, shut: np.ndarray) -> Outlook:
        """What demand says about the horizon; its level is that of all demand now known.

        Args:
            demand: (periods,), NaN where it is not known.
            columns: (periods and horizon, terms).
            shut: (periods and horizon,) bool: the shop is closed.
        """
        centred, cut = columns - self.centre, len(demand)
        fitted = centred @ self.regression.coefficients
        residual = self.scale.forward(without_closures(demand)) - fitted[:cut]
        errors = self.regression.errors
        level = errors.level(residual)
        filtered = errors.filtered(residual - level)
        return Outlook(
            self, residual - level, filtered, centred[cut:], fitted[cut:] + level, shut[cut:]
        )


@dataclass(frozen=True)
class Outlook:
    """One series at the end of its history, and the terms of the horizon.

    Attributes:
        fitted: what was learned of it.
        residual: (periods,) of the past, NaN where demand is not known.
        filtered: the state of the errors at the end.
        columns: (horizon, terms), centred.
        level: (horizon,) the regression's part.
        shut: (horizon,) bool: the shop is closed.
    """

    fitted: SeriesRegression
    residual: np.ndarray
    filtered: Filtered
    columns: np.ndarray
    level: np.ndarray
    shut: np.ndarray

    def mean(self) -> np.ndarray:
        """(horizon,) expected demand.

        The variance that turns a median into a mean is at most that of history, without which
        a level that wanders would raise demand for ever; and it is that of the errors alone,
        so that what is not known about a coefficient does not raise demand at odd prices.
        """
        variance = self.fitted.regression.errors.variance
        mean, spread = self.filtered.ahead(len(self.level), variance)
        spread = np.minimum(spread, max(spread[0], float(np.nanvar(self.residual))))
        expected = self.fitted.factor * self.fitted.scale.expected(self.level + mean, spread)
        return np.where(self.shut, 0.0, expected)

    def paths(self, periods: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(paths, horizon) demand, from the shocks of the given (paths, horizon) past periods.

        What is not known about the coefficients is drawn as well.
        """
        known = np.flatnonzero(~np.isnan(self.filtered.expected))
        shocks = (self.residual - self.filtered.expected) / np.sqrt(self.filtered.variance)
        shocks = (shocks - shocks[known].mean()) / max(float(shocks[known].std()), 1e-9)
        drawn = shocks[periods]
        gaps = np.isnan(drawn)
        drawn[gaps] = shocks[rng.choice(known, int(gaps.sum()))]
        regression = self.fitted.regression
        errors = self.filtered.simulated(drawn * np.sqrt(regression.errors.variance), rng)
        doubt = normal(regression.covariance, len(periods), rng) @ self.columns.T
        return self.fitted.scale.back(self.level + errors + doubt)


def fit_series(
    demand: np.ndarray, terms: Mapping[str, np.ndarray], orders: Sequence[Order]
) -> SeriesRegression:
    """The regression of (periods,) demand, NaN where not known, on its (periods,) terms."""
    closing = _closing(demand, terms)
    demand = without_closures(demand)
    scale = LogScale.of(demand)
    values = scale.forward(demand)
    names = _worth_it(values, terms, ~np.isnan(demand))
    regression, centre, names, notes = _with_right_signs(values, terms, names, orders)
    columns = np.stack([terms[name] for name in names], axis=1)
    fitted = SeriesRegression(names, centre, regression, scale, 1.0, closing, tuple(notes))
    outlook = fitted.outlook(demand, columns, np.zeros(len(demand), dtype=bool))
    return replace(fitted, factor=_factor(outlook, demand, columns))


def _closing(demand: np.ndarray, terms: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Holidays and events in which every known period was a closure."""
    known = ~np.isnan(demand)
    closed = known & np.isnan(without_closures(demand))
    return tuple(
        name
        for name, values in terms.items()
        if closed[values == 1].any() and closed[known & (values != 0)].all()
    )


def _worth_it(
    values: np.ndarray, terms: Mapping[str, np.ndarray], known: np.ndarray
) -> tuple[str, ...]:
    """Terms that history can tell apart, with as many waves of the year as AICc wants."""
    waves = [name for name in terms if name.startswith("year")]
    choices = []
    for kept in range(0, len(waves) + 1, 2):
        names = [name for name in terms if name not in waves[kept:]]
        columns = np.stack([terms[name] for name in names], axis=1)
        most = max(int(known.sum()) // _A_COEFFICIENT, 1)
        told = independent(_centred(columns, known)[known], most)
        choices.append(tuple(names[position] for position in told))
    if len(choices) == 1:
        return choices[0]
    scores = [
        aicc(values, np.stack([terms[name] for name in names], axis=1), (1, 0, 0))
        for names in choices
    ]
    return choices[int(np.argmin(scores))]


def _with_right_signs(
    values: np.ndarray,
    terms: Mapping[str, np.ndarray],
    names: tuple[str, ...],
    orders: Sequence[Order],
) -> tuple[Regression, np.ndarray, tuple[str, ...], list[str]]:
    """The regression once every plan whose coefficient points the wrong way is left out."""
    notes: list[str] = []
    while True:
        columns = np.stack([terms[name] for name in names], axis=1)
        centred = _centred(columns, ~np.isnan(values))
        regression, failed = fit_regression(values, centred, orders)
        estimates = dict(zip(names, regression.coefficients, strict=True))
        wrong = [name for name in _SIGNS if estimates.get(name, 0.0) * _SIGNS[name] < 0]
        if not wrong:
            break
        notes.append(f"{wrong[0]} left out: its coefficient was {estimates[wrong[0]]:+.2f}")
        names = tuple(name for name in names if name != wrong[0])
    if failed:
        shown = ", ".join(map(str, failed))
        notes.append(f"orders {shown} could not be fitted: {regression.errors.order} was taken")
    return regression, (columns - centred)[0], names, notes


def _centred(columns: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Columns less their mean over the known periods, all but the intercept."""
    centre = columns[known].mean(axis=0)
    centre[0] = 0.0
    return columns - centre


def _factor(outlook: Outlook, demand: np.ndarray, columns: np.ndarray) -> float:
    """Demand over what was expected of it one period before (Duan 1983)."""
    fitted, filtered = outlook.fitted, outlook.filtered
    level = (columns - fitted.centre) @ fitted.regression.coefficients
    expected = fitted.scale.expected(level + filtered.expected, filtered.variance)
    both = ~np.isnan(expected) & ~np.isnan(demand)
    ratio = float(demand[both].sum()) / max(float(expected[both].sum()), 1e-12)
    return float(np.clip(ratio, 1 / _FURTHEST_OFF, _FURTHEST_OFF))
