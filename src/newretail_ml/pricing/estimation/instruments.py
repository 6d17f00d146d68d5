"""Two-stage least squares with absorbed effects, and how far instruments can be trusted.

Source: Wooldridge (2010), Econometric Analysis of Cross Section and Panel Data, 2nd edition,
chapters 5 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.covariance import sandwich
from newretail_ml.pricing.estimation.linear import (
    Fit,
    InstrumentTests,
    solve_within,
    without_effects,
)
from newretail_ml.pricing.estimation.rows import Rows
from newretail_ml.pricing.estimation.solve import refine, refuse_collinear, weighted

_STRONG = 10.0
_EXACT = 1e-10


def check_instruments(causes: Sequence[str], endogenous: Sequence[str], n_instruments: int) -> None:
    """Raise unless endogenous causes are causes, and have as many instruments at least."""
    unknown = [name for name in endogenous if name not in causes]
    if isinstance(endogenous, str) or unknown:
        raise DataError(
            f"endogenous {unknown or endogenous} is not a list of causes",
            next_step="Name the causes that instruments stand in for, in a list.",
        )
    if n_instruments < len(endogenous) or (n_instruments and not endogenous):
        raise DataError(
            f"there are {n_instruments} instruments for {len(endogenous)} endogenous causes",
            next_step="Name at least one instrument for each endogenous cause.",
        )


def solve_instrumented(rows: Rows, endogenous: Sequence[str]) -> Fit:
    """Two-stage least squares.

    Raises:
        DataError: instruments are collinear, do not vary inside the effects, or do not move the
            endogenous causes at all.
    """
    names = (*rows.names, *rows.instrument_names)
    values = np.concatenate([rows.outcome[None], rows.causes, rows.instruments])
    values = without_effects(rows, values, names)
    outcome, causes, instruments = np.split(values, [1, 1 + len(rows.causes)])
    plain = solve_within(outcome[0], causes, rows.weights, rows)
    first = _FirstStage(rows, endogenous, causes, instruments)
    fitted = first.fitted(causes)
    scores = weighted(fitted, rows.weights)
    gram = scores @ fitted.T
    _refuse_idle(gram, rows.names, endogenous)
    inverse = np.linalg.inv(scores @ causes.T)
    coefficients, residuals = refine(outcome[0], causes, inverse, scores)
    tests = _tests(rows, first, plain, outcome[0], causes)
    warnings = (_weak(tests.strength),) if tests.weak else ()
    return Fit(rows, coefficients, residuals, np.linalg.inv(gram), scores, tests, warnings)


def _refuse_idle(gram: np.ndarray, names: Sequence[str], endogenous: Sequence[str]) -> None:
    try:
        refuse_collinear(gram, names)
    except DataError as error:
        raise DataError(
            f"instruments do not move {' and '.join(endogenous)} at all, or not apart from the "
            "other causes",
            column=endogenous[0],
            next_step="Name other instruments: costs, or prices in places that share them.",
        ) from error


class _FirstStage:
    """Endogenous causes explained by instruments and the other causes."""

    def __init__(
        self, rows: Rows, endogenous: Sequence[str], causes: np.ndarray, instruments: np.ndarray
    ) -> None:
        self.rows = rows
        self.places = np.array([rows.names.index(name) for name in endogenous])
        others = np.delete(np.arange(len(causes)), self.places)
        self.n_instruments = len(instruments)
        self.known = np.concatenate([instruments, causes[others]])
        names = [*rows.instrument_names, *(rows.names[other] for other in others)]
        self.scores = weighted(self.known, rows.weights)
        gram = self.scores @ self.known.T
        refuse_collinear(gram, names)
        self.bread = np.linalg.inv(gram)
        solved = [refine(causes[one], self.known, self.bread, self.scores) for one in self.places]
        self.slopes = np.array([slopes for slopes, _ in solved])
        self.residuals = np.array([residuals for _, residuals in solved])

    def fitted(self, causes: np.ndarray) -> np.ndarray:
        """(k, n) the causes, the endogenous ones as instruments explain them."""
        fitted = causes.copy()
        fitted[self.places] -= self.residuals
        return fitted

    def strengths(self) -> pd.DataFrame:
        """Robust F statistic of the instruments for each endogenous cause."""
        tested = slice(self.n_instruments)
        found = []
        for slopes, residuals in zip(self.slopes, self.residuals, strict=True):
            errors = sandwich(
                self.bread, self.scores, residuals, self.rows.clusters, self.rows.effects
            )
            found.append(wald(slopes[tested], errors.covariance[tested, tested], errors.freedom))
        index = pd.Index([self.rows.names[place] for place in self.places], name="cause")
        return pd.DataFrame(found, columns=["f_statistic", "p_value"], index=index)

    def smallest_eigenvalue(self) -> float:
        """Cragg and Donald's statistic: the strength in the direction least moved."""
        from scipy.linalg import eigh

        inside = np.linalg.inv(self.bread[: self.n_instruments, : self.n_instruments])
        slopes = self.slopes[:, : self.n_instruments]
        moved = slopes @ inside @ slopes.T / self.n_instruments
        left = weighted(self.residuals, self.rows.weights) @ self.residuals.T / self.rows.n
        return float(eigh(moved, left, eigvals_only=True)[0])


def wald(values: np.ndarray, covariance: np.ndarray, freedom: int) -> tuple[float, float]:
    """F statistic and p value of the hypothesis that all values, (k,), are zero."""
    from scipy.special import fdtrc

    errors = np.sqrt(np.diag(covariance))
    if not (errors > _EXACT * np.abs(values)).all():
        # Explained to the last digit, or nothing to explain.
        return (np.inf, 0.0) if np.any(errors < _EXACT * np.abs(values)) else (0.0, 1.0)
    ratios = values / errors
    shared = np.linalg.pinv(covariance / np.outer(errors, errors), hermitian=True)
    statistic = float(ratios @ shared @ ratios) / len(values)
    return statistic, float(fdtrc(len(values), freedom, statistic))


def _tests(
    rows: Rows, first: _FirstStage, plain: Fit, outcome: np.ndarray, causes: np.ndarray
) -> InstrumentTests:
    strengths = first.strengths()
    strength = float(strengths["f_statistic"].min())
    if len(strengths) > 1:
        strength = min(strength, first.smallest_eigenvalue())
    return InstrumentTests(
        strengths,
        strength,
        strength < _STRONG,
        pd.Series(plain.coefficients, pd.Index(rows.names, name="cause")),
        _exogenous(rows, first, outcome, causes),
    )


def _exogenous(rows: Rows, first: _FirstStage, outcome: np.ndarray, causes: np.ndarray) -> float:
    """P value of the residuals of the first stage as further causes."""
    more = np.concatenate([first.residuals, causes])
    scores = weighted(more, rows.weights)
    bread = np.linalg.pinv(scores @ more.T, hermitian=True)
    coefficients, residuals = refine(outcome, more, bread, scores)
    errors = sandwich(bread, scores, residuals, rows.clusters, rows.effects)
    tested = slice(len(first.residuals))
    return wald(coefficients[tested], errors.covariance[tested, tested], errors.freedom)[1]


def _weak(strength: float) -> str:
    return (
        f"weak instruments: their first-stage F statistic is {strength:.1f}, below {_STRONG:g}; "
        "coefficients lean towards those without instruments and intervals are too narrow"
    )
