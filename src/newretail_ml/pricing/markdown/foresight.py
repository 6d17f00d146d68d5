"""A bound of what any prices can earn: those of one who knows the path."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.markdown.lines import Lines


def clairvoyant(lines: Lines) -> np.ndarray:
    """(n, paths) more than anybody can expect who knows the path: demand as a flow, no rules.

    For a cost l of a unit of stock, no plan earns more than D max_k r_k (p_k - v - l) + l S above
    salvage v; the bound is its least over l, which lies where two of the lines cross.
    """
    active = np.arange(lines.horizon) < lines.periods[:, None]
    total = (lines.paths * active[:, None, :]).sum(axis=2, dtype=float)
    margin = np.nan_to_num(lines.prices) - lines.salvage[:, None]
    margin = np.where(np.isnan(lines.prices), 0.0, margin)
    best = np.full(total.shape, np.inf)
    n_draws = lines.ratio.shape[1]
    draws = (np.arange(total.shape[1]) // 2) % n_draws
    for draw in range(n_draws):
        here = draws == draw
        if not here.any():
            continue
        costs, gained = _breaks(lines.ratio[:, draw], margin)
        worth = total[:, here, None] * gained[:, None] + (costs * lines.stock[:, None])[:, None]
        best[:, here] = worth.min(axis=2)
    return best + (lines.salvage * lines.stock)[:, None]


def _breaks(ratio: np.ndarray, margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, costs) costs of stock at which the best price changes, and what it earns there."""
    high = ratio * margin
    first, second = np.triu_indices(ratio.shape[1], 1)
    rise = ratio[:, first] - ratio[:, second]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = (high[:, first] - high[:, second]) / rise
    crossing = np.where(np.isfinite(crossing) & (crossing > 0), crossing, 0.0)
    costs = np.concatenate([crossing, np.maximum(margin, 0.0), np.zeros((len(ratio), 1))], axis=1)
    gained = np.zeros_like(costs)
    for price in range(ratio.shape[1]):
        np.maximum(gained, ratio[:, price, None] * (margin[:, price, None] - costs), out=gained)
    return costs, gained
