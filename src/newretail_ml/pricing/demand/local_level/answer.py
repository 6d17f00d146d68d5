"""What is told of each item: its elasticity, how sure it is, and whether to act on it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.local_level.design import (
    PROMOTION_CAUSE,
    SUBSTITUTE_CAUSE,
    Design,
)
from newretail_ml.pricing.demand.local_level.fit import LevelFit
from newretail_ml.pricing.demand.local_level.pooled import Pooled
from newretail_ml.pricing.response import Evidence

ELASTICITY, STANDARD_ERROR, LOWER, UPPER = "elasticity", "standard_error", "lower", "upper"
LIFT, CROSS, MOVES, OWN_SHARE = "promotion_lift", "cross_elasticity", "price_moves", "own_share"
UNPOOLED, UNPOOLED_ERROR = "unpooled", "unpooled_error"
IDENTIFIED, REASON = "identified", "reason"
_MOVE = 0.005
_ENOUGH_MOVES = 3
_LARGEST_ERROR = 0.25
_SAYS_NOTHING = 10.0


def elasticity_table(
    design: Design, fit: LevelFit, pooled: Pooled, confidence: float
) -> pd.DataFrame:
    """One row an item; see `LocalLevelRegression`."""
    from scipy.stats import norm

    estimate, error = pooled.estimate[:, 0], np.sqrt(pooled.covariance[:, 0, 0])
    wide = norm.ppf(0.5 + confidence / 2) * error
    moves = _moves(design)
    alone, alone_error = _unpooled(fit, moves)
    extra = {
        label: pooled.estimate[:, design.names.index(name)]
        for label, name in ((LIFT, PROMOTION_CAUSE), (CROSS, SUBSTITUTE_CAUSE))
        if name in design.names
    }
    table = design.labels.assign(
        **{
            ELASTICITY: estimate,
            STANDARD_ERROR: error,
            LOWER: estimate - wide,
            UPPER: estimate + wide,
            UNPOOLED: alone,
            UNPOOLED_ERROR: alone_error,
            **extra,
            MOVES: moves,
            OWN_SHARE: pooled.own_share[:, 0],
        }
    )
    reasons = _reasons(design, table)
    return table.assign(**{IDENTIFIED: reasons == "", REASON: reasons})


def evidence_of(panel: Panel, design: Design, table: pd.DataFrame) -> Evidence:
    """The evidence of each series: that of its item, and the prices it was sold at."""
    prices = panel.plans[c.PRICE][:, : panel.cut].astype(float)
    seen = np.where(design.known, prices, np.nan)
    some = design.known.any(axis=1)
    seen[~some] = design.prices[~some, None]
    return Evidence(
        table[IDENTIFIED].to_numpy()[design.items],
        table[REASON].to_numpy()[design.items],
        np.nanmin(seen, axis=1),
        np.nanmax(seen, axis=1),
    )


def _unpooled(fit: LevelFit, moves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(items,) elasticities and errors by each item's own sales; NaN and infinite if unknown."""
    price, rest = fit.information[:, 0, 1:], fit.information[:, 1:, 1:]
    beside = np.einsum("ni,nij,nj->n", price, np.linalg.pinv(rest, 1e-9, hermitian=True), price)
    told = fit.information[:, 0, 0] - beside
    known = (told > _SAYS_NOTHING**-2) & (moves > 0)
    error = np.where(known, 1.0 / np.sqrt(np.where(known, told, 1.0)), np.inf)
    return np.where(known, fit.coefficients[:, 0], np.nan), error


def _moves(design: Design) -> np.ndarray:
    """(items,) how often a price changed by more than half a percent, at the busiest location."""
    price = np.where(design.known, design.causes[:, :, 0], np.nan)
    last = pd.DataFrame(price).ffill(axis=1).to_numpy()
    moved = (np.abs(np.diff(last, axis=1)) > _MOVE).sum(axis=1)
    most = np.zeros(len(design.labels), dtype=int)
    np.maximum.at(most, design.items, moved)
    return most


def _reasons(design: Design, table: pd.DataFrame) -> np.ndarray:
    """(items,) why the data does not tell the response to the price, empty where it does."""
    sold = np.bincount(design.items, design.units.sum(axis=1), len(table))
    moves, share = table[MOVES].to_numpy(), table[OWN_SHARE].to_numpy()
    error = (table[STANDARD_ERROR] / table[ELASTICITY].abs()).to_numpy()
    reasons = np.full(len(table), "", dtype=object)
    positive = (table[UPPER] >= 0).to_numpy()
    reasons[positive] = (
        "demand may not fall with the price at all; look for a cause that moves with the price"
    )
    weak = error > _LARGEST_ERROR
    reasons[weak] = [
        f"the error of its elasticity is {one:.0%} of it, and its own sales settle {own:.0%} of "
        "the doubt; more price moves, of different depths and apart from promotions, would help"
        for one, own in zip(error[weak], share[weak], strict=True)
    ]
    few = moves < _ENOUGH_MOVES
    reasons[few] = [
        f"its price moved {count} times; vary it at least {_ENOUGH_MOVES} times"
        if count
        else "its price never moved; vary it to learn what it does"
        for count in moves[few]
    ]
    reasons[sold <= 0] = "nothing was sold at a known price"
    return reasons
