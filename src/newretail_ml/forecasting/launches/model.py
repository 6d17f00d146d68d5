"""Launch curves: what a new item will sell, from those that were launched before it."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.base import PointForecaster, mean_sales
from newretail_ml.forecasting.launches.age import YOUNG_UNTIL, births, young
from newretail_ml.forecasting.launches.attributes import Attributes, text
from newretail_ml.forecasting.launches.curve import Curve
from newretail_ml.forecasting.launches.effects import Effects, Evidence
from newretail_ml.forecasting.launches.history import History, totals
from newretail_ml.forecasting.launches.market import Market
from newretail_ml.forecasting.launches.scale import Scatter
from newretail_ml.forecasting.launches.trajectories import Launches, Young
from newretail_ml.panel import Panel

__all__ = ["LaunchCurve", "young"]

_ROUNDS = 5
_FOLDS = 5


class LaunchCurve(PointForecaster):
    """Demand by age: a level from attributes and own sales, times the group's launch curve.

    - The *level* before the first sale comes from keys, attributes and price: effects of each
      value, shrunk towards none, learned from all series, those launched before told apart.
    - The *curve* by age comes from earlier launches, pooled by group and shrunk to the chain's.
    - *Own sales* take over as they come in: after n periods they count n / (n + k), where k is
      estimated from the scatter of sales within series and of levels between them.
    - All of it is relative to how busy the chain was lately, and to the day of the week.

    Plans of prices and promotions do not move the forecast beyond the price at the launch.
    Stock-outs are left out; fit it on recovered demand where they are many.

    With no launch in history the curve is flat and the level that of the chain's other items;
    with no attributes it is the chain's mean. It is meant for series that are `young`, and
    answers for all others with a mean of the last ``age`` periods by the same formula.

    The paths of young series follow earlier launches from the same age on, whole, against what
    would have been forecast for them without their own item in the fit. p-th paths of the series
    of one item follow launches that did alike, as far as items launched before did everywhere.

    Sources: launch curves of analogous products as Goodwin, Dyussekeneva and Meeran (2013), "The
    use of analogies in forecasting the annual sales of new electronics products", IMA Journal
    of Management Mathematics 24, 407-422, and Hu, Acimovic, Erize, Thomas and Van Mieghem (2019),
    "Forecasting new product life cycle curves", Manufacturing & Service Operations Management
    21, 66-85; the levels as in `effects`, the blend as in `scale`.

    Args:
        age: periods for which a series is young; by default 56 days, 13 weeks or 6 months.
        group: attribute or key that names the group of the curves.

    >>> weeks = pd.date_range("2026-01-05", periods=40, freq="7D")
    >>> frame = pd.DataFrame({"item_id": "tea", "date": weeks, "units": [10, 14] * 20})
    >>> model = LaunchCurve().fit(Panel.from_frame(frame))
    >>> model.mean(2).round().tolist()
    [[12.0, 12.0]]
    """

    def __init__(self, age: int | None = None, group: str = c.CATEGORY) -> None:
        self.age = age
        self.group = group

    def fit(self, panel: Panel) -> Self:
        """Learn levels, curves and scatter from all series of the panel."""
        self.panel_ = panel
        age = self._age(panel)
        self.groups_ = pd.Index(sorted(self._labels(panel).dropna().unique()), dtype=object)
        demand, born, group = panel.demand().astype(float), births(panel, age), self._group(panel)
        self.market_ = Market.fit(panel, demand, group, len(self.groups_))
        history = History.of(panel, demand, born, self._busy(panel, panel.cut), group, age)
        attributes = Attributes.of(panel, born >= 0)
        self.curve_, self.scatter_ = Curve.flat(age, len(self.groups_)), Scatter()
        prior = np.full(panel.n_series, history.mean)
        for _ in range(_ROUNDS):
            evidence = history.evidence(self.curve_, self.scatter_, prior)
            self.effects_ = Effects.fit(attributes, evidence)
            prior = self.effects_.level(attributes)
            level, _ = self.scatter_.posterior(prior, evidence.units, evidence.exposure)
            self.scatter_ = history.scatter(self.curve_, self.scatter_, level, prior)
            self.curve_ = history.curve(self.curve_, self.scatter_, level)
        self.launches_ = self._launches(panel, history, attributes, evidence)
        return self

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        level, _ = self._levels(panel)
        ahead = self._pace(panel, panel.cut + horizon)[:, panel.cut :]
        here = panel.cut + np.arange(horizon) >= births(panel, self._age(panel))[:, None]
        return level[:, None] * ahead * here

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        age = self._age(panel)
        new = young(panel, age)
        paths = np.zeros((panel.n_series, n_paths, horizon), dtype=np.float32)
        if not new.all():
            paths = super()._paths(panel, horizon, n_paths, rng)
        if new.any():
            chosen = panel.select(new)
            _, variance = self._levels(chosen)
            ages = panel.cut - births(chosen, age)
            series = Young(chosen, self._mean(chosen, horizon), ages, variance)
            paths[new] = series.paths(self.launches_, n_paths, rng)
        return paths

    def _levels(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """(series,) level, and variance of its logarithm."""
        age = self._age(panel)
        recent = slice(max(panel.cut - age, 0), panel.cut)
        attributes = Attributes.of(panel, births(panel, age) >= 0)
        prior, doubt = self.effects_.level(attributes), self.effects_.doubt(attributes)
        demand = panel.demand(periods=recent).astype(np.float64)
        units, exposure = totals(demand, self._pace(panel, panel.cut)[:, recent])
        level, variance = self.scatter_.posterior(prior, units, exposure, doubt)
        least = np.where(exposure > 0, 0.0, mean_sales(panel))
        return np.maximum(level, least), variance

    def _pace(self, panel: Panel, n_periods: int) -> np.ndarray:
        """(series, periods) expected demand of a series whose settled level is 1."""
        by_age = np.arange(n_periods) - births(panel, self._age(panel))[:, None]
        return self.curve_.at(by_age, self._group(panel)) * self._busy(panel, n_periods)

    def _busy(self, panel: Panel, n_periods: int) -> np.ndarray:
        return self.market_.at(panel.periods.resized(n_periods), self._group(panel), panel.cut)

    def _launches(
        self, panel: Panel, history: History, attributes: Attributes, evidence: Evidence
    ) -> Launches:
        """Earlier launches, with levels that were learned without their items."""
        item, _ = pd.factorize(panel.keys[c.ITEM])
        prior, doubt = np.zeros(panel.n_series), np.zeros(panel.n_series)
        for fold in np.unique(item[history.launched] % _FOLDS):
            out = item % _FOLDS == fold
            kept = np.flatnonzero(~out)
            effects = Effects.fit(attributes.select(kept), evidence.select(kept))
            unseen = attributes.select(np.flatnonzero(out))
            prior[out], doubt[out] = effects.level(unseen), effects.doubt(unseen)
        return history.launches(self.curve_, self.scatter_, prior, doubt, item)

    def _labels(self, panel: Panel) -> pd.Series:
        """(series,) name of each series' group; missing where it has none."""
        for table in (panel.statics, panel.keys):
            if self.group in table:
                return text(table[self.group])
        return pd.Series([None] * panel.n_series, dtype=object)

    def _group(self, panel: Panel) -> np.ndarray:
        """(series,) position of each series' group; the last row, the chain's, if unknown."""
        found = self.groups_.get_indexer(pd.Index(self._labels(panel), dtype=object))
        return np.where(found < 0, len(self.groups_), found)

    def _age(self, panel: Panel) -> int:
        if self.age is not None and self.age < 1:
            raise DataError(f"age is {self.age}", next_step="Pass 1 period or more.")
        return self.age or YOUNG_UNTIL[panel.periods.freq]
