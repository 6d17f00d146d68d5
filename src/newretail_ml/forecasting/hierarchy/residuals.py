"""Past errors of a model at all nodes: what the weights of a reconciliation are learned from."""

from __future__ import annotations

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.panel import Panel


def past_errors(
    model: Forecaster,
    nodes: Panel,
    *,
    horizon: int,
    folds: int = 8,
    step: int | None = None,
) -> np.ndarray:
    """(nodes, folds x horizon) errors of forecasts that a model would have made.

    Where demand is not known the error is taken as zero, and a node's other errors are made
    larger, so that its mean squared error stays what it was over the periods that are known.

    Args:
        model: cloned and fitted anew for every fold.
        nodes: panel of all nodes, or of one level of them; see `Hierarchy.aggregate`.
        horizon: periods of each forecast.
        folds: how many forecasts, the last of which ends with the panel.
        step: periods between them; by default one horizon.

    Raises:
        DataError: history is too short.
    """
    cuts = nodes.cut - horizon - (horizon if step is None else step) * np.arange(folds)
    if folds < 1 or cuts[-1] < 1:
        raise DataError(
            f"{nodes.cut} periods hold no {folds} forecasts of {horizon} periods",
            next_step="Use fewer folds, or a shorter step.",
        )
    errors = []
    for cut in cuts[::-1]:
        fitted = model.clone().fit(nodes.until(int(cut)))
        actual = nodes.demand(periods=slice(int(cut), int(cut) + horizon))
        errors.append(actual - fitted.mean(horizon))
    return _without_gaps(np.concatenate(errors, axis=1))


def _without_gaps(errors: np.ndarray) -> np.ndarray:
    known = np.isfinite(errors)
    count = known.sum(axis=1, keepdims=True)
    return np.where(known, errors, 0.0) * np.sqrt(errors.shape[1] / np.maximum(count, 1))
