"""Alternating least squares: factors of who bought what, surer of what was bought more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.factors.base import FactorModel
from newretail_ml.recommendation.factors.confidence import (
    balancing_weight,
    chance_level,
    confidences,
    strength,
)
from newretail_ml.recommendation.factors.implicit_package import (
    as_csr_matrix,
    as_seed,
    implicit_package,
    one_blas_thread,
)
from newretail_ml.recommendation.factors.solving import CustomerSolver

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_SHOWN_PARTS = 10


class AlternatingLeastSquares(FactorModel):
    """Matrix factorization of purchases by weighted least squares; the package implicit fits it.

    Each pair that was bought counts as 1, all others as 0, and the more often and the later it
    was bought, the more its error weighs. Factors of items come from implicit; those of
    customers are then the exact solution for them, so that `explain` splits a score without a
    rest, and `with_history` gives customers who bought since, or are new, the factors that a fit
    would. The result is the same on any number of threads.

    Hu, Koren and Volinsky (2008), Collaborative filtering for implicit feedback datasets; solved
    by conjugate gradients as Takács, Pilászy and Tikk (2011).

    Args:
        factors: length of the vectors; never more than there are customers or items.
        regularization: in units of what chance alone gives (`chance_level`), above 0: the larger,
            the more lists lean on what is common.
        weight: how much more sure we are of the average pair that was bought than of one that
            was not; None: 1 in dense data and up to 40 in sparse (`balancing_weight`).
        half_life: days after which an order counts half, counted from the customer's last order;
            None: all count the same.
        logarithmic: whether the tenth order of an item adds less than the first.
        iterations: rounds over customers and items.
        n_threads: threads, all cores by default.
        random_state: seed of the start.

    Attributes:
        customer_factors_, item_factors_: what was learned.
        weight_: the weight that was used.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob", "eve", "kim", "kim"],
    ...                        "item_id": ["tea", "jam", "tea", "jam", "tea", "nut", "pie"],
    ...                        "time": "2026-05-01"})
    >>> model = AlternatingLeastSquares().fit(Interactions.from_frame(orders))
    >>> model.recommend(["eve"], k=1, exclude_bought=True)[["item_id", "slot", "reason"]]
      item_id       slot         reason
    0     jam  discovery  goes with tea
    """

    def __init__(
        self,
        factors: int = 128,
        regularization: float = 0.5,
        weight: float | None = None,
        half_life: float | None = 60.0,
        logarithmic: bool = False,
        iterations: int = 15,
        n_threads: int | None = None,
        random_state: Any = 0,
    ) -> None:
        self.factors = factors
        self.regularization = regularization
        self.weight = weight
        self.half_life = half_life
        self.logarithmic = logarithmic
        self.iterations = iterations
        self.n_threads = n_threads
        self.random_state = random_state

    def _fit(self, known: Interactions) -> None:
        self._check()
        shown = strength(known, self.half_life, self.logarithmic)
        self._mean = float(shown.data.mean()) if shown.nnz else 1.0
        self.weight_ = balancing_weight(shown) if self.weight is None else self.weight
        self._sure = confidences(shown, self.weight_, self._mean)
        regularization = self.regularization * max(chance_level(self._sure), 1e-9)
        self.item_factors_ = self._item_factors(self._sure, regularization)
        self._solver = CustomerSolver(self.item_factors_, regularization)
        self.customer_factors_ = self._solver.factors(self._sure, self.n_threads)

    def _renew(self, known: Interactions) -> None:
        shown = strength(known, self.half_life, self.logarithmic)
        self._sure = confidences(shown, self.weight_, self._mean)
        self.customer_factors_ = self._solver.factors(self._sure, self.n_threads)

    def _item_factors(self, sure: csr_matrix, regularization: float) -> np.ndarray:
        """(items, factors) learned by implicit, 0 for items that nobody bought."""
        implicit = implicit_package()
        buyers = np.bincount(sure.indices, minlength=sure.shape[1])
        directions = min(np.count_nonzero(np.diff(sure.indptr)), np.count_nonzero(buyers))
        with one_blas_thread():
            model = implicit.cpu.als.AlternatingLeastSquares(
                factors=max(min(self.factors, directions), 1),
                regularization=regularization,
                iterations=self.iterations,
                num_threads=self.n_threads or 0,
                random_state=as_seed(self.random_state),
            )
            model.fit(as_csr_matrix(sure), show_progress=False)
        return np.where(buyers[:, None] > 0, model.item_factors.astype(float), 0.0)

    def _check(self) -> None:
        check_whole("factors", self.factors, at_least=1)
        check_number("regularization", self.regularization, above=0.0)
        if self.weight is not None:
            check_number("weight", self.weight)
        check_whole("iterations", self.iterations, at_least=1)
        if self.half_life is not None:
            check_number("half_life", self.half_life, above=0.0)
        if self.n_threads is not None:
            check_whole("n_threads", self.n_threads, at_least=1)

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """The bought item that adds most to the score."""
        labels = self._fitted().items[c.ITEM].to_numpy(object)
        said = np.full(len(rows), "fits what the customer buys", dtype=object)
        by = np.argsort(rows, kind="stable")
        parts = np.split(by, np.flatnonzero(np.diff(rows[by])) + 1) if len(rows) else []
        with one_blas_thread():
            for part in parts:
                bought, adds = self._solver.contributions(self._sure, rows[part[0]], items[part])
                most = adds.argmax(axis=1)
                helps = adds[np.arange(len(part)), most] > 0
                said[part[helps]] = "goes with " + labels[bought[most[helps]]]
                said[part[np.isin(items[part], bought)]] = "bought before"
        return said

    def _parts(self, rows: np.ndarray, items: np.ndarray) -> pd.DataFrame:
        """What each bought item adds, the largest first, the small ones together."""
        labels = self._fitted().items[c.ITEM].to_numpy(object)
        bought, adds = self._solver.contributions(self._sure, rows[0], items)
        by = np.argsort(-np.abs(adds[0]), kind="stable")
        first, rest = by[:_SHOWN_PARTS], by[_SHOWN_PARTS:]
        part = [f"bought {label}" for label in labels[bought[first]]]
        value = list(adds[0, first])
        if len(rest):
            part.append(f"{len(rest):,} other items bought")
            value.append(adds[0, rest].sum())
        return pd.DataFrame({c.PART: part, c.CONTRIBUTION: value})
