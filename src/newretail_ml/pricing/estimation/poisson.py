"""Poisson pseudo-likelihood with absorbed effects: zeros are kept.

Source: Correia, Guimaraes and Zylkin (2020), Fast Poisson estimation with high-dimensional fixed
effects, Stata Journal 20(1): iteratively reweighted least squares, the effects absorbed in each
step. It needs the mean to be right, not the distribution (Santos Silva and Tenreyro 2006).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.effects import group_sums
from newretail_ml.pricing.estimation.linear import Fit, solve_linear, solve_within, without_effects
from newretail_ml.pricing.estimation.rows import Rows, without_singletons
from newretail_ml.pricing.estimation.solve import weighted

ALL_ZERO = "only zeros in an absorbed effect"
FORETOLD = "zero foretold by causes and effects"
_STEPS = 100
_HALVINGS = 30
_PRECISE = 1e-9
# Means this far below the average are on their way to zero: no finite coefficient is best.
_VANISHED = 1e-12


def without_zero_groups(rows: Rows) -> Rows:
    """The rows without effects all of whose outcomes are zero: they say nothing of the causes.

    Raises:
        DataError: an outcome is negative, or all are zero.
    """
    if (negative := rows.outcome < 0).any():
        raise DataError(
            f"{negative.sum():,} outcomes are negative",
            next_step='Family "poisson" needs zeros and positive numbers: leave returns out.',
        )
    if not rows.outcome.any():
        raise DataError("all outcomes are zero", next_step="Pass rows with sales.")
    while True:
        before = rows.n
        for number in range(len(rows.effects)):
            effect = rows.effects[number]
            sold = group_sums(effect, rows.outcome) > 0
            rows = rows.kept(sold[effect.codes], ALL_ZERO)
        rows = without_singletons(rows)
        if rows.n == before:
            return rows


def solve_poisson(rows: Rows) -> Fit:
    """Poisson pseudo-likelihood by iteratively reweighted least squares.

    Rows whose mean goes to zero are left out: no coefficient is large enough for them, and the
    others do not depend on them (separation in the words of the source).

    Raises:
        DataError: it does not converge, or a cause goes with zero outcomes alone.
    """
    index = np.log((rows.outcome + _average(rows)) / 2)
    mean, deviance = np.exp(index), np.inf
    for _ in range(_STEPS):
        target = index + (rows.outcome - mean) / mean
        step = _weighted_step(rows, target, mean)
        new, mean, deviance = _not_worse(rows, index, target - step.residuals, deviance)
        settled = (np.abs(new - index) <= _PRECISE * (1 + np.abs(target))).all()
        index = new
        here = mean >= _VANISHED * _average(rows)
        if not here.all():
            rows, index = _without_vanished(rows, index, here)
            mean, deviance = np.exp(index), np.inf
        elif settled:
            scores = step.scores / mean
            return Fit(rows, step.coefficients, rows.outcome - mean, step.bread, scores)
    raise DataError(
        f"the Poisson likelihood has not found its maximum in {_STEPS} steps",
        next_step="Leave causes out that are nearly collinear or seldom vary.",
    )


def _weighted_step(rows: Rows, target: np.ndarray, mean: np.ndarray) -> Fit:
    """Least squares of the target with weights of the means."""
    rows = replace(rows, weights=weighted(mean, rows.weights))
    values = without_effects(rows, np.concatenate([target[None], rows.causes]), rows.names)
    return solve_within(values[0], values[1:], rows.weights, rows)


def _not_worse(
    rows: Rows, old: np.ndarray, new: np.ndarray, deviance: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """The new index, its mean and deviance; moved back towards the old while that is better."""
    for _ in range(_HALVINGS):
        with np.errstate(over="ignore"):
            mean = np.exp(new)
            reached = _deviance(rows, new, mean)
        if reached <= deviance + _PRECISE * abs(deviance):
            break
        new = (old + new) / 2
    return new, mean, reached


def _deviance(rows: Rows, index: np.ndarray, mean: np.ndarray) -> float:
    """Twice the negative log likelihood, but for what does not depend on the coefficients."""
    loss = mean - rows.outcome * index
    return 2 * float(loss.sum() if rows.weights is None else loss @ rows.weights)


def _average(rows: Rows) -> float:
    return float(np.average(rows.outcome, weights=rows.weights))


def _without_vanished(rows: Rows, index: np.ndarray, here: np.ndarray) -> tuple[Rows, np.ndarray]:
    fewer = without_zero_groups(rows.kept(here, FORETOLD))
    try:
        solve_linear(fewer)
    except DataError as error:
        raise DataError(
            f"{error.column or 'a cause'} goes with zero outcomes alone, so that no finite "
            "coefficient is best",
            column=error.column,
            next_step="Leave it out, or the rows that it sets apart.",
        ) from error
    return fewer, index[fewer.used[rows.used]]
