"""Regression with ARIMA errors by feasible generalised least squares.

The order and parameters of the errors are those of maximum likelihood on the residuals, in the
state-space form of statsmodels, where a period that is not known simply does not count. Given
the errors, the same filter yields the generalised least squares estimate of all coefficients.
Two rounds bring both together.

Sources: Durbin and Koopman (2012), "Time Series Analysis by State Space Methods", sections 3.4
and 6.2; Hyndman and Athanasopoulos (2021), "Forecasting: Principles and Practice", chapter 10.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from newretail_ml.errors import MissingExtraError

Order = tuple[int, int, int]
_ROUNDS = 2
_MOST_STEPS = 50
_TAKEN_BACK = 0.02


@dataclass(frozen=True)
class Errors:
    """An ARIMA process.

    Attributes:
        order: autoregressive terms, differences, moving-average terms.
        parameters: the autoregressive, then the moving-average ones.
        variance: of the shocks.
    """

    order: Order
    parameters: np.ndarray
    variance: float

    def level(self, residual: np.ndarray) -> float:
        """The mean of residuals; with a difference there is none, and it is zero."""
        only = np.ones((len(residual), 1))
        found = generalised_least_squares(residual, only, self.order, self.parameters)
        return float(found.coefficients[0])

    def filtered(self, residual: np.ndarray) -> Filtered:
        """What a series of (periods,) residuals, NaN where not known, says about its state."""
        first = int(np.argmin(np.isnan(residual)))
        model = _model(residual[first:], self.order)
        with _quiet():
            found = model.filter([*self.parameters, self.variance], cov_type="none")
        shown = np.zeros((2, first))
        expected = np.concatenate([shown[0], found.forecasts[0]])
        variance = np.concatenate([shown[1], found.forecasts_error_cov[0, 0]])
        known = ~np.isnan(residual)
        known[: first + self.order[1]] = False
        return Filtered(
            transition=model["transition"],
            selection=model["selection"][:, 0],
            design=model["design"][0],
            state=found.filtered_state[:, -1],
            state_variance=found.filtered_state_cov[:, :, -1],
            expected=np.where(known, expected, np.nan),
            variance=np.where(known, variance, np.nan),
        )


@dataclass(frozen=True)
class Filtered:
    """The state of the errors at the end of history, and how one-step forecasts went.

    Attributes:
        transition, selection, design: (states, states), (states,) and (states,) of the model.
        state, state_variance: what is known of the state in the last period.
        expected, variance: (periods,) one-step forecasts and their variances, NaN where the
            residual is not known, or too early to be forecast.
    """

    transition: np.ndarray
    selection: np.ndarray
    design: np.ndarray
    state: np.ndarray
    state_variance: np.ndarray
    expected: np.ndarray
    variance: np.ndarray

    def ahead(self, horizon: int, shock_variance: float) -> tuple[np.ndarray, np.ndarray]:
        """(horizon,) mean and variance of the residuals to come."""
        state, spread = self.state, self.state_variance
        moments = np.empty((2, horizon))
        shock = shock_variance * np.outer(self.selection, self.selection)
        for step in range(horizon):
            state = self.transition @ state
            spread = self.transition @ spread @ self.transition.T + shock
            moments[:, step] = self.design @ state, self.design @ spread @ self.design
        return moments[0], moments[1]

    def simulated(self, shocks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(paths, horizon) residuals to come, given their (paths, horizon) shocks."""
        states = self.state + normal(self.state_variance, len(shocks), rng)
        paths = np.empty(shocks.shape)
        for step in range(shocks.shape[1]):
            states = states @ self.transition.T + shocks[:, step, None] * self.selection
            paths[:, step] = states @ self.design
        return paths


@dataclass(frozen=True)
class Regression:
    """Coefficients, their covariance, and the errors around them.

    With a difference there is no intercept to tell: its coefficient and variance are zero.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    errors: Errors


def fit_regression(
    values: np.ndarray, columns: np.ndarray, orders: Sequence[Order]
) -> tuple[Regression, list[Order]]:
    """The regression of (periods,) values on (periods, terms) columns, and orders that failed.

    Args:
        values: NaN where not known.
        columns: the first is the intercept.
        orders: from which the one of the smallest AICc is taken; one whose moving average takes
            its difference back only where there is no other.
    """
    tried = {order: _likeliest(_residual(values, columns, order[1]), order) for order in orders}
    scored = {order: found for order, found in tried.items() if np.isfinite(found[0])}
    failed = [order for order in tried if order not in scored]
    order, parameters = _best(scored) if scored else ((1, 0, 0), np.zeros(1))
    for number in range(_ROUNDS):
        regression = generalised_least_squares(values, columns, order, parameters)
        if number < _ROUNDS - 1:
            rest = values - columns @ regression.coefficients
            score, improved = _likeliest(rest, order)
            parameters = improved if np.isfinite(score) else parameters
    return regression, failed


def aicc(values: np.ndarray, columns: np.ndarray, order: Order) -> float:
    """Corrected information criterion of the regression, the coefficients counted."""
    return _likeliest(_residual(values, columns, order[1]), order, columns.shape[1])[0]


def normal(covariance: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, dimension) draws around zero; the covariance may be singular."""
    size, direction = np.linalg.eigh((covariance + covariance.T) / 2)
    root = direction * np.sqrt(np.maximum(size, 0.0))
    return rng.standard_normal((count, len(size))) @ root.T


