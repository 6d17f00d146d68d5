"""Demand of a panel by a choice model: markets are locations by period, products are items."""

from __future__ import annotations

from typing import Any

import numpy as np

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.panel import Panel
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.choice.logit_rows import LogitRows, nests_of, plan_names
from newretail_ml.pricing.choice.multinomial import MultinomialLogit
from newretail_ml.pricing.choice.nested import NestedLogit
from newretail_ml.pricing.choice.shares import WITHIN
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.history import History, Scale
from newretail_ml.pricing.demand.level import HALF_LIVES, level_of, recency
from newretail_ml.pricing.estimation import Estimate
from newretail_ml.pricing.response import Evidence

DRAWS = 200
# Levels are found under the response, and the response goes through the levels.
PASSES = 2


class LogitDemand(PriceModel):
    """Customers of a location choose one item of its range, or none, period by period.

    Effects of every market (location and period) hold seasons and festivals constant, effects of
    every series hold its place in the range; what is left is how shares answer to prices. Log
    shares are regressed on prices (Berry 1994); where zeros are more than a few, it is Poisson
    pseudo-likelihood with the same effects, which keeps them and is the likelihood of the
    multinomial logit (Baker 1994, The Statistician 43). With nests, the prices of the other items
    of a nest are the instruments. Each location has tastes of its own, through its own sales.

    Markets are by location, by channel and by category, as far as the panel has them. Nobody
    records those who come and buy nothing: a market is taken to be `market_factor` times the
    most that it sold in one of the recent periods. Substitution between items does not hang on
    it; how much is won or lost when all prices move does.

    Args:
        nest: column of the panel's statics that names nests; none where left out.
        market_factor: customers of a market over the most units of a recent period, above 1.
        recent: periods in which the most units are looked for.

    Attributes:
        regression_: coefficients of price and plans, and how sure they are; None where prices
            never moved.
        response_: a `MultinomialLogit` or `NestedLogit` with one market a location.

    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> dates = pd.date_range("2026-01-05", periods=40, freq="W-MON")
    >>> frame = pd.DataFrame({"item_id": ["tea"] * 40 + ["rice"] * 40, "date": [*dates] * 2,
    ...                       "price": rng.uniform(1, 2, 80).round(2)})
    >>> value = np.exp(1 - 2 * frame["price"])
    >>> frame["units"] = 1000 * value / (1 + value.groupby(frame["date"]).transform("sum"))
    >>> model = LogitDemand().fit(Panel.from_frame(frame))
    >>> round(model.regression_["price"], 3)
    -2.0
    """

    regression_: Estimate | None
    response_: ChoiceResponse

    def __init__(
        self, nest: str | None = None, market_factor: float = 2.0, recent: int = 26
    ) -> None:
        self.nest = nest
        self.market_factor = market_factor
        self.recent = recent

    def _fit(self, panel: Panel) -> None:
        check_number("market_factor", self.market_factor, above=1.0)
        check_whole("recent", self.recent, at_least=1)
        nest = nests_of(panel, self.nest)
        history = History.of(panel, counts=None if nest is None else False)
        rows = LogitRows.of(history, nest)
        self.regression_ = rows.regression() if rows.priced else None
        self._scale = history.scale
        self._worth_of_plans = np.array(
            [
                self.regression_[name] if self.regression_ is not None and name in rows.plans else 0
                for name in plan_names(history)
            ],
            float,
        )
        self.response_ = self._response(panel, history, nest)

    def _response(self, panel: Panel, history: History, nest: np.ndarray | None) -> ChoiceResponse:
        coefficient, draws, sure = self._price_effect(WITHIN if nest is not None else None)
        told: dict[str, Any] = {
            "price_coefficient": coefficient[0],
            "prices": history.scale.current,
            "draws": None if draws is None else draws[:, 0],
            "market": history.scale.market.place,
            "keys": panel.keys,
            "evidence": _evidence(history, sure),
        }
        flat = np.zeros(panel.n_series)
        start: ChoiceResponse = MultinomialLogit(flat, **told)
        if nest is not None:
            others = None if draws is None else 1 - draws[:, 1]
            told |= {"nest": nest, "dissimilarity": 1 - coefficient[1]}
            start = NestedLogit(flat, dissimilarity_draws=others, **told)
        return self._at_level(start, history, panel.periods.freq)

    def _price_effect(self, within: str | None) -> tuple[np.ndarray, np.ndarray | None, str]:
        """Coefficients of price and nest, draws of them, and why they are not to be believed."""
        names = [c.PRICE] + ([] if within is None else [within])
        if self.regression_ is None:
            reason = "no price moved against the others: change prices in some periods"
            return np.zeros(len(names)), None, reason
        places = [self.regression_.names.index(name) for name in names]
        found = self.regression_.coefficients[places]
        covariance = self.regression_.covariance[np.ix_(places, places)]
        drawn = np.random.default_rng(0).multivariate_normal(
            found, covariance, DRAWS, check_valid="ignore"
        )
        reason = ""
        if found[0] + 2 * np.sqrt(covariance[0, 0]) >= 0:
            reason = "the price coefficient is not clearly below zero: bring more price changes"
        if within is not None and not 0 <= found[1] < 1:
            reason = "the nests contradict the data: use others, or none"
        found = np.array([min(found[0], 0.0), *np.clip(found[1:], 0.0, 0.95)])
        return found, drawn, reason

    def _at_level(self, start: ChoiceResponse, history: History, freq: str) -> ChoiceResponse:
        """The response through what each series sells at current prices without promotion."""
        weight = recency(len(history.units), HALF_LIVES[freq])
        prices = np.where(np.isnan(history.log_prices), start.prices, np.exp(history.log_prices))
        markets, totals = start.markets, np.nan_to_num(history.units[-self.recent :])
        most = markets.spread(markets.sum(totals).max(axis=0))
        effect = start.price_coefficient * (prices - start.prices)
        effect = effect + history.plans @ self._worth_of_plans
        response = start
        for _ in range(PASSES):
            level, error = level_of(
                history.units, effect, weight, history.counts, history.scale.market.item
            )
            units = np.exp(level)
            size = self.market_factor * np.maximum(most, markets.spread(markets.sum(units)))
            told = start._with(market_size=size, level_error=error)
            response = told.with_shares(units / size)
            logs = self._log_shares(response, prices, history.plans)
            effect = logs - np.log(response.shares(response.prices))
        return response

    def _log_shares(
        self, response: ChoiceResponse, prices: np.ndarray, plans: np.ndarray
    ) -> np.ndarray:
        """(periods, series) log shares at prices and plans of each period."""
        worth = plans @ self._worth_of_plans
        shares = [
            response._with(utility=response.utility + more).shares(at)
            for more, at in zip(worth, prices, strict=True)
        ]
        return np.log(np.maximum(shares, 1e-300))

    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        scale: Scale = self._scale
        logs = scale.log_prices(panel, periods)
        prices = np.where(np.isnan(logs), self.response_.prices, np.exp(logs))
        shares = np.exp(self._log_shares(self.response_, prices, scale.plans(panel, periods)))
        return (shares * self.response_.market_size).T


def _evidence(history: History, reason: str) -> Evidence:
    known = history.evidence()
    if not reason:
        return known
    told = np.where(known.identified, reason, known.reason).astype(object)
    return Evidence(np.zeros(len(told), bool), told, known.lowest, known.highest)
