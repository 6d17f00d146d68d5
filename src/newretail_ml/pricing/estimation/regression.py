"""One door to regressions on long frames, with effects of any number of categories absorbed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.covariance import sandwich
from newretail_ml.pricing.estimation.effects import Entry
from newretail_ml.pricing.estimation.result import Estimate
from newretail_ml.pricing.estimation.rows import Rows, read
from newretail_ml.pricing.estimation.solve import (
    products,
    refine,
    refuse_absorbed,
    refuse_collinear,
    sizes,
)
from newretail_ml.pricing.estimation.within import transform

Family = Literal["linear", "poisson"]


def estimate(
    frame: pd.DataFrame,
    outcome: str,
    causes: Sequence[str],
    *,
    absorb: Hashable | Sequence[Entry] = (),
    cluster: Hashable | Sequence[Entry] = (),
    weights: str | None = None,
    family: Family = "linear",
) -> Estimate:
    """Coefficients of causes of an outcome, with categorical effects held constant.

    Linear least squares, the effects absorbed by the within transform (Frisch and Waugh 1933).

    Args:
        frame: one row an observation; rows with a missing value are left out and counted.
        outcome: column of what is explained.
        causes: columns that explain it; an intercept is added where nothing is absorbed.
        absorb: effects held constant: a column, or a list of entries, each a column or a tuple
            of columns for their cross: ["week", ("brand", "store")].
        cluster: rows that share their errors, one or two entries of the same form; without it
            errors are robust to unequal variance.
        weights: column of weights of the rows.
        family: "linear".

    Raises:
        DataError: the data cannot tell: causes are collinear or do not vary inside the effects,
            there are too few rows or groups; or a column is missing, infinite or not a number.

    >>> frame = pd.DataFrame({"store": ["a", "a", "b", "b", "b"],
    ...                       "log_price": [0.0, 0.1, 0.0, 0.2, 0.1],
    ...                       "log_units": [2.0, 1.7, 3.0, 2.4, 2.7]})
    >>> estimate(frame, "log_units", ["log_price"], absorb="store")["log_price"].__round__(6)
    -3.0
    """
    if family != "linear":
        raise DataError(f"family is {family!r}", next_step='Write "linear".')
    rows = read(frame, outcome, causes, absorb=absorb, cluster=cluster, weights=weights)
    return _linear(rows)


def _linear(rows: Rows) -> Estimate:
    within = transform(rows.effects, rows.weights)
    values = np.concatenate([rows.outcome[None], rows.causes])
    before = sizes(rows.causes, rows.weights)
    values = within.residuals(values)
    left, causes = values[0], values[1:]
    if rows.effects:
        refuse_absorbed(before, sizes(causes, rows.weights), rows.names)
    gram = products(causes, causes, rows.weights)
    refuse_collinear(gram, rows.names)
    inverse = np.linalg.inv(gram)
    coefficients, residuals = refine(left, causes, rows.weights, inverse)
    scores = causes if rows.weights is None else causes * rows.weights
    errors = sandwich(inverse, scores, residuals, rows.clusters, rows.effects)
    return Estimate(
        rows.names,
        coefficients,
        errors.covariance,
        errors.freedom,
        errors.kind,
        errors.absorbed,
        rows.used,
        rows.left_out,
        rows.outcome,
        residuals,
    )
