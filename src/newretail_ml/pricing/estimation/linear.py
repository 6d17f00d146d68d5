"""Linear least squares with absorbed effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.rows import Rows
from newretail_ml.pricing.estimation.solve import (
    refine,
    refuse_absorbed,
    refuse_collinear,
    sizes,
    smallest_sizes,
    weighted,
)
from newretail_ml.pricing.estimation.within import transform


@dataclass(frozen=True)
class InstrumentTests:
    """Whether instruments tell anything, and whether they were needed.

    Attributes:
        first_stage: one row an endogenous cause: f_statistic of the instruments, robust as the
            other errors are; p_value.
        strength: the smallest of them, or the smallest eigenvalue of Cragg and Donald (1993) where
            causes are several.
        weak: whether the strength is below 10 (Staiger and Stock 1997).
        least_squares: cause -> coefficient without instruments.
        exogenous_p_value: of the hypothesis that both agree but for chance (Hausman 1978, in its
            regression form): a small one says that instruments were needed.
    """

    first_stage: pd.DataFrame
    strength: float
    weak: bool
    least_squares: pd.Series
    exogenous_p_value: float


@dataclass(frozen=True)
class Fit:
    """A solved regression, before its errors are computed.

    Attributes:
        rows: it rests on.
        coefficients: (k,).
        residuals: (n,) outcome less fitted.
        bread: (k, k) inverse of the products of the causes.
        scores: (k, n) causes without effects, weighted; times residuals they sum to zero.
        tests: of instruments, if there are any.
        warnings: what should be known before the coefficients are believed.
    """

    rows: Rows
    coefficients: np.ndarray
    residuals: np.ndarray
    bread: np.ndarray
    scores: np.ndarray
    tests: InstrumentTests | None = None
    warnings: tuple[str, ...] = ()


def solve_linear(rows: Rows) -> Fit:
    """Least squares; the effects are taken out of all columns first (Frisch and Waugh 1933)."""
    values = without_effects(rows, np.concatenate([rows.outcome[None], rows.causes]), rows.names)
    return solve_within(values[0], values[1:], rows.weights, rows)


def without_effects(rows: Rows, values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Values, (1 + k, n), without the absorbed effects, in place.

    Raises:
        DataError: nothing is left of one that has a name; the first, the outcome, has none.
    """
    if not rows.effects:
        return values
    smallest = smallest_sizes(values[1:], rows.weights)
    values = transform(rows.effects, rows.weights).residuals(values)
    refuse_absorbed(smallest, sizes(values[1:], rows.weights), names)
    return values


def solve_within(
    outcome: np.ndarray, causes: np.ndarray, weights: np.ndarray | None, rows: Rows
) -> Fit:
    """Least squares on columns that are without effects already."""
    scores = weighted(causes, weights)
    gram = scores @ causes.T
    if not np.isfinite(gram).all():
        raise DataError(
            "causes are so large that their squares are infinite",
            next_step="Measure them in larger units.",
        )
    refuse_collinear(gram, rows.names)
    bread = np.linalg.inv(gram)
    coefficients, residuals = refine(outcome, causes, bread, scores)
    return Fit(rows, coefficients, residuals, bread, scores)
