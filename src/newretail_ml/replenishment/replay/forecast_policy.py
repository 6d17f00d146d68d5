"""The library's own policy: a demand model's paths, and the planner's orders on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Panel
from newretail_ml.replenishment.planning import OrderRules, State, plan_orders
from newretail_ml.replenishment.replay.shop import Shop
from newretail_ml.replenishment.replay.terms import PERIOD


class DemandModel(Protocol):
    """What a policy needs of a model; every `Forecaster` of the library is one."""

    def clone(self) -> Self:
        """An unfitted model with the same parameters."""

    def fit(self, panel: Panel) -> Any:
        """Learn from all that the panel knows."""

    def update(self, panel: Panel) -> Any:
        """Start from newer days, without a new fit."""

    def forecast(self, horizon: int, *, n_paths: int, random_state: int) -> Forecast:
        """Joint sample paths of the coming periods."""


class ForecastPolicy:
    """At each review, forecast demand from the sales so far and plan the orders on its paths.

    The model is fitted at the first review, brought up to date at each later one, and fitted
    anew every ``refit_every`` periods. It sees sales, with the periods in which stock ran out
    marked as censored; never demand. Orders are those of `plan_orders`: stock that is left when
    the order arrives is simulated on every path, open orders and lost sales included, and the
    order costs least on what demand then needs.

    That order is exact if every later review brings stock to the level it wants. Forecasts move
    from review to review, though, and stock above the newest level cannot be taken back. So each
    unit left over at the end of its cycle is charged holding for ``left_over_reviews`` further
    ones. On training periods of four real panels (experiments/001_units_left_over.py) the best
    number lay between a half and two, less where shortage costs little; the default cost little
    beside it. `tune` finds it for a chain of one's own.

    Args:
        model: an unfitted model of demand, made for the longest lead time plus review period, or
            for lead time plus shelf life where that is longer. It should recover demand where
            stock ran out, as `AutoForecaster` does and `RecoveredDemand` around any other: one
            that only leaves such periods out learns from the quiet ones, and orders too little.
        refit_every: periods from one fit to the next.
        left_over_reviews: further reviews for which what is left over costs holding.
        rules: of the planner, such as a budget for each review.
        n_paths: sample paths a forecast.
        random_state: seed of the paths.

    Attributes:
        plan_: the last plan, with the words for each order.

    >>> import pandas as pd
    >>> from newretail_ml.forecasting import MovingAverage
    >>> from newretail_ml.replenishment.replay import replay
    >>> days = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=70),
    ...                      "units": [4, 6] * 35})
    >>> terms = pd.DataFrame({"item_id": ["tea"], "on_hand": [12], "lead_time": [1],
    ...                       "review_period": [1], "holding_cost": [1], "shortage_cost": [9]})
    >>> outcome = replay(ForecastPolicy(MovingAverage(28)), Panel.from_frame(days), terms,
    ...                  start="2026-03-02")
    >>> print(outcome.kpis()["fill_rate"])
    1.0
    """

    plan_: Any

    def __init__(
        self,
        model: DemandModel,
        *,
        refit_every: int = 4,
        left_over_reviews: float = 0.75,
        rules: OrderRules | None = None,
        n_paths: int = 300,
        random_state: int = 0,
    ) -> None:
        if refit_every < 1:
            raise DataError(
                f"a new fit every {refit_every} periods is impossible",
                next_step="Pass refit_every=1 or more.",
            )
        self.model = model
        self.refit_every = refit_every
        self.left_over_reviews = left_over_reviews
        self.rules = rules
        self.n_paths = n_paths
        self.random_state = random_state

    @property
    def name(self) -> str:
        """As tables show it."""
        return f"{type(self.model).__name__} + plan_orders"

    def __call__(self, now: Shop) -> np.ndarray:
        """(series,) units to order at this review."""
        self._learn(now)
        forecast = self.model_.forecast(
            self._horizon(now), n_paths=self.n_paths, random_state=self.random_state
        )
        if now.backorders:
            forecast = _with_waiting(forecast, now.waiting)
        self.plan_ = plan_orders(
            forecast, self._state(now, forecast), rules=self.rules, backorders=now.backorders
        )
        keys = list(forecast.keys.columns)
        ordered = now.terms[keys].merge(self.plan_.orders[[*keys, c.UNITS]], on=keys, how="left")
        return ordered[c.UNITS].fillna(0.0).to_numpy()

    def _horizon(self, now: Shop) -> int:
        """Periods until the next order arrives and, as far as the model sees, goods go off."""
        terms = now.terms[now.reviewing]
        needed = int((terms[c.LEAD_TIME] + terms[c.REVIEW_PERIOD]).max())
        keeps = int((terms[c.LEAD_TIME] + terms[c.SHELF_LIFE]).fillna(0).max())
        return max(needed, min(keeps, getattr(self.model, "horizon", keeps)))

    def _state(self, now: Shop, forecast: Forecast) -> State:
        """Stock of the series under review, open orders by date, and the cost of what is left."""
        reviewed = now.state[now.reviewing].drop(columns=c.ON_ORDER)
        waits = self.left_over_reviews * reviewed[c.REVIEW_PERIOD]
        due = now.due
        due[c.DATE] = forecast.periods.resized(len(now.pipeline)).dates[due.pop(PERIOD)]
        stock = reviewed.assign(**{c.LEFT_OVER_COST: waits * reviewed[c.HOLDING_COST]})
        return State(stock, due, _batches(now, forecast))

    def _learn(self, now: Shop) -> None:
        fitted = now.period > 0 and hasattr(self, "model_")
        if fitted and now.period - self.fitted_at_ < self.refit_every:
            self.model_.update(now.panel)
        else:
            self._fit(now)

    def _fit(self, now: Shop) -> None:
        self.model_ = self.model.clone()
        self.model_.fit(now.panel)
        self.fitted_at_ = now.period

    def __repr__(self) -> str:
        return f"ForecastPolicy({self.model!r})"


def _batches(now: Shop, forecast: Forecast) -> pd.DataFrame | None:
    """Stock that goes off by the last day on which it may be sold."""
    if now.by_age is None:
        return None
    by_age = np.nan_to_num(now.by_age)
    age, series = np.nonzero(by_age)
    life = now.terms[c.SHELF_LIFE].to_numpy()[series]
    last = (life - 1 - age).astype(int)
    dates = forecast.periods.resized(int(last.max(initial=0)) + 1).dates
    keys = now.terms[list(forecast.keys.columns)].iloc[series].reset_index(drop=True)
    return keys.assign(**{c.DATE: dates[last], c.UNITS: by_age[age, series]})


def _with_waiting(forecast: Forecast, waiting: np.ndarray) -> Forecast:
    """The forecast with the (series,) units that customers wait for in its first period."""
    paths = forecast.paths.copy()
    paths[:, :, 0] += waiting[:, None]
    return replace(forecast, paths=paths)
