"""From scores to chances of purchase, learned from lists of an earlier day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, need_columns
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.pairs import Pairs
from newretail_ml.recommendation.slates.asking import Asked
from newretail_ml.recommendation.slates.calibrating import isotonic, logistic
from newretail_ml.recommendation.slates.candidates import Candidates

_WINDOW = 4.0


def purchase_chances(
    lists: pd.DataFrame, model: Recommender, *, horizon_days: float = 28.0
) -> pd.DataFrame:
    """The lists with the chance that each customer buys each item within the horizon.

    A model like this one is fitted on the history without its last days, lists are made with it,
    and what was bought in these days tells how chances depend on rank, slot, score and how often
    and how lately the customer bought. Nothing after the model's cut is used. The lists then are
    asked for as these were: for discovery alone where these are, and with as many slots of each
    kind where these have a fixed number.

    Caution: these are chances of those who bought, mostly without having been shown the item.
    They rank well and add up to what will be bought; they are not the effect of showing, which
    only an experiment with some slates left to chance can tell.

    Args:
        lists: what the model recommends.
        model: a fitted recommender.
        horizon_days: days within which a purchase counts.

    Returns:
        The lists with a column chance, from 0 to 1.

    Raises:
        DataError: the history is too short, or the lists cannot be used.
        NotFittedError: the model was not fitted.
    """
    _require_fitted(model)
    return ChanceModel.learn(lists, model, horizon_days=horizon_days).of(lists, model.interactions_)


@dataclass(frozen=True, eq=False)
class ChanceModel:
    """How chances of purchase depend on rank, slot, score and the customer.

    A logistic regression gives an index; isotonic regression (pool adjacent violators; Zadrozny
    and Elkan 2002, KDD) makes chances of it, by slot, so that they are right on average wherever
    the index stands.

    Attributes:
        horizon_days: days within which a purchase counts.
        weights: by slot, of the features.
        steps: by slot, index and chance at the corners of the isotonic curve.
        reliability: slot, rank, lines, chance (said of them) and bought (share that was), of the
            lists that it was learned from.
    """

    horizon_days: float
    weights: dict[str, np.ndarray]
    steps: dict[str, tuple[np.ndarray, np.ndarray]]
    reliability: pd.DataFrame

    @classmethod
    def learn(
        cls, lists: pd.DataFrame, model: Recommender, *, horizon_days: float = 28.0
    ) -> ChanceModel:
        """Learn from lists, as long as these, that a model like this one makes of an earlier day.

        Raises:
            DataError: the history is too short.
            NotFittedError: the model was not fitted.
        """
        _require_fitted(model)
        check_number("horizon_days", horizon_days, above=0.0)
        known = model.interactions_
        start = known.cut - np.timedelta64(round(horizon_days * 86_400), "s")
        if not (known.events.time < start).any():
            raise DataError(
                f"the history is not longer than {horizon_days:g} days",
                next_step="Choose a shorter horizon.",
            )
        earlier = known.until(start)
        asked = Asked.of(Candidates.of(lists), model)
        then = (
            model.clone()
            .fit(earlier)
            .recommend(None, asked.k, exclude_bought=asked.exclude_bought, mix=asked.mix)
        )
        return cls.from_lists(then, earlier, known.between(start, known.cut), horizon_days)

    @classmethod
    def from_lists(
        cls,
        lists: pd.DataFrame,
        known: Interactions,
        bought: pd.DataFrame,
        horizon_days: float,
    ) -> ChanceModel:
        """Learn from lists of an earlier day and what was bought afterwards.

        Args:
            lists: of the day of the cut.
            known: what was known then.
            bought: customer_id and item_id of what was bought within the horizon.
            horizon_days: the horizon.
        """
        keys = [c.CUSTOMER, c.ITEM]
        pairs = pd.MultiIndex.from_frame(bought[keys].astype(str).drop_duplicates())
        outcome = pd.MultiIndex.from_frame(lists[keys].astype(str)).isin(pairs).astype(float)
        features, slot = _features(lists, known, horizon_days), _slots(lists)
        weights, steps = {}, {}
        chance = np.zeros(len(lists))
        for name in ["", *np.unique(slot)]:
            rows = np.flatnonzero((slot == name) | (name == ""))
            weights[name] = logistic(features[rows], outcome[rows])
            index = features[rows] @ weights[name]
            steps[name] = isotonic(index, outcome[rows])
            chance[rows] = np.interp(index, *steps[name])
        made = pd.DataFrame(
            {c.SLOT: slot, c.RANK: lists[c.RANK].to_numpy(), c.CHANCE: chance, "bought": outcome}
        )
        by = made.groupby([c.SLOT, c.RANK], sort=True)
        table = by.agg(
            lines=("bought", "size"), chance=(c.CHANCE, "mean"), bought=("bought", "mean")
        )
        return cls(horizon_days, weights, steps, table.reset_index())

    def of(self, lists: pd.DataFrame, known: Interactions) -> pd.DataFrame:
        """Lists with the column chance, given what is known at their day."""
        features, slot = _features(lists, known, self.horizon_days), _slots(lists)
        chance = np.zeros(len(lists))
        for name in np.unique(slot):
            rows = np.flatnonzero(slot == name)
            of = name if name in self.weights else ""
            chance[rows] = np.interp(features[rows] @ self.weights[of], *self.steps[of])
        return lists.assign(**{c.CHANCE: chance})


def _require_fitted(model: object) -> None:
    if not isinstance(model, Recommender):
        raise DataError(
            f"a {type(model).__name__} is not a recommender",
            next_step="Pass the fitted model that made the lists.",
        )
    if not hasattr(model, "interactions_"):
        raise NotFittedError(model, "interactions")


def _slots(lists: pd.DataFrame) -> np.ndarray:
    if c.SLOT not in lists:
        return np.full(len(lists), "", dtype=object)
    return lists[c.SLOT].astype(str).to_numpy(object)


def _features(lists: pd.DataFrame, known: Interactions, horizon: float) -> np.ndarray:
    """(lines, features) of rank, score within the list, the customer, and of both together."""
    need_columns(lists, "lists", [c.CUSTOMER, c.ITEM, c.RANK, c.SCORE])
    row = known.rows_of(lists[c.CUSTOMER].astype(str))
    orders, idle = _activity(known, horizon)
    bought, away = _habit(known, horizon, row, known.columns_of(lists[c.ITEM].astype(str)))
    rate = np.where(row >= 0, np.append(orders, 0.0)[row], 0.0)
    since = np.where(row >= 0, np.append(idle, np.inf)[row], np.inf)
    rank = np.log(lists[c.RANK].to_numpy(float))
    score = lists[c.SCORE].to_numpy(float)
    by = lists.groupby(c.CUSTOMER, sort=False)[c.SCORE]
    low, high = by.transform("min").to_numpy(float), by.transform("max").to_numpy(float)
    place = np.divide(score - low, high - low, out=np.ones(len(score)), where=high > low)
    lately = 1.0 / (1.0 + since / horizon)
    often = np.log1p(rate)
    ones = np.ones(len(lists))
    habit, fresh = np.log1p(bought), 1.0 / (1.0 + away / horizon)
    return np.column_stack([ones, rank, place, often, lately, rank * often, habit, fresh])


def _activity(known: Interactions, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """(customers,) orders lately, per horizon, and days since the last."""
    events = known.events
    first = np.ones(len(events), dtype=bool)
    first[1:] = np.diff(events.order) != 0
    return _counted(known, horizon, events.customer, first, known.n_customers)


def _habit(
    known: Interactions, horizon: float, row: np.ndarray, column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(lines,) orders with the item lately, per horizon, and days since the last."""
    pairs = Pairs.of(known)
    every = np.ones(len(known.events), dtype=bool)
    bought, away = _counted(known, horizon, pairs.of_event, every, len(pairs.item))
    entry = pairs.find(row, column)
    return np.where(entry >= 0, bought[entry], 0.0), np.where(entry >= 0, away[entry], np.inf)


def _counted(
    known: Interactions, horizon: float, group: np.ndarray, counts: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Events of each group in the last four horizons, or as far as is known, per horizon."""
    days = known.events.days_before(known.cut)
    window = min(_WINDOW * horizon, float(days.max()))
    recent = counts & (days <= window)
    rate = np.bincount(group[recent], minlength=n) * (horizon / max(window, 1e-9))
    since = np.full(n, np.inf)
    np.minimum.at(since, group, days)
    return rate, since
