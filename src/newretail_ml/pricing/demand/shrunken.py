"""Log-log regression with all prices of a market, each item drawn towards what all items share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.features import DayOfWeek
from newretail_ml.features.calendar import Days
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.demand.level import (
    HALF_LIVES,
    block_length,
    half_samples,
    level_of,
    recency,
)
from newretail_ml.pricing.demand.shrunken_fit import Moments, chosen_penalty, fitted
from newretail_ml.pricing.response import ConstantElasticity, DemandResponse, Evidence

_LEAST_SLOPE = -0.1
_FIRST_PENALTY = 1.0
_MOST_NUMBERS = 20_000_000
_OWN, _OTHERS = 0, 1


class ShrunkenLogLog(PriceModel):
    """Log-log demand on the prices of all products of the market, shrunken twice.

    First, coefficients that all items share: of the own price, the mean price of the others,
    promotions and other plans, and what a promotion does to the price response. Then each item's
    own coefficients, with one for each other item's price, are drawn towards them by a ridge.
    The level of each series forgets its past by half-lives. Counts with zeros are fitted by
    Poisson likelihood.

    Args:
        penalty: ridge of an item's departures from what is shared, in units of each column's
            variance; 0 trusts each item alone. By default the one that predicts stretches of
            the history best that are left out.
        shared_penalty: ridge of what is shared.
        by_item: whether items depart from what is shared at all.
        half_life: periods after which a period counts half for the level; by default half a year.
        n_draws: draws of coefficients, each from a random half of the history.
        random_state: seed of the draws.

    Source: Hoerl and Kennard (1970), Technometrics 12, 55-67; shrinkage of elasticities towards
    those of the chain as in Montgomery (1997), Marketing Science 16, 315-337.

    >>> import pandas as pd
    >>> price = np.tile([2.0, 2.5, 3.0, 2.2], 25)
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=100),
    ...                       "units": 90 * price**-2.0, "price": price})
    >>> model = ShrunkenLogLog(shared_penalty=0.0).fit(Panel.from_frame(frame))
    >>> model.response_.own_elasticities().round(2).tolist()
    [-2.0]
    """

    def __init__(
        self,
        penalty: float | None = None,
        shared_penalty: float = 0.01,
        by_item: bool = True,
        half_life: float | None = None,
        n_draws: int = 50,
        random_state: int = 0,
    ) -> None:
        self.penalty = penalty
        self.shared_penalty = shared_penalty
        self.by_item = by_item
        self.half_life = half_life
        self.n_draws = n_draws
        self.random_state = random_state

    def _fit(self, panel: Panel) -> None:
        self._check()
        history = History.of(panel)
        self._scale, self._weekdays = history.scale, panel.periods.freq == "D"
        block = block_length(panel.cut, panel.periods.freq)
        terms = self._terms(panel, slice(0, panel.cut))
        none = np.zeros(0)
        shared = fitted(history, terms, self.shared_penalty, block, none)
        start = shared.solve(self.shared_penalty)
        by_item = self._moments_by_item(history, terms, start, block) if self.by_item else []
        self.penalty_ = (
            chosen_penalty(shared, self.shared_penalty, by_item)
            if self.penalty is None
            else self.penalty
        )
        self._coefficient = self._drawn(shared, by_item, slice(None))
        effect = self._effect(terms, history.relative, self._coefficient)
        weight = recency(panel.cut, self.half_life or HALF_LIVES[panel.periods.freq])
        self._level, error = level_of(
            history.units, effect, weight, history.counts, history.scale.market.item
        )
        halves = half_samples(panel.cut, self._enough_draws(panel), block, self.random_state)
        draws = [self._elasticities(self._drawn(shared, by_item, half[::block])) for half in halves]
        self.response_: DemandResponse = self._response(panel, history, np.array(draws), error)

    def _response(
        self, panel: Panel, history: History, draws: np.ndarray, error: np.ndarray
    ) -> DemandResponse:
        elasticities = self._elasticities(self._coefficient)
        own = np.diagonal(elasticities).copy()
        evidence = _falling(history.evidence(), own)
        np.fill_diagonal(elasticities, np.minimum(own, _LEAST_SLOPE))
        alone = (self._scale.market.size == 1).all()
        current = np.log(self._scale.current)
        relative = self._scale.relative(current)[None]
        terms = self._price_terms(relative, np.zeros((1, len(current), self._n_plans)))
        week = np.zeros((1, len(current), 7 if self._weekdays else 0))
        ordinary = np.concatenate([terms, week], axis=-1)
        level = self._level + self._effect(ordinary, relative, self._coefficient)[0]
        return ConstantElasticity(
            np.exp(level),
            self._scale.current,
            np.diagonal(elasticities).copy() if alone else elasticities,
            draws=np.einsum("dii->di", draws).copy() if alone else draws,
            level_error=error,
            keys=panel.keys,
            evidence=evidence,
        )

    @property
    def _n_plans(self) -> int:
        return len(self._scale.flags) + len(self._scale.others)

    def _enough_draws(self, panel: Panel) -> int:
        return int(np.clip(_MOST_NUMBERS // panel.n_series**2, 2, self.n_draws))

    def _terms(self, panel: Panel, periods: slice) -> np.ndarray:
        """(periods, series, terms) what all items share: prices, plans, weekdays."""
        relative = self._scale.relative(self._scale.log_prices(panel, periods))
        terms = self._price_terms(relative, self._scale.plans(panel, periods))
        if not self._weekdays:
            return terms
        day = DayOfWeek().of_days(Days.of(panel.periods, periods.start, periods.stop - 1))
        # Each less a seventh, so that the level is that of a week's mean day.
        dummies = (np.asarray(day)[:, None] == np.arange(7)) - 1.0 / 7.0
        shape = (*relative.shape, 7)
        return np.concatenate([terms, np.broadcast_to(dummies[:, None, :], shape)], axis=-1)

    def _price_terms(self, relative: np.ndarray, plans: np.ndarray) -> np.ndarray:
        others = self._scale.market.mean_of_others(relative)
        during = plans[..., : len(self._scale.flags)] * relative[..., None]
        prices = np.stack([relative, others], axis=-1)
        return np.concatenate([prices, plans, during], axis=-1)

    def _moments_by_item(
        self, history: History, terms: np.ndarray, start: np.ndarray, block: int
    ) -> list[Moments]:
        market, table = self._scale.market, self._scale.market.table(history.relative)
        penalty = _FIRST_PENALTY if self.penalty is None else self.penalty
        found = []
        for item in range(market.n_items):
            rows = np.flatnonzero(market.item == item)
            one = replace(history, units=history.units[:, rows])
            both = np.concatenate([terms[:, rows], self._cross(table, item, rows)], axis=-1)
            found.append(fitted(one, both, penalty, block, start))
        return found

    def _cross(self, table: np.ndarray, item: int, rows: np.ndarray) -> np.ndarray:
        """(periods, rows, items) prices of the other items in the rows' markets."""
        cross = table[:, self._scale.market.place[rows]]
        cross[..., item] = 0.0
        return cross

    def _drawn(
        self, shared: Moments, by_item: list[Moments], blocks: np.ndarray | slice
    ) -> np.ndarray:
        """(items, terms + items) coefficients from some blocks of periods."""
        n_items, n_shared = self._scale.market.n_items, shared.right.shape[1]
        start = shared.solve(self.shared_penalty, blocks)
        coefficient = np.zeros((n_items, n_shared + n_items))
        coefficient[:, :n_shared] = start
        for item, moments in enumerate(by_item):
            coefficient[item] += moments.around(start).solve(self.penalty_, blocks)
        return coefficient

    def _effect(
        self, terms: np.ndarray, relative: np.ndarray, coefficient: np.ndarray
    ) -> np.ndarray:
        """(periods, series) log of what prices and plans do."""
        market, n_shared = self._scale.market, terms.shape[-1]
        effect = np.einsum("tsk,sk->ts", terms, coefficient[market.item, :n_shared])
        if self.by_item:
            table = market.table(relative)
            for item in range(market.n_items):
                rows = np.flatnonzero(market.item == item)
                effect[:, rows] += self._cross(table, item, rows) @ coefficient[item, n_shared:]
        return np.asarray(effect)

    def _elasticities(self, coefficient: np.ndarray) -> np.ndarray:
        """(series, series) own and cross elasticities without promotion."""
        market = self._scale.market
        item, n_items = market.item, market.n_items
        share = coefficient[item, _OTHERS] / np.maximum(market.size - 1, 1)
        matrix = coefficient[:, -n_items:][item[:, None], item[None, :]] + share[:, None]
        matrix[market.place[:, None] != market.place[None, :]] = 0.0
        np.fill_diagonal(matrix, coefficient[item, _OWN])
        return np.asarray(matrix)

    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        relative = self._scale.relative(self._scale.log_prices(panel, periods))
        effect = self._effect(self._terms(panel, periods), relative, self._coefficient)
        return np.exp(self._level + effect).T

    def _check(self) -> None:
        if self.penalty is not None:
            check_number("penalty", self.penalty)
        check_number("shared_penalty", self.shared_penalty)
        check_whole("n_draws", self.n_draws, at_least=2)
        if self.half_life is not None:
            check_number("half_life", self.half_life, above=0)


def _falling(evidence: Evidence, own: np.ndarray) -> Evidence:
    """The evidence, less where demand did not fall with the price."""
    wrong = evidence.identified & (own > _LEAST_SLOPE)
    reason = evidence.reason.copy()
    reason[wrong] = "demand did not fall with the price: something else moved with it"
    return replace(evidence, identified=evidence.identified & ~wrong, reason=reason)
