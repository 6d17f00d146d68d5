"""Forecasts of all nodes made to add up, path by path.

Sources: Wickramasuriya, Athanasopoulos and Hyndman (2019), "Optimal forecast reconciliation for
hierarchical and grouped time series through trace minimization", Journal of the American
Statistical Association 114, 804-819; on paths, Panagiotelis, Gamakumara, Athanasopoulos and
Hyndman (2023), "Probabilistic forecast reconciliation", European Journal of Operational Research
306, 693-706; joint paths of nodes by the ranks of their series' sums, Ben Taieb, Taylor and
Hyndman (2021), "Hierarchical probabilistic forecasting of electricity demand with smart meter
data", Journal of the American Statistical Association 116, 27-43.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.hierarchy.covariance import ErrorCovariance, checked_residuals
from newretail_ml.forecasting.hierarchy.hierarchy import Hierarchy
from newretail_ml.forecasting.hierarchy.projection import minimum_trace

METHODS = ("bottom_up", "top_down", "ols", "wls", "mint_shrink")

# (nodes, columns) base forecasts -> (series, columns) reconciled ones.
Mapping = Callable[[np.ndarray], np.ndarray]

# Paths are reconciled in float64, of so many columns (paths x periods) at once.
_COLUMNS = 512


def reconcile(
    base: Forecast,
    hierarchy: Hierarchy,
    method: str = "mint_shrink",
    *,
    residuals: np.ndarray | None = None,
    random_state: int = 0,
) -> Forecast:
    """A forecast of all nodes whose paths add up.

    The paths of different models know nothing of one another. So the paths of each node above
    the series are first put into the order of its series' sums, period by period: its highest
    goes with the highest sum. Then each path is reconciled by itself, what falls below zero is
    set to zero in the series, and they are added up. Setting to zero raises the mean where items
    sell now and then, so each series is scaled to the mean that reconciling the means gives.
    Series whose paths are in whole units are rounded, up or down at random by the rest: a day
    without a sale stays one.

    Args:
        base: of all nodes, in the order of the hierarchy; see `Hierarchy.combine`.
        hierarchy: what adds up to what.
        method: "bottom_up" adds up the series. "top_down" shares out the level of fewest nodes
            in proportion to the forecasts of the series. The others combine all levels by least
            squares, weighted by nothing ("ols"), by the variance of each node's errors ("wls"),
            or by their whole covariance, shrunk ("mint_shrink").
        residuals: (nodes, periods) past errors, for "wls" and "mint_shrink"; see `past_errors`.
        random_state: seed of the rounding.

    Raises:
        DataError: base or residuals are not of the hierarchy's nodes, or the method is not known.

    >>> import pandas as pd
    >>> from newretail_ml.panel import Periods
    >>> hierarchy = Hierarchy.of_keys(pd.DataFrame({"item_id": ["tea", "cup"]}), levels=[()])
    >>> day = Periods.spanning("2026-01-01", "2026-01-01", "D")
    >>> base = Forecast(hierarchy.keys, day, np.float32([[[16]], [[4]], [[6]]]))
    >>> reconcile(base, hierarchy, "ols").paths.ravel().round(3).tolist()
    [14.0, 6.0, 8.0]
    """
    hierarchy.check_nodes(base)
    if method not in METHODS:
        raise DataError(
            f"there is no method {method}", next_step=f"Use one of {', '.join(METHODS)}."
        )
    paths = base.paths.copy()
    if method != "bottom_up" and hierarchy.n_above > 0:
        mapping = _mapping(hierarchy, method, residuals, base)
        order_by_sums(paths, hierarchy)
        _reconcile_series(paths, mapping, set_to_zero(mapping(base.mean())))
        _round_like(paths[hierarchy.n_above :], base.paths[hierarchy.n_above :], random_state)
    hierarchy.fill_above(paths)
    return replace(base, paths=paths)


def order_by_sums(paths: np.ndarray, hierarchy: Hierarchy) -> None:
    """Put the paths of each node above into the order of its series' sums, each period alone.

    Args:
        paths: (nodes, paths, horizon), changed in place.
        hierarchy: of these nodes.
    """
    if paths.shape[1] == 1:
        return
    n_above = hierarchy.n_above
    above = hierarchy.summing[:n_above]
    for period in range(paths.shape[2]):
        order = (above @ paths[n_above:, :, period].astype(np.float64)).argsort(axis=1)
        ordered = np.sort(paths[:n_above, :, period], axis=1)
        np.put_along_axis(paths[:n_above, :, period], order, ordered, axis=1)


def _mapping(
    hierarchy: Hierarchy, method: str, residuals: np.ndarray | None, base: Forecast
) -> Mapping:
    if method == "top_down":
        return _shared_out(hierarchy, base)
    n_nodes, above = len(hierarchy.keys), hierarchy.summing[: hierarchy.n_above]
    if method == "ols":
        return minimum_trace(above, ErrorCovariance.diagonal(np.ones(n_nodes)))
    errors = checked_residuals(residuals, n_nodes)
    if method == "wls":
        return minimum_trace(above, ErrorCovariance.diagonal((errors**2).mean(axis=1)))
    return minimum_trace(above, ErrorCovariance.shrunk(errors))


def _shared_out(hierarchy: Hierarchy, base: Forecast) -> Mapping:
    """The level of fewest nodes, in proportion to the series' forecasts; or to their means.

    Where a node expects something and none of its series ever does, they share it equally.
    """
    n_above = hierarchy.n_above
    top = min((hierarchy.rows(level) for level in hierarchy.levels), key=len)
    members = hierarchy.summing[top]
    usual = base.paths[n_above:].mean(axis=(1, 2), dtype=np.float64)[:, None]
    usual = np.where(members.T @ (members @ usual) <= 0, 1.0, usual)

    def share_out(nodes: np.ndarray) -> np.ndarray:
        nothing = members.T @ (members @ nodes[n_above:]) <= 0
        parts = np.where(nothing, usual, nodes[n_above:])
        whole = members @ parts
        ratio = np.divide(nodes[top], whole, out=np.zeros_like(whole), where=whole > 0)
        return parts * (members.T @ ratio)

    return share_out


def _reconcile_series(paths: np.ndarray, mapping: Mapping, mean: np.ndarray) -> None:
    """Write the reconciled series, with these means, into the last rows; paths block by block."""
    n_nodes, n_paths, horizon = paths.shape
    width = max(_COLUMNS // horizon, 1)
    series = paths[n_nodes - len(mean) :]
    for start in range(0, n_paths, width):
        block = paths[:, start : start + width]
        made = mapping(block.reshape(n_nodes, -1).astype(np.float64))
        series[:, start : start + width] = set_to_zero(made).reshape(len(mean), -1, horizon)
    _scale_to(series, mean)


def _scale_to(series: np.ndarray, mean: np.ndarray) -> None:
    """Scale (series, paths, horizon) in place to have the (series, horizon) means.

    Setting negative paths to zero has raised them, most where an item sells now and then. Where
    it has left nothing, every path is the mean.
    """
    average = series.mean(axis=1, dtype=np.float64)
    scale = np.divide(mean, average, out=np.zeros_like(mean), where=average > 0)
    series *= scale[:, None, :].astype(np.float32)
    series += np.where(average > 0, 0.0, mean)[:, None, :].astype(np.float32)


def _round_like(series: np.ndarray, base: np.ndarray, random_state: int) -> None:
    """Round the paths of series whose base paths are whole; a single path is a mean, and stays."""
    if base.shape[1] == 1:
        return
    rng = np.random.default_rng(random_state)
    for row in np.flatnonzero([(paths == np.floor(paths)).all() for paths in base]):
        series[row] = np.floor(series[row] + rng.random(series.shape[1:], dtype=np.float32))


def set_to_zero(series: np.ndarray) -> np.ndarray:
    """(series, columns) without negative values, and with each column's sum where it can be kept.

    Negative values become zero, as in Di Fonzo and Girolimetto (2023), "Spatio-temporal
    reconciliation of solar forecasts", Solar Energy 251, 13-29. That alone would add to every
    total, so the other series of the column are made smaller in proportion.
    """
    kept = np.maximum(series, 0.0)
    total, wanted = kept.sum(axis=0), np.maximum(series.sum(axis=0), 0.0)
    kept *= np.divide(wanted, total, out=np.zeros_like(total), where=total > 0)
    return kept
