"""Prices that learn from their own sales, within guard rails, with the chance of each decision."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.curve import CurvePosterior, fit_curve
from newretail_ml.pricing.learning.decisions import decision_log, mean_mix, with_rest
from newretail_ml.pricing.learning.guards import GuardRails
from newretail_ml.pricing.learning.prior import checked_prior, curve_prior
from newretail_ml.pricing.learning.sales import (
    PERIODS,
    add_sales,
    check_kept,
    checked_candidates,
    curve_sales,
    no_sales,
)
from newretail_ml.pricing.learning.state import Ladders, checked_state, ladders, stock_rate

_CELLS = 4_000_000


@dataclass(frozen=True, eq=False, repr=False)
class PriceLearner:
    """Thompson sampling of prices by item and location; each step returns a new learner.

    Demand at a location has a level and an elasticity, drawn around those of the item, so that
    locations share what they learn. `choose` draws demand from what is believed, finds the best
    price of each draw (under a stock, the best mix of prices that lasts), and draws the price
    from the mean of these. That mean is the chance that is logged: it is exact, no estimate.

    Args:
        candidates: item_id and price: the prices that may be tried.
        prior: item_id, elasticity and elasticity_error (its standard deviation), and optionally
            units (a period at the base price, where the state does not say what is expected), as
            `prior_from_response` makes it. Items without a row: elasticity -2.6, error 1.5.
        guards: limits of the experiment.
        between: standard deviations of log level and elasticity between locations of an item.
        level_error: standard deviation of the log of an item's demand over what is expected of
            it; the usual value is that of somebody who expects nothing. Lower it where the state
            has forecasts.
        draws: of demand in each choice.
        random_state: the seed; the same date, state and sales give the same prices.
        sales: what was observed; `observe` fills it.

    Raises:
        DataError: candidates or prior are not usable, or a number is out of its range.

    Source: Thompson sampling with the programme of Ferreira, Simchi-Levi and Wang (2018).

    >>> learner = PriceLearner(pd.DataFrame({"item_id": "a", "price": [1.8, 2.0, 2.2]}))
    >>> state = pd.DataFrame({"item_id": ["a"], "current_price": [2.0], "unit_cost": [1.2]})
    >>> log = learner.choose(state, "2026-06-01")
    >>> round(float(log["propensity"].sum()), 9), int(log["chosen"].sum())
    (1.0, 1)
    >>> learner.observe(log[log["chosen"]].assign(units=7))
    PriceLearner(1 items, 1 periods of sales)
    """

    candidates: pd.DataFrame
    prior: pd.DataFrame | None = None
    guards: GuardRails = field(default_factory=GuardRails)
    between: tuple[float, float] = (0.3, 0.5)
    level_error: float = 2.0
    draws: int = 500
    random_state: int = 0
    sales: pd.DataFrame = field(default_factory=no_sales)

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", checked_candidates(self.candidates))
        object.__setattr__(self, "prior", checked_prior(self.prior, self.candidates))
        for name, value in zip(("level", "elasticity"), self.between, strict=True):
            check_number(f"spread of the {name} between locations", value, above=0.0)
        check_number("level_error", self.level_error, above=0.0)
        check_whole("draws", self.draws, at_least=1)
        check_whole("random_state", self.random_state)

    def choose(self, state: pd.DataFrame, date: object) -> pd.DataFrame:
        """Draw the prices of a period.

        Args:
            state: one row an item and location: item_id, location_id (or none), current_price,
                unit_cost; optionally `expected` (units this period at the current price, from a
                forecast), and on_hand with periods_left, for stock that must last.
            date: of the period; it also says which random numbers are used.

        Returns:
            The log: one row per row of the state and candidate price within the guard rails:
            date, the keys, current_price, unit_cost, price, propensity (its chance), chosen,
            expected and base_price (what demand is measured against), expected_profit (as
            believed before, for doubly robust evaluation).

        Raises:
            DataError: a column is missing, a number is out of its range, a key is repeated, or
                an item has no candidates.
        """
        rows = checked_state(state, self.candidates)
        when = _moment(date)
        rng = np.random.default_rng([self.random_state, when.toordinal()])
        board = ladders(rows, self.candidates, self.guards)
        parts = [self._weighed(rows, board, part, rng) for part in self._parts(rows, board)]
        allowed, share, profit = (np.concatenate(one) for one in zip(*parts, strict=True))
        chosen = self._drawn(rows, share, board.now, rng)
        chance = self._chances(share, board.now)
        return decision_log(rows, when, replace(board, allowed=allowed), chance, chosen, profit)

    def observe(self, outcomes: pd.DataFrame) -> PriceLearner:
        """The learner after some sales.

        Args:
            outcomes: rows of logs that were chosen, with `units` added: item_id, location_id (or
                none), price, units, and as in the log expected and base_price; `censored`
                where stock ran out (such rows teach nothing and are left out).

        Raises:
            DataError: a column is missing, units are negative, a price is not above zero.
        """
        return replace(self, sales=add_sales(self.sales, outcomes, self.candidates))

    def beliefs(self, locations: pd.DataFrame | None = None) -> pd.DataFrame:
        """What is believed: item_id, location_id, level, elasticity and its standard deviation.

        Args:
            locations: item_id and location_id to tell of; by default those with sales.
        """
        rows = self.sales if locations is None else locations
        keys = rows[[c.ITEM, c.LOCATION]].drop_duplicates(ignore_index=True)
        if keys.empty:
            return keys.assign(**dict.fromkeys(("level", c.ELASTICITY, c.ELASTICITY_ERROR), 0.0))
        posterior, item, place = self._posterior(keys)
        pull = posterior.pull[item, place]
        covariance = posterior.place_covariance[item, place] + (
            pull @ posterior.item_covariance[item] @ np.swapaxes(pull, -1, -2)
        )
        mode = posterior.place[item, place]
        error = np.sqrt(covariance[:, 1, 1])
        return keys.assign(
            level=mode[:, 0], **{c.ELASTICITY: mode[:, 1], c.ELASTICITY_ERROR: error}
        )

    def to_dict(self) -> dict[str, Any]:
        """All of the learner, as what JSON can hold."""
        prior = None if self.prior is None else self.prior.to_dict("list")
        return {
            "candidates": self.candidates.to_dict("list"),
            "prior": prior,
            "guards": asdict(self.guards),
            "between": list(self.between),
            "level_error": self.level_error,
            "draws": self.draws,
            "random_state": self.random_state,
            "sales": self.sales.to_dict("list"),
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> PriceLearner:
        """The learner that `to_dict` wrote down; a DataError where a part is missing."""
        check_kept(kept, [one.name for one in fields(cls)])
        prior = kept["prior"]
        return cls(
            candidates=pd.DataFrame(kept["candidates"]),
            prior=None if prior is None else pd.DataFrame(prior),
            guards=GuardRails(**kept["guards"]),
            between=(kept["between"][0], kept["between"][1]),
            level_error=kept["level_error"],
            draws=kept["draws"],
            random_state=kept["random_state"],
            sales=pd.DataFrame(kept["sales"]) if kept["sales"][c.ITEM] else no_sales(),
        )

    def _parts(self, rows: pd.DataFrame, board: Ladders) -> list[slice]:
        """Rows of whole items, few enough to hold all draws of their demand."""
        size = self.draws * board.prices.shape[1]
        first = np.flatnonzero(~rows.duplicated(c.ITEM).to_numpy())
        which = first * size // _CELLS
        edges = [*first[np.append(True, np.diff(which) > 0)], len(rows)]
        return [slice(*ends) for ends in pairwise(edges)]

    def _weighed(
        self, rows: pd.DataFrame, board: Ladders, part: slice, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Allowed prices, the share of draws in which each is best, and expected profit."""
        rows, prices, now = rows.iloc[part], board.prices[part], board.now[part]
        demand = self._demand(rows, prices, rng)
        margin = prices - rows[c.UNIT_COST].to_numpy()[:, None]
        profit, each = demand * margin, np.arange(len(rows))
        allowed = board.allowed[part] & self.guards.not_losing(profit, profit[:, each, now])
        allowed[each, now] = True
        share = mean_mix(demand, margin, allowed, stock_rate(rows))
        return allowed, with_rest(share, prices, allowed), profit.mean(axis=0)

    def _demand(
        self, rows: pd.DataFrame, prices: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """(draws, rows, candidates) expected units as likely as what is believed."""
        posterior, item, place = self._posterior(rows)
        drawn = posterior.sample(rng, self.draws)[:, item, place]
        move = np.log(prices / rows[c.BASE_PRICE].to_numpy()[:, None])
        log_rate = drawn[..., :1] + drawn[..., 1:] * move
        return rows[c.EXPECTED].to_numpy()[:, None] * np.exp(np.clip(log_rate, -50.0, 50.0))

    def _posterior(self, rows: pd.DataFrame) -> tuple[CurvePosterior, np.ndarray, np.ndarray]:
        """Beliefs, and the item and location of each row in them."""
        items = np.sort(rows[c.ITEM].unique())
        known = self.sales[self.sales[c.ITEM].isin(items)]
        places = np.unique([*rows[c.LOCATION], *known[c.LOCATION]])
        sales = curve_sales(known, items, places)
        posterior = fit_curve(sales, curve_prior(self.prior, items, self.level_error, self.between))
        return (
            posterior,
            np.searchsorted(items, rows[c.ITEM].to_numpy()),
            np.searchsorted(places, rows[c.LOCATION].to_numpy()),
        )

    def _chances(self, share: np.ndarray, now: np.ndarray) -> np.ndarray:
        exposed = self.guards.chance_of_exposure
        chance = exposed * share
        chance[np.arange(len(now)), now] += 1 - exposed
        return chance

    def _drawn(
        self, rows: pd.DataFrame, share: np.ndarray, now: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        edges = np.cumsum(share, axis=1)
        luck = rng.random(len(rows)) * edges[:, -1]
        tried = (luck[:, None] >= edges).sum(axis=1)
        return np.where(self.guards.exposed(rows, rng), tried, now)

    def __repr__(self) -> str:
        items = self.candidates[c.ITEM].nunique()
        return f"PriceLearner({items:,} items, {int(self.sales[PERIODS].sum()):,} periods of sales)"


def _moment(date: object) -> pd.Timestamp:
    read = pd.to_datetime(date, errors="coerce")
    if not isinstance(read, pd.Timestamp):
        raise DataError(f"{date!r} is not a date", next_step="Write it as YYYY-MM-DD.")
    return read.normalize()