def _best(scored: dict[Order, tuple[float, np.ndarray]]) -> tuple[Order, np.ndarray]:
    def rank(order: Order) -> tuple[bool, float]:
        score, parameters = scored[order]
        return _differenced_in_vain(order, parameters), score

    order = min(scored, key=rank)
    return order, scored[order][1]


def _differenced_in_vain(order: Order, parameters: np.ndarray) -> bool:
    """Whether the moving average takes back the difference: the level never moved."""
    moving = parameters[order[0] :]
    return order[1] > 0 and 1 + float(moving.sum()) < _TAKEN_BACK


def _residual(values: np.ndarray, columns: np.ndarray, differences: int) -> np.ndarray:
    """What ordinary least squares leaves over: of the values, or of their differences."""
    left, right = np.diff(values, differences), np.diff(columns, differences, axis=0)
    known = ~np.isnan(left)
    return values - columns @ np.linalg.lstsq(right[known], left[known], rcond=None)[0]


def _likeliest(
    residual: np.ndarray, order: Order, n_coefficients: int = 1
) -> tuple[float, np.ndarray]:
    """AICc given the first known value, infinite if the fit failed, and the parameters.

    Given its first value, a series has a likelihood both with and without a difference.
    """
    residual = residual[int(np.argmin(np.isnan(residual))) :]
    known = np.flatnonzero(~np.isnan(residual))[1:]
    model = _model(residual, order, concentrate_scale=True)
    with _quiet():
        try:
            fitted = (
                model.fit(disp=0, maxiter=_MOST_STEPS, cov_type="none")
                if order[0] + order[2]
                else model.filter(np.empty(0), cov_type="none")
            )
        except (np.linalg.LinAlgError, ValueError):
            return np.inf, np.zeros(order[0] + order[2])
    n_parameters = order[0] + order[2] + 1 + (n_coefficients if order[1] == 0 else 0)
    room = len(known) - n_parameters - 1
    penalty = 2 * n_parameters * (1 + (n_parameters + 1) / room) if room > 0 else np.inf
    score = penalty - 2 * float(fitted.llf_obs[known].sum())
    parameters = np.asarray(fitted.params)
    return (score if np.isfinite([score, *parameters]).all() else np.inf), parameters


def generalised_least_squares(
    values: np.ndarray, columns: np.ndarray, order: Order, parameters: np.ndarray
) -> Regression:
    """Coefficients as states that never change, of which nothing is known at first."""
    first = int(np.argmin(np.isnan(values)))
    told = slice(1 if order[1] else 0, None)
    used = columns[first:, told]
    count = columns.shape[1]
    coefficients, covariance = np.zeros(count), np.zeros((count, count))
    exog = {"exog": used, "mle_regression": False} if used.shape[1] else {}
    settings = {"concentrate_scale": True, "loglikelihood_burn": 0}
    model = _model(values[first:], order, **settings, **exog)
    with _quiet():
        found = model.filter(parameters, cov_type="none")
    n_known = int((~np.isnan(values)).sum())
    unbiased = n_known / max(n_known - used.shape[1] - order[1], 1)
    if exog:
        states = slice(found.filtered_state.shape[0] - used.shape[1], None)
        coefficients[told] = found.filtered_state[states, -1]
        covariance[told, told] = unbiased * found.filtered_state_cov[states, states, -1]
    variance = unbiased * float(found.scale)
    return Regression(coefficients, covariance, Errors(order, parameters, variance))


def _model(values: np.ndarray, order: Order, **settings: Any) -> Any:
    try:
        from statsmodels.tsa.statespace.sarimax import SARIMAX
    except ImportError:
        raise MissingExtraError("statsmodels", extra="statistics") from None
    with _quiet():
        return SARIMAX(values, order=order, **settings)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings that a search gives on its way; what it finds is checked instead."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
