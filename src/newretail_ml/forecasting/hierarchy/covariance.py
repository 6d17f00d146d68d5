"""The covariance of base forecast errors: diagonal, or shrunk towards it.

At a chain's size the covariance of all nodes does not fit in memory. The shrunk one is a diagonal
plus the product of a (nodes, periods) matrix with itself, and is only ever held as such.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import DataError

# A node that never erred would never move. It gets this share of the median variance.
_LEAST_VARIANCE = 1e-6
# At zero the covariance of more nodes than periods could not be inverted.
_LEAST_SHRINKAGE = 1e-4


@dataclass(frozen=True)
class ErrorCovariance:
    """diag(variances) + factors factors': (nodes,) and (nodes, periods)."""

    variances: np.ndarray
    factors: np.ndarray

    @classmethod
    def diagonal(cls, variances: np.ndarray) -> ErrorCovariance:
        """Errors without correlation. What is not above zero is raised to a small variance."""
        positive = variances[variances > 0]
        least = _LEAST_VARIANCE * np.median(positive) if positive.size else 1.0
        return cls(np.maximum(variances, least), np.empty((len(variances), 0)))

    @classmethod
    def shrunk(cls, residuals: np.ndarray) -> ErrorCovariance:
        """From (nodes, periods) errors, correlations shrunk as `shrinkage` says.

        As in Wickramasuriya, Athanasopoulos and Hyndman (2019), errors are not centred: base
        forecasts are taken to be unbiased.
        """
        share, n_periods = shrinkage(residuals), residuals.shape[1]
        diagonal = cls.diagonal((residuals**2).mean(axis=1)).variances
        factors = residuals * np.sqrt((1 - share) / n_periods)
        return cls(diagonal - (factors**2).sum(axis=1), factors)


def shrinkage(residuals: np.ndarray) -> float:
    """How far correlations are best shrunk towards zero: from nearly 0 (as they are) to 1.

    Source: Schaefer and Strimmer (2005), "A shrinkage approach to large-scale covariance matrix
    estimation and implications for functional genomics", Statistical Applications in Genetics
    and Molecular Biology 4, article 32. The sums over all pairs of nodes are taken through the
    (periods, periods) products, so that no matrix of pairs is made.

    Args:
        residuals: (nodes, periods) errors, at least two periods.
    """
    n_periods = residuals.shape[1]
    scale = np.sqrt((residuals**2).mean(axis=1, keepdims=True))
    x = np.divide(residuals, scale, out=np.zeros_like(residuals), where=scale > 0)
    squares = x**2
    # Sums over pairs i != j and periods of (x_it x_jt)^2, and over pairs of their mean, squared.
    products = (squares.sum(axis=0) ** 2).sum() - (squares**2).sum()
    own = (squares.sum(axis=1) ** 2).sum()
    correlations = (((x.T @ x) ** 2).sum() - own) / n_periods**2
    if correlations <= 0:
        return 1.0
    spread = (products - n_periods * correlations) / (n_periods * (n_periods - 1))
    return float(np.clip(spread / correlations, _LEAST_SHRINKAGE, 1.0))


def checked_residuals(residuals: np.ndarray | None, n_nodes: int) -> np.ndarray:
    """Float64 residuals.

    Raises:
        DataError: there are none, of other nodes, of fewer than two periods, or not numbers.
    """
    if residuals is None:
        raise DataError(
            "the method needs past errors of all nodes",
            table="residuals",
            next_step="Pass residuals=past_errors(model, panel, ...), or choose ols.",
        )
    residuals = np.asarray(residuals, dtype=np.float64)
    if residuals.ndim != 2 or len(residuals) != n_nodes or residuals.shape[1] < 2:
        raise DataError(
            f"their shape is {residuals.shape}, not ({n_nodes:,} nodes, 2 or more periods)",
            table="residuals",
            next_step="Pass one row a node of the hierarchy.",
        )
    if not np.isfinite(residuals).all():
        raise DataError(
            "values are missing or infinite",
            table="residuals",
            rows=np.flatnonzero(~np.isfinite(residuals).all(axis=1)),
            next_step="Leave such periods out, or fill them as past_errors does.",
        )
    return residuals
