"""One door to regressions on long frames, with effects of any number of categories absorbed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.covariance import sandwich
from newretail_ml.pricing.estimation.effects import Entry
from newretail_ml.pricing.estimation.instruments import check_instruments, solve_instrumented
from newretail_ml.pricing.estimation.linear import Fit, solve_linear
from newretail_ml.pricing.estimation.poisson import solve_poisson, without_zero_groups
from newretail_ml.pricing.estimation.result import Estimate
from newretail_ml.pricing.estimation.rows import Rows, read, without_singletons

Family = Literal["linear", "poisson"]


@dataclass(frozen=True)
class Regression:
    """The rows of a regression and how it is solved.

    Attributes:
        rows: that are used.
        clean: leaves rows out that say nothing.
        solve: the coefficients of rows.
    """

    rows: Rows
    clean: Callable[[Rows], Rows]
    solve: Callable[[Rows], Fit]


def estimate(
    frame: pd.DataFrame,
    outcome: str,
    causes: Sequence[str],
    *,
    absorb: Hashable | Sequence[Entry] = (),
    cluster: Hashable | Sequence[Entry] = (),
    weights: str | None = None,
    family: Family = "linear",
    endogenous: Sequence[str] = (),
    instruments: Sequence[str] = (),
) -> Estimate:
    """Coefficients of causes of an outcome, with categorical effects held constant.

    Linear least squares, Poisson pseudo-likelihood or two-stage least squares; `linear`, `poisson`
    and `instruments` of this package name their sources. The effects are absorbed, so that there
    may be hundreds of thousands of them.

    Args:
        frame: one row an observation; rows with a missing value are left out and counted.
        outcome: column of what is explained.
        causes: columns that explain it; an intercept is added where nothing is absorbed.
        absorb: effects held constant: a column, or a list of entries, each a column or a tuple
            of columns for their cross: ["week", ("brand", "store")].
        cluster: rows that share their errors, one or two entries of the same form; without it
            errors are robust to unequal variance.
        weights: column of weights of the rows.
        family: "linear", or "poisson" for units with zeros: the logarithm of the mean is linear.
        endogenous: causes that answer to what the outcome answers to, as prices do to demand.
        instruments: columns that move the endogenous causes and the outcome through them only,
            such as cost; at least as many.

    Raises:
        DataError: the data cannot tell: causes are collinear or do not vary inside the effects,
            instruments do not move prices, there are too few rows or groups; or a column is
            missing, infinite or not a number.

    >>> frame = pd.DataFrame({"store": ["a", "a", "b", "b", "b"],
    ...                       "log_price": [0.0, 0.1, 0.0, 0.2, 0.1],
    ...                       "log_units": [2.0, 1.7, 3.0, 2.4, 2.7]})
    >>> estimate(frame, "log_units", ["log_price"], absorb="store")["log_price"].__round__(6)
    -3.0
    """
    regression = prepare(
        frame,
        outcome,
        causes,
        absorb=absorb,
        cluster=cluster,
        weights=weights,
        family=family,
        endogenous=endogenous,
        instruments=instruments,
    )
    with np.errstate(over="ignore", invalid="ignore"):
        fit = regression.solve(regression.rows)
        rows = fit.rows
        errors = sandwich(fit.bread, fit.scores, fit.residuals, rows.clusters, rows.effects)
    if not np.isfinite(errors.covariance).all():
        raise DataError(
            "numbers are so large that their squares are infinite",
            next_step="Measure them in larger units.",
        )
    return Estimate(
        names=rows.names,
        coefficients=fit.coefficients,
        covariance=errors.covariance,
        freedom=errors.freedom,
        errors=errors.kind,
        absorbed=errors.absorbed,
        used=rows.used,
        left_out=rows.left_out,
        outcome=rows.outcome,
        residuals=fit.residuals,
        instruments=fit.tests,
        warnings=fit.warnings + errors.warnings,
    )


def prepare(
    frame: pd.DataFrame,
    outcome: str,
    causes: Sequence[str],
    *,
    absorb: Hashable | Sequence[Entry] = (),
    cluster: Hashable | Sequence[Entry] = (),
    weights: str | None = None,
    family: Family = "linear",
    endogenous: Sequence[str] = (),
    instruments: Sequence[str] = (),
) -> Regression:
    """What `estimate` solves; arguments as of `estimate`."""
    if family not in ("linear", "poisson"):
        raise DataError(f"family is {family!r}", next_step='Write "linear" or "poisson".')
    check_instruments(causes, endogenous, len(instruments))
    if family == "poisson" and instruments:
        raise DataError(
            'instruments need family "linear"',
            next_step="Take the logarithm of units that are above zero, or leave instruments out.",
        )
    rows = read(
        frame,
        outcome,
        causes,
        absorb=absorb,
        cluster=cluster,
        weights=weights,
        instruments=instruments,
    )
    if family == "poisson":
        rows = without_zero_groups(rows)
        return Regression(rows, without_zero_groups, solve_poisson)
    if not instruments:
        return Regression(rows, without_singletons, solve_linear)
    return Regression(rows, without_singletons, lambda some: solve_instrumented(some, endogenous))
