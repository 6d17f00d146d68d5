"""What is told of each group: its elasticity, how sure it is, and whether to act on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.pooling import PooledEstimates, pool_estimates
from newretail_ml.pricing.demand.regression.controls import STRONG
from newretail_ml.pricing.demand.regression.groups import GroupFit
from newretail_ml.pricing.demand.regression.sample import GROUP, KEEP_ZEROS, SERIES, Sample

_ENOUGH_MOVES = 3
_MOVE = 0.005
_LITTLE_LEFT = 0.01
_LEAST_LEFT = 0.005
_MANY_ZEROS = 0.1
_MANY_SOLD_OUT = 0.05
_ENOUGH_SHARE = 0.5
_SMALL_ERROR = 0.15


@dataclass(frozen=True, eq=False)
class Answer:
    """Elasticities of the groups.

    Attributes:
        elasticity, error: (groups,) that are used: pooled, or each by itself.
        unpooled, unpooled_error: (groups,) each by itself; NaN and infinite where unknown.
        pooled: what pooling found.
    """

    elasticity: np.ndarray
    error: np.ndarray
    unpooled: np.ndarray
    unpooled_error: np.ndarray
    pooled: PooledEstimates


def answer_of(sample: Sample, fits: list[GroupFit], form: str, panel: Panel, pool: bool) -> Answer:
    """Elasticities, drawn to those of category and chain if asked for.

    A group whose rows say nothing has the mean of the others in any case.
    """
    scale = sample.to_elasticity(form)
    value = np.array([fit.coefficient for fit in fits]) * scale
    error = np.array([fit.error for fit in fits]) * scale
    first = np.unique(sample.group, return_index=True)[1]
    category = (
        panel.statics[c.CATEGORY].astype(str).to_numpy()[first]
        if c.CATEGORY in panel.statics
        else None
    )
    pooled = pool_estimates(np.nan_to_num(value), error, category)
    alone = np.isfinite(error) & ~np.isnan(value) & (not pool)
    return Answer(
        np.where(alone, value, pooled.estimates),
        np.where(alone, error, pooled.standard_errors),
        value,
        error,
        pooled,
    )


def elasticity_table(
    sample: Sample,
    fits: list[GroupFit],
    answer: Answer,
    confidence: float,
    reasons: np.ndarray,
) -> pd.DataFrame:
    """One row a group; see `PriceRegression`."""
    from scipy.special import ndtri

    wide = ndtri(0.5 + confidence / 2) * answer.error
    return sample.labels.assign(
        elasticity=answer.elasticity,
        standard_error=answer.error,
        lower=answer.elasticity - wide,
        upper=answer.elasticity + wide,
        unpooled=answer.unpooled,
        unpooled_error=answer.unpooled_error,
        own_share=answer.pooled.own_share,
        price_moves=price_moves(sample),
        price_left=[fit.left for fit in fits],
        first_stage_f=[fit.strength for fit in fits],
        identified=reasons == "",
        reason=reasons,
    )


def price_moves(sample: Sample) -> np.ndarray:
    """(groups,) how often a price changed by over half a percent, at its busiest series."""
    price = np.where(sample.history.teaches, sample.history.log_prices, np.nan)
    last = pd.DataFrame(price).ffill().to_numpy()
    moved = (np.abs(np.diff(last, axis=0)) > _MOVE).sum(axis=0)
    most = np.zeros(len(sample.labels), dtype=int)
    np.maximum.at(most, sample.group, moved)
    return most


def reasons_of(sample: Sample, fits: list[GroupFit], answer: Answer, form: str) -> np.ndarray:
    """(groups,) why the data does not tell the response to the price, empty where it does."""
    moves, one_series = price_moves(sample), _series_per_group(sample) == 1
    found = [
        fit.reason
        or _of_price(
            fit, int(moves[number]), bool(one_series[number]), form, float(sample.usual[number])
        )
        or _of_lost(float(sample.zeros[number]), float(sample.sold_out[number]), form)
        or _of_estimate(answer, number)
        for number, fit in enumerate(fits)
    ]
    return np.array(found, dtype=object)


def _series_per_group(sample: Sample) -> np.ndarray:
    pairs = sample.rows[[GROUP, SERIES]].drop_duplicates()
    return np.bincount(pairs[GROUP], minlength=len(sample.labels))


def _of_price(fit: GroupFit, moves: int, one_series: bool, form: str, usual: float) -> str:
    if moves < _ENOUGH_MOVES and one_series:
        return f"the price moved {moves} times: vary it {_ENOUGH_MOVES} times at least"
    left = fit.spread * np.sqrt(fit.left) / (1.0 if form in ("log-log", "poisson") else usual)
    if fit.left < _LITTLE_LEFT or left < _LEAST_LEFT:
        return (
            f"what is held constant explains {1 - fit.left:.1%} of the price's variance: change "
            "the price without promotions, or at some locations only"
        )
    if fit.strength < STRONG:
        return (
            f"the instrument hardly moves the price (first-stage F {fit.strength:.1f}, and "
            f"{STRONG:g} is the least): bring another, or set some prices by chance"
        )
    return ""


def _of_lost(zeros: float, sold_out: float, form: str) -> str:
    if form not in KEEP_ZEROS and zeros > _MANY_ZEROS:
        return f'{zeros:.0%} of its periods are without a sale: form="poisson" keeps them'
    if sold_out > _MANY_SOLD_OUT:
        return (
            f"{sold_out:.0%} of its periods at low prices sold out, and what is left of them looks "
            "less elastic: use LocalLevelRegression, or bring more stock when prices are low"
        )
    return ""


def _of_estimate(answer: Answer, number: int) -> str:
    value, error = answer.elasticity[number], answer.error[number]
    if value + 1.645 * error >= 0:
        return (
            "demand may not fall with the price at all: vary the price more, and bring causes "
            "that move with it"
        )
    share = answer.pooled.own_share[number]
    if share < _ENOUGH_SHARE and error > _SMALL_ERROR * abs(value):
        return (
            f"its own sales settle {share:.0%} of its elasticity, the rest is what is usual: more "
            "price moves, of different depths and apart from promotions, would help"
        )
    return ""
