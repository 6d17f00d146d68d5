"""What prices, plans and seasons do to demand in any periods, in logarithms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.history import Scale
from newretail_ml.pricing.demand.pooling import pool_estimates
from newretail_ml.pricing.demand.regression.answer import Answer
from newretail_ml.pricing.demand.regression.groups import GroupFit, Specification
from newretail_ml.pricing.demand.regression.sample import (
    IN_LOGS,
    KEEP_ZEROS,
    MONTH,
    TREND,
    WEEKDAY,
    Sample,
)

_LEAST = 0.01


@dataclass(frozen=True, eq=False)
class Effects:
    """Coefficients of every series, and seasons.

    Attributes:
        form: of the regression.
        scale: reads prices and plans of a panel.
        slope: (series,) of the own price.
        plans: (series, plans) of the plans.
        trend: (series,) over the whole history.
        cut: periods of the history.
        seasons: name -> (levels, series): what a month or weekday does.
    """

    form: str
    scale: Scale
    slope: np.ndarray
    plans: np.ndarray
    trend: np.ndarray
    cut: int
    seasons: dict[str, np.ndarray]

    @classmethod
    def of(
        cls,
        sample: Sample,
        fits: list[GroupFit],
        answer: Answer,
        form: str,
        how: Specification,
        panel: Panel,
        pool: bool,
    ) -> Effects:
        """Controls, as they are beside the pooled price coefficients, and the seasons left."""
        coefficient = answer.elasticity / sample.to_elasticity(form)
        names = (*sample.plans, TREND)
        columns = [_beside(name, fits, coefficient, pool) for name in names]
        beside = np.stack(columns, axis=1)
        beside = beside[sample.group]
        plain = cls(
            form,
            sample.history.scale,
            coefficient[sample.group],
            beside[:, :-1],
            beside[:, -1],
            panel.cut,
            {},
        )
        for name in (MONTH, WEEKDAY):
            if name in how.effects:
                plain.seasons[name] = _season(sample, plain, panel, name)
        return plain

    def of_panel(self, panel: Panel, periods: slice) -> np.ndarray:
        """(periods, series) what they come to."""
        stop = len(panel.periods) if periods.stop is None else periods.stop
        first, last, _ = periods.indices(max(stop, len(panel.periods)))
        periods = slice(first, last)
        relative = self._relative(self.scale.log_prices(panel, periods))
        plans = self.scale.plans(panel, periods)
        sum_ = self.slope * relative + np.einsum("tsk,sk->ts", plans, self.plans)
        sum_ = sum_ + np.arange(first, last)[:, None] / self.cut * self.trend
        return self._log(sum_) + self._of_seasons(panel, periods)

    def ordinary(self, panel: Panel) -> np.ndarray:
        """(series,) at the current prices, without promotion, at the end of the history."""
        sum_ = self.slope * self._relative(np.log(self.scale.current)) + self.trend
        last = slice(max(self.cut - 7, 0), self.cut)
        return self._log(sum_) + self._of_seasons(panel, last).mean(axis=0)

    def _relative(self, log_prices: np.ndarray) -> np.ndarray:
        if self.form in IN_LOGS:
            return self.scale.relative(log_prices)
        return np.nan_to_num(np.exp(log_prices) - np.exp(self.scale.usual), nan=0.0)

    def _log(self, sum_: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(1.0 + sum_, _LEAST)) if self.form == "linear" else sum_

    def _of_seasons(self, panel: Panel, periods: slice) -> np.ndarray:
        total = np.zeros((periods.stop - periods.start, len(self.slope)))
        for name, season in self.seasons.items():
            total += season[_levels(panel, periods, name)]
        return total


def _beside(name: str, fits: list[GroupFit], price: np.ndarray, pool: bool) -> np.ndarray:
    """(groups,) coefficients of a control beside other coefficients of the price, (groups,).

    They are pooled too, if asked for; groups that do not know have what the others have.
    """
    value, error = np.zeros(len(fits)), np.full(len(fits), np.inf)
    for place, fit in enumerate(fits):
        if name in fit.controls:
            moved = price[place] - fit.coefficient
            value[place] = fit.controls[name] + fit.leaning[name] * moved
            error[place] = fit.control_errors[name]
    known = np.isfinite(error)
    if not known.any():
        return value
    pooled = pool_estimates(value, error).estimates
    chosen = pooled if pool else np.where(known, value, pooled)
    return np.where([name in fit.redundant for fit in fits], 0.0, chosen)


def _levels(panel: Panel, periods: slice, name: str) -> np.ndarray:
    dates = panel.periods.resized(max(periods.stop, 1)).dates[periods]
    if name == MONTH:
        return np.asarray(dates.month.to_numpy() - 1)
    return np.asarray(dates.day_of_week.to_numpy())


def _season(sample: Sample, found: Effects, panel: Panel, name: str) -> np.ndarray:
    """(levels, series) mean of what is left, by group; 0 where nothing is known of a level."""
    past = slice(0, panel.cut)
    effect, history = found.of_panel(panel, past), sample.history
    levels, n = _levels(panel, past, name), 12 if name == MONTH else 7
    known = history.teaches
    if found.form in KEEP_ZEROS:
        sold, expected = np.where(known, history.units, 0.0), np.where(known, np.exp(effect), 0.0)
        rate = sold.sum(axis=0) / np.maximum(expected.sum(axis=0), 1e-300)
        above, below = (
            _by(levels, sold, sample.group, n),
            _by(levels, expected * rate, sample.group, n),
        )
        with np.errstate(divide="ignore"):
            season = np.log(np.divide(above, below, out=np.ones_like(above), where=below > 0))
        season = np.where(np.isfinite(season), season, np.log(_LEAST))
    else:
        left = np.where(known, history.log_units() - effect, np.nan)
        left = np.where(known, left - pd.DataFrame(left).mean().to_numpy(), 0.0)
        count = _by(levels, known.astype(float), sample.group, n)
        above = _by(levels, left, sample.group, n)
        season = np.divide(above, count, out=np.zeros_like(above), where=count > 0)
    return np.asarray(season[:, sample.group])


def _by(levels: np.ndarray, values: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    """(levels, groups) sums of (periods, series)."""
    total = np.zeros((n, group.max() + 1))
    np.add.at(total, (levels[:, None], group[None, :]), values)
    return total
