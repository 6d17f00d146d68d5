"""Bayesian personalized ranking: factors that rank what was bought above what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.factors.base import FactorModel
from newretail_ml.recommendation.factors.implicit_package import (
    as_seed,
    implicit_package,
    one_blas_thread,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class BayesianPersonalizedRanking(FactorModel):
    """Matrix factorization by stochastic gradient on pairs of a bought and another item.

    The package implicit fits it, on one thread: on several, threads overwrite each other's steps
    and no two fits are alike. Every order with an item is drawn as often as any other, so that
    what is bought again and again ranks higher; the package alone would ignore how often. It
    compares with items as often as they are bought, which teaches that what sells well is worse
    than it is; here most comparisons are with all items alike, as in the paper.

    Rendle, Freudenthaler, Gantner and Schmidt-Thieme (2009), BPR: Bayesian personalized ranking
    from implicit feedback.

    Args:
        factors: length of the vectors; never more than there are customers or items.
        learning_rate: size of a step.
        regularization: pull towards 0 in each step.
        evenly: share of the comparisons with an item drawn from all alike, below 1; the others
            are drawn as often as they are bought. Time grows as 1 / (1 - evenly).
        iterations: rounds over all events, fewer where they would take more than `most_steps`.
        most_steps: steps in all, which bounds the time.
        random_state: seed of the start and of the draws.

    Attributes:
        customer_factors_, item_factors_: what was learned.
        item_bias_: (items,) what an item scores with everybody.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob", "kim", "kim"],
    ...                        "item_id": ["tea", "jam", "tea", "jam", "nut", "pie"],
    ...                        "time": "2026-05-01"})
    >>> model = BayesianPersonalizedRanking(learning_rate=0.1).fit(Interactions.from_frame(orders))
    >>> model.recommend(["ann"], k=2)["slot"].tolist()
    ['repeat', 'repeat']
    """

    item_bias_: np.ndarray

    def __init__(
        self,
        factors: int = 64,
        learning_rate: float = 0.01,
        regularization: float = 0.01,
        evenly: float = 0.75,
        iterations: int = 100,
        most_steps: float = 2e8,
        random_state: Any = 0,
    ) -> None:
        self.factors = factors
        self.learning_rate = learning_rate
        self.regularization = regularization
        self.evenly = evenly
        self.iterations = iterations
        self.most_steps = most_steps
        self.random_state = random_state

    def _fit(self, known: Interactions) -> None:
        self._check()
        implicit = implicit_package()
        n_events = len(known.events)
        buyers = np.bincount(known.events.item, minlength=known.n_items)
        buys = np.bincount(known.events.customer, minlength=known.n_customers)
        copies = round(n_events * self.evenly / (1 - self.evenly) / np.count_nonzero(buyers))
        directions = min(np.count_nonzero(buys), np.count_nonzero(buyers))
        with one_blas_thread():
            model = implicit.cpu.bpr.BayesianPersonalizedRanking(
                factors=max(min(self.factors, directions), 1),
                learning_rate=self.learning_rate,
                regularization=self.regularization,
                iterations=int(max(min(self.iterations, self.most_steps // n_events), 1)),
                num_threads=1,
                random_state=as_seed(self.random_state),
            )
            model.fit(_every_event(known, copies), show_progress=False)
        tastes = model.user_factors[: known.n_customers, :-1].astype(float)
        self.customer_factors_ = tastes * (buys > 0)[:, None]
        self.item_factors_ = model.item_factors[:, :-1].astype(float) * (buyers > 0)[:, None]
        self.item_bias_ = model.item_factors[:, -1].astype(float)

    def _check(self) -> None:
        check_whole("factors", self.factors, at_least=1)
        check_number("learning_rate", self.learning_rate, above=0.0)
        check_number("regularization", self.regularization)
        check_number("evenly", self.evenly, at_most=0.99)
        check_whole("iterations", self.iterations, at_least=1)
        check_number("most_steps", self.most_steps, at_least=1)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        return super()._scores(rows) + self.item_bias_

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Whether the customer's taste or everybody's likes it more."""
        bought = self._fitted().bought(rows, items)
        taste = np.einsum("nf,nf->n", self.customer_factors_[rows], self.item_factors_[items])
        fits = np.where(taste > self.item_bias_[items], "fits what the customer buys", "well liked")
        return np.where(bought, "bought before", fits).astype(object)

    def _parts(self, rows: np.ndarray, items: np.ndarray) -> pd.DataFrame:
        """The customer's taste, and how well it is liked by all."""
        taste = self.customer_factors_[rows[0]] @ self.item_factors_[items[0]]
        part = ["fits what the customer buys", "liked by all"]
        return pd.DataFrame({c.PART: part, c.CONTRIBUTION: [taste, self.item_bias_[items[0]]]})


def _every_event(known: Interactions, copies: int) -> csr_matrix:
    """(customers and `copies` more, items) sparse, an entry for each event, pairs repeated.

    The package draws entries, all alike, and ignores their values: first one of what was bought,
    then another to compare with, which must not belong to the same customer. Those more have
    every item. Draws of theirs come to nothing, as they have no other item to compare with, but
    the others compare with them.
    """
    from scipy.sparse import csr_matrix

    by = np.lexsort((known.events.item, known.events.customer))
    sold = np.unique(known.events.item)
    item = np.concatenate([known.events.item[by], np.tile(sold, copies)]).astype(np.int32)
    buys = np.bincount(known.events.customer, minlength=known.n_customers)
    each = np.append(buys, np.full(copies, len(sold)))
    start = np.append(0, np.cumsum(each)).astype(np.int32)
    entries = (np.ones(len(item), np.float32), item, start)
    events = csr_matrix(entries, shape=(len(each), known.n_items))
    events.has_sorted_indices = True
    return events
