"""Least-squares reconciliation with sparse matrices.

The reconciled forecasts nearest to the base forecasts y, in the metric of their errors'
covariance W, are y - W C'(C W C')^-1 C y, where C = [I, -A] and A adds the series up to the nodes
above (Wickramasuriya, Athanasopoulos and Hyndman 2019, equation 10). Only a system of as many
rows as there are nodes above is solved: sparse for a diagonal W. For the low-rank part of a
shrunk W, the identity of Woodbury adds a dense system of as many rows as there are errors a node.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from newretail_ml.forecasting.hierarchy.covariance import ErrorCovariance


def minimum_trace(
    above: sparse.csr_array, covariance: ErrorCovariance
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from (nodes, columns) base forecasts to (series, columns) reconciled ones.

    Args:
        above: (nodes above, series) summing matrix.
        covariance: of the errors of all nodes, those above first.
    """
    n_above = above.shape[0]
    below = covariance.variances[n_above:, None]
    factors = covariance.factors[n_above:]
    gaps = covariance.factors[:n_above] - above @ factors
    solve = _solver(above, covariance.variances, gaps)

    def project(base: np.ndarray) -> np.ndarray:
        series = base[n_above:]
        weights = solve(base[:n_above] - above @ series)
        return series + below * (above.T @ weights) - factors @ (gaps.T @ weights)

    return project


def _solver(
    above: sparse.csr_array, variances: np.ndarray, gaps: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Solves with C W C' = D_above + A D_series A' + gaps gaps'."""
    from scipy.sparse.linalg import splu

    n_above = above.shape[0]
    inner = above @ sparse.diags_array(variances[n_above:]) @ above.T
    matrix = sparse.csc_array(inner + sparse.diags_array(variances[:n_above]))
    # Symmetric and positive definite: no pivoting, and an ordering that keeps the factor sparse.
    options = {"SymmetricMode": True}
    factor = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    if gaps.shape[1] == 0:
        return factor.solve
    solved = factor.solve(gaps)
    inner_inverse = np.linalg.inv(np.eye(gaps.shape[1]) + gaps.T @ solved)

    def solve(right: np.ndarray) -> np.ndarray:
        plain = factor.solve(right)
        return plain - solved @ (inner_inverse @ (gaps.T @ plain))

    return solve
