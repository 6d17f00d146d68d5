"""Double machine learning: elasticities from what neither demand nor price owes to the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.features.block import attribute, group_codes
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.demand.level import HALF_LIVES, block_length, level_of, recency
from newretail_ml.pricing.demand.nuisance import Controls, left_over, out_of_fold, time_folds
from newretail_ml.pricing.demand.slopes import Slopes
from newretail_ml.pricing.response import ConstantElasticity, DemandResponse

_LEAST_SLOPE = -0.1
_LEAST_SPREAD = 0.005
_MOST_ZEROS = 0.1


class DoubleML(PriceModel):
    """Partially linear demand: log units = elasticity x log price + anything of the controls.

    Boosted trees predict log units and log price from promotions and other plans, the prices of
    other products in the market, calendar, trend and series, each block of periods by trees that
    have not seen it. The elasticity is the slope of what is left of demand on what is left of
    the price, with errors clustered by blocks of periods. So whatever moved price and demand
    together and stands in the controls does not bend it; what does not stand there does.

    Args:
        by: one elasticity for each of these groups: item_id, location_id, a static attribute, or
            "chain" for one that all share.
        shrink: draw the groups' elasticities towards their common mean, as far as their spread
            is explained by their errors.
        folds: how many folds; blocks of about a month take turns.
        half_life: periods after which a period counts half for the level; by default half a year.
        n_draws: draws of elasticities.
        random_state: seed.
        threads: how many threads; results are the same for any number.

    Attributes:
        table_: one row a group: group, elasticity, standard_error, low and high (90%), rows,
            residual_price_spread (of log prices that the controls do not explain).

    Source: Chernozhukov et al. (2018), "Double/debiased machine learning for treatment and
    structural parameters", Econometrics Journal 21, C1-C68, equation (4.4); shrinkage by
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.

    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> season = rng.random(300)
    >>> price = np.exp(0.3 * season + rng.normal(0, 0.1, 300))
    >>> units = 90 * price**-2.0 * np.exp(season + rng.normal(0, 0.05, 300))
    >>> days = pd.date_range("2026-01-05", periods=300)
    >>> frame = pd.DataFrame({"item_id": "tea", "date": days, "units": units, "price": price})
    >>> panel = Panel.from_frame(frame.assign(season=season), plans=["season"])
    >>> bool(abs(DoubleML().fit(panel).table_.loc[0, "elasticity"] + 2.0) < 0.25)
    True
    """

    def __init__(
        self,
        by: str = c.ITEM,
        shrink: bool = True,
        folds: int = 5,
        half_life: float | None = None,
        n_draws: int = 100,
        random_state: int = 0,
        threads: int = 1,
    ) -> None:
        self.by = by
        self.shrink = shrink
        self.folds = folds
        self.half_life = half_life
        self.n_draws = n_draws
        self.random_state = random_state
        self.threads = threads

    def _fit(self, panel: Panel) -> None:
        history = self._history(panel)
        rows = history.teaches
        self._controls = Controls(history.scale)
        columns = self._controls.of_panel(panel, slice(0, panel.cut))
        block = block_length(panel.cut, panel.periods.freq)
        period = np.broadcast_to(np.arange(panel.cut)[:, None], rows.shape)[rows]
        fold = time_folds(history, block, self.folds)[period]
        log_units = np.where(rows, np.log(np.where(rows, history.units, 1.0)), np.nan)
        self._mean_units = _mean_of_series(log_units, rows)
        given = columns[rows], fold, self._controls, self.random_state, self.threads
        demand = (log_units - self._mean_units)[rows]
        price = history.relative[rows]
        self._of_units = out_of_fold(given[0], demand, *given[1:])
        self._of_price = out_of_fold(given[0], price, *given[1:])
        names, group = self._groups(panel)
        series = np.broadcast_to(np.arange(panel.n_series), rows.shape)[rows]
        left_of_units, left_of_price = left_over(
            np.stack([demand, price], axis=1),
            np.stack([self._of_units.predicted, self._of_price.predicted], axis=1),
        )
        told = np.bincount(group, history.evidence().identified, minlength=len(names)) > 0
        slopes = Slopes.of(left_of_units, left_of_price, group[series], period // block, told)
        found = slopes.shrunken() if self.shrink and len(names) > 1 else slopes
        self.table_ = found.table(names)
        self._elasticity = found.elasticity[group]
        self._finish(panel, history, columns, found, group)

    def _history(self, panel: Panel) -> History:
        folds = check_whole("folds", self.folds, at_least=2)
        check_whole("n_draws", self.n_draws, at_least=1)
        if self.half_life is not None:
            check_number("half_life", self.half_life, above=0)
        units = panel.demand()
        zeros = float((units == 0).sum() / max((~np.isnan(units)).sum(), 1))
        if zeros > _MOST_ZEROS:
            raise DataError(
                f"{zeros:.0%} of the periods are without a sale, which have no logarithm",
                table="panel",
                column=c.UNITS,
                next_step="Use longer periods, or a model of counts such as MonotoneTrees.",
            )
        history = History.of(panel, counts=False)
        if history.teaches.any(axis=1).sum() < 2 * folds:
            raise DataError(
                f"{history.teaches.any(axis=1).sum()} periods with sales are too few for "
                f"{folds} folds",
                table="panel",
                next_step="Bring more history, or choose fewer folds.",
            )
        return history

    def _groups(self, panel: Panel) -> tuple[list[str], np.ndarray]:
        column = attribute(panel, self.by).reset_index(drop=True).astype("str")
        return sorted(column.unique()), group_codes(column)

    def _finish(
        self,
        panel: Panel,
        history: History,
        columns: np.ndarray,
        slopes: Slopes,
        group: np.ndarray,
    ) -> None:
        scale = history.scale
        effect = self._effect(columns, history.relative)
        weight = recency(panel.cut, self.half_life or HALF_LIVES[panel.periods.freq])
        self._level, error = level_of(history.units, effect, weight, False, scale.market.item)
        last = self._controls.of_panel(panel, slice(max(panel.cut - 7, 0), panel.cut))
        last[..., self._controls.plans] = 0.0
        current = scale.relative(np.log(scale.current))
        ordinary = self._effect(last, np.broadcast_to(current, last.shape[:-1]))
        draws = slopes.draws(self.n_draws, self.random_state)[:, group]
        evidence = history.evidence()
        reason, own = evidence.reason.copy(), self._elasticity
        still = slopes.spread[group] < _LEAST_SPREAD
        reason[still & (reason == "")] = (
            "promotions, calendar and other prices explain the price: move it on its own"
        )
        reason[(own > _LEAST_SLOPE) & (reason == "")] = "demand did not fall with the price"
        self.response_: DemandResponse = ConstantElasticity(
            np.exp(self._level) * np.exp(ordinary).mean(axis=0),
            scale.current,
            np.minimum(own, _LEAST_SLOPE),
            draws=draws,
            level_error=error,
            keys=panel.keys,
            evidence=replace(evidence, identified=reason == "", reason=reason),
        )

    def _effect(self, columns: np.ndarray, relative: np.ndarray) -> np.ndarray:
        """(periods, series) log of what prices and controls do."""
        beside = self._of_units.mean(columns, self.threads)
        expected = self._of_price.mean(columns, self.threads)
        return np.asarray(beside + self._elasticity * (relative - expected))

    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        scale = self._controls.scale
        columns = self._controls.of_panel(panel, periods)
        relative = scale.relative(scale.log_prices(panel, periods))
        return np.exp(self._level + self._effect(columns, relative)).T


def _mean_of_series(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(series,) mean over the rows; 0 where there are none."""
    count = np.maximum(rows.sum(axis=0), 1)
    return np.asarray(np.where(rows, values, 0.0).sum(axis=0) / count)
