"""Price elasticities by item from a chain's daily or weekly sales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.local_level.answer import elasticity_table, evidence_of
from newretail_ml.pricing.demand.local_level.design import (
    PRICE_CAUSE,
    PROMOTION_CAUSE,
    SUBSTITUTE_CAUSE,
    Design,
    causes_of,
    design_of,
)
from newretail_ml.pricing.demand.local_level.fit import LevelFit, fit_levels
from newretail_ml.pricing.demand.local_level.pooled import Pooled, pool
from newretail_ml.pricing.response import ConstantElasticity

_FIRST = {PRICE_CAUSE: -2.0, PROMOTION_CAUSE: 0.2, SUBSTITUTE_CAUSE: 0.3}
_USUAL_SPREAD = {PRICE_CAUSE: 0.6, PROMOTION_CAUSE: 0.15, SUBSTITUTE_CAUSE: 0.25}
_LEAST_NEGATIVE = -0.05
_RECENT = 28
_MOST_WITH_CROSS = 2_000


class LocalLevelRegression(PriceModel):
    """Elasticities of items whose demand wanders, in few units, with days out of stock.

    Demand of a series and period is negative binomial; its logarithm is a base and a level that
    wanders (a first-order autoregression), factors of days that many series share, and the
    item's coefficients of its own log price, of promotion, and of the mean log price of its
    substitutes in the same place, weighted by what they sell. A day that sold out says that
    demand was at least so much: leaving it out would miss the best days of promotions and make
    demand look less elastic.
    Coefficients of all items are then pooled (empirical Bayes), so that an item with few price
    moves borrows from its category, that from the chain, and the table says so.

    Methods: Breslow and Clayton (1993) for the regression, Dempster, Laird and Rubin (1977) for
    sold-out days, Morris (1983) for pooling.

    Args:
        by: key columns that share coefficients: an item's locations do.
        group: static attribute whose series share days (with the location's kind), and whose
            items are drawn towards a mean of their own; None for none.
        cross: static attribute whose items stand in for one another; None for no cross effects.
        confidence: of the intervals.
        n_draws: draws from the posterior that the response carries.
        random_state: seed of the draws.

    Attributes:
        elasticity_: one row an item: its keys, elasticity with standard_error, lower and upper,
            unpooled and unpooled_error (by the item's own sales only; NaN and infinite where these
            say nothing), promotion_lift (log units), cross_elasticity, price_moves, own_share (of
            what is known, how much the item's own data says), identified and reason.
        fit_, pooled_: what stands behind it.

    >>> import pandas as pd
    >>> days = pd.date_range("2026-01-01", periods=120)
    >>> price = np.where(np.arange(120) // 10 % 2, 2.0, 2.5)
    >>> frame = pd.DataFrame({"item_id": "tea", "date": days, "price": price,
    ...                       "units": 4000 * price ** -3.0})
    >>> model = LocalLevelRegression().fit(Panel.from_frame(frame))
    >>> model.elasticity_[["item_id", "elasticity"]].round(1).values.tolist()
    [['tea', -3.0]]
    """

    response_: ConstantElasticity

    def __init__(
        self,
        by: Sequence[str] = (c.ITEM,),
        group: str | None = c.CATEGORY,
        cross: str | None = c.SUBCATEGORY,
        confidence: float = 0.9,
        n_draws: int = 200,
        random_state: int = 0,
    ) -> None:
        self.by = by
        self.group = group
        self.cross = cross
        self.confidence = confidence
        self.n_draws = n_draws
        self.random_state = random_state

    def _fit(self, panel: Panel) -> None:
        self._check(panel)
        design = design_of(panel, tuple(self.by), self.group, self.cross)
        _check_sales(design)
        first = np.array([_FIRST[name] for name in design.names])
        usual = np.array([_USUAL_SPREAD[name] for name in design.names])
        self.fit_ = fit_levels(design, panel.periods.freq == "D", first)
        self.pooled_ = pool(
            self.fit_.coefficients, self.fit_.information, usual, design.pools, first
        )
        self.design_ = design
        self.elasticity_ = elasticity_table(design, self.fit_, self.pooled_, self.confidence)
        self._season = panel.periods.season if panel.periods.freq == "D" else 1
        self.response_ = self._response(panel, design, self.fit_, self.pooled_)

    def _check(self, panel: Panel) -> None:
        check_number("confidence", self.confidence, above=0.0, at_most=0.999)
        check_whole("n_draws", self.n_draws, at_least=1)
        missing = [name for name in self.by if name not in panel.keys]
        if missing or not len(self.by):
            raise DataError(
                f"coefficients cannot be shared by {', '.join(self.by) or 'nothing'}",
                table="panel",
                next_step=f"Name some of its keys: {', '.join(panel.keys.columns)}.",
            )

    def _response(
        self, panel: Panel, design: Design, fit: LevelFit, pooled: Pooled
    ) -> ConstantElasticity:
        keep = ~np.isnan(design.prices)
        if not keep.all():
            raise DataError(
                f"{int((~keep).sum()):,} series have no price",
                table="panel",
                column=c.PRICE,
                rows=np.flatnonzero(~keep),
                next_step="Leave them out: panel.select(mask).",
            )
        own = np.minimum(pooled.estimate[:, 0], _LEAST_NEGATIVE)[design.items]
        with_cross = design.substitutes is not None and panel.n_series <= _MOST_WITH_CROSS
        return ConstantElasticity(
            self._base_units(fit) * (panel.delisting > panel.cut),
            design.prices,
            _with_cross(own, pooled, design) if with_cross else own,
            draws=self._draws(pooled)[:, design.items],
            level_error=fit.level_error,
            keys=panel.keys,
            evidence=evidence_of(panel, design, self.elasticity_),
        )

    def _base_units(self, fit: LevelFit) -> np.ndarray:
        """(series,) expected units of a coming period on sale: the last level, a usual day."""
        factor = np.exp(fit.days.usual(_RECENT, self._season)).mean(axis=1)
        return np.exp(fit.base + fit.level[:, -1]) * factor

    def _draws(self, pooled: Pooled) -> np.ndarray:
        """(draws, items) own elasticities, none above zero."""
        rng = np.random.default_rng(self.random_state)
        return np.minimum(pooled.draws(self.n_draws, rng)[:, :, 0], _LEAST_NEGATIVE)

    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        first, last, step = periods.indices(len(panel.periods))
        causes, _ = causes_of(panel, periods, self.design_.prices, self.design_.substitutes)
        effect = np.einsum("stk,sk->st", causes, self.pooled_.estimate[self.design_.items])
        usual = self.fit_.days.usual(_RECENT, self._season)
        position = np.arange(first, last, step)
        ahead = position - self.fit_.level.shape[1] + 1
        fades = self.fit_.noise.persistence ** np.maximum(ahead, 0)
        at = np.minimum(position, self.fit_.level.shape[1] - 1)
        level = self.fit_.level[:, at] * fades
        log = self.fit_.base[:, None] + level + usual[:, position % self._season] + effect
        return np.exp(log)


def _with_cross(own: np.ndarray, pooled: Pooled, design: Design) -> np.ndarray:
    """(series, series) own elasticities on the diagonal, those of substitutes beside it."""
    cross = np.maximum(pooled.estimate[:, -1], 0.0)[design.items]
    matrix = cross[:, None] * design.substitutes
    np.fill_diagonal(matrix, own)
    return matrix


def _check_sales(design: Design) -> None:
    if not design.known.any() or not design.units[design.known].any():
        raise DataError(
            "there is no period with a sale and a price",
            table="panel",
            next_step="Check that prices cover the dates of the sales.",
        )
