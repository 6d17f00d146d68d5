"""The panel of all nodes of a hierarchy: what their series sold together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from newretail_ml.panel import Panel

_COLUMNS = 256
_LEAST_SALES = 1e-9


def aggregated(
    panel: Panel, nodes: pd.DataFrame, summing: sparse.csr_array, tolerance: float
) -> Panel:
    """See `Hierarchy.aggregate`."""
    above = summing[: len(nodes) - panel.n_series]
    units, censored = _sales(panel, above, tolerance)
    return replace(
        panel,
        keys=nodes,
        units=np.concatenate([units, panel.units]),
        censored=np.concatenate([censored, panel.censored]),
        launch=_first_of(panel.launch, above),
        delisting=_last_of(panel.delisting, above),
        plans={name: _mean_plan(plan, above) for name, plan in panel.plans.items()},
        statics=_shared(panel.statics, nodes, above),
    )


def _sales(
    panel: Panel, above: sparse.csr_array, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """(nodes above, periods) units and censored, in blocks of periods."""
    units = np.empty((above.shape[0], panel.cut), dtype=np.float32)
    censored = np.empty(units.shape, dtype=bool)
    usual = _UsualSales(panel)
    for start in range(0, panel.cut, _COLUMNS):
        part = slice(start, min(start + _COLUMNS, panel.cut))
        on_sale = panel.on_sale(periods=part)
        unknown = on_sale & np.isnan(panel.units[:, part])
        short = on_sale & panel.censored[:, part]
        weight = usual.block(part)
        allowed = tolerance * (above @ (weight * on_sale))
        units[:, part] = above @ np.where(on_sale & ~unknown, panel.units[:, part], 0.0)
        units[:, part][above @ (weight * unknown) > allowed] = np.nan
        censored[:, part] = above @ (weight * (short | unknown)) > allowed
    return units, censored


class _UsualSales:
    """Mean demand until each period, from that and earlier ones only; blocks asked in order."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.total = np.zeros((panel.n_series, 1))
        self.count = np.zeros((panel.n_series, 1))

    def block(self, part: slice) -> np.ndarray:
        """(series, periods of the block); next to nothing where demand was never seen."""
        demand = self.panel.demand(periods=part)
        known = ~np.isnan(demand)
        total = self.total + np.where(known, demand, 0.0).cumsum(axis=1, dtype=np.float64)
        count = self.count + known.cumsum(axis=1)
        self.total, self.count = total[:, -1:], count[:, -1:]
        return np.maximum(total / np.maximum(count, 1), _LEAST_SALES)


def _first_of(launch: np.ndarray, above: sparse.csr_array) -> np.ndarray:
    """The first launch of a node's series; unknown where that of one is."""
    return np.concatenate([_reduced(np.minimum, launch, above), launch])


def _last_of(delisting: np.ndarray, above: sparse.csr_array) -> np.ndarray:
    return np.concatenate([_reduced(np.maximum, delisting, above), delisting])


def _reduced(function: np.ufunc, values: np.ndarray, above: sparse.csr_array) -> np.ndarray:
    """(nodes above,) the values of each node's series reduced to one; no node is empty."""
    if above.shape[0] == 0:
        return values[:0]
    return function.reduceat(values[above.indices], above.indptr[:-1])


def _mean_plan(plan: np.ndarray, above: sparse.csr_array) -> np.ndarray:
    """(nodes, periods) float32 mean over the series whose plan is known."""
    known = ~np.isnan(plan)
    count = above @ known.astype(np.float32)
    total = above @ np.where(known, plan, np.float32(0.0))
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return np.concatenate([mean.astype(np.float32), plan])


def _shared(statics: pd.DataFrame, nodes: pd.DataFrame, above: sparse.csr_array) -> pd.DataFrame:
    """Static columns of the nodes, missing where series differ; labels stand in the keys."""
    shared = {}
    for name in statics.columns.difference(nodes.columns, sort=False):
        codes, values = pd.factorize(statics[name])
        low, high = (_reduced(function, codes, above) for function in (np.minimum, np.maximum))
        position = np.concatenate([np.where(low == high, low, -1), codes])
        shared[name] = pd.Series(values).reindex(position).reset_index(drop=True)
    return pd.DataFrame(shared, index=nodes.index)
