"""What every recommender has in common: one way to fit, to ask, and one table out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.interactions import Interactions
from newretail_ml.parameters import Parameterized
from newretail_ml.recommendation.batches import batches
from newretail_ml.recommendation.lists.availability import Availability, Available
from newretail_ml.recommendation.lists.explaining import explained
from newretail_ml.recommendation.lists.filling import FillIn
from newretail_ml.recommendation.lists.ids import as_ids, customer_ids, known_columns
from newretail_ml.recommendation.lists.making import lists_of_batch
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.lists.slots import Slots
from newretail_ml.recommendation.lists.table import Chosen, slate_table
from newretail_ml.recommendation.similar import alike_by_buyers, most_alike
from newretail_ml.recommendation.topk import NOTHING, best_of_rows


class Recommender(Parameterized, ABC):
    """A model of what customers buy next.

    Parameters go into the constructor, `fit` returns the model, what was learned ends in an
    underscore. A model sees events before the cut only. Lists have k items wherever k can be
    offered: what the model has nothing to say about is filled by popularity, and says so.

    Attributes:
        interactions_: what the model learned from.
    """

    interactions_: Interactions

    def fit(self, interactions: Interactions) -> Self:
        """Learn from all events before the cut.

        Raises:
            DataError: these are not interactions, or there are none.
        """
        self._fit(_checked(interactions))
        self.interactions_ = interactions
        self._fill_in = FillIn(interactions)
        return self

    def with_history(self, interactions: Interactions) -> Self:
        """The same model for other or newer histories: what was learned of items stays.

        For orders since the fit, and for customers that the model never saw. Items that came
        since are not known to it. Popularity and habits are those of the new histories.

        Args:
            interactions: all that is known of the customers, not only what is new.

        Raises:
            NotFittedError: `fit` was not called.
            DataError: these are not interactions, or there are none.
        """
        renewed = copy(self)
        renewed.interactions_ = _checked(interactions).on_items_of(self._fitted())
        renewed._renew(_checked(renewed.interactions_))
        renewed._fill_in = FillIn(renewed.interactions_)
        return renewed

    def recommend(
        self,
        customers: Sequence[str] | pd.Series | pd.Index | None = None,
        k: int = 10,
        *,
        available: Available = None,
        exclude_bought: bool = False,
        channel: str | None = None,
        mix: Mapping[str, int] | None = None,
    ) -> pd.DataFrame:
        """The best k items of each customer.

        Args:
            customers: ids; None: all that are known. Unknown ones get what is popular.
            k: items for each, at least 1.
            available: what can be offered: item ids, or a table of item_id, and customer_id,
                location_id, channel or units where the offer differs; None: all that are launched
                and not delisted. Items that the model does not know, such as those launched
                since, are offered last, and a warning names them.
            exclude_bought: leave out what the customer bought before, for discovery.
            channel: the channel of the slates, a column of `available`; None: the favourite one.
            mix: how many slots of each kind, such as {"repeat": 6, "discovery": 4}; a kind that
                runs out is filled by the other one. It must add up to k.

        Returns:
            One row a slot, by customer as they were given and rank: customer_id, item_id, rank
            (from 1), score (falling; no unit, and not comparable between models), slot (repeat or
            discovery), reason.

        Raises:
            NotFittedError: `fit` was not called.
            DataError: an argument cannot be used.
        """
        known = self._fitted()
        check_whole("k", k, at_least=1)
        slots = Slots.of(k, exclude_bought, mix)
        ids = customer_ids(customers, known)
        availability = Availability.of(available, known, ids, channel)
        slots = slots.at_most(known.n_items + len(availability.new_items))
        rows = known.rows_of(ids)
        parts = [
            self._part(rows[part], part.start, availability.offer(part, rows[part], known), slots)
            for part in batches(len(rows), known.n_items)
        ]
        items = np.append(known.items[c.ITEM].to_numpy(object), availability.new_items)
        return slate_table(parts, ids, items)

    def similar_items(
        self, items: Sequence[str] | pd.Series | pd.Index, k: int = 10
    ) -> pd.DataFrame:
        """The k items most like each of some items.

        Args:
            items: ids.
            k: items for each, at least 1.

        Returns:
            item_id, similar_item_id, rank, score. Items that are not alike are left out.

        Raises:
            NotFittedError: `fit` was not called.
            DataError: an item is not known.
        """
        known = self._fitted()
        check_whole("k", k, at_least=1)
        return most_alike(known, self._similarities, known_columns(known, items), k)

    def explain(self, customer: str, item: str, *, exclude_bought: bool = False) -> pd.DataFrame:
        """Why a customer is offered an item: facts, and what each adds to the score.

        Args:
            customer: id.
            item: id.
            exclude_bought: explain the score of lists that leave out what was bought before, and
                of the discovery slots of a mix, where the model has a ranking of its own for them.

        Returns:
            part (what it is, in words) and contribution (what it adds to the score; missing for
            facts that the score is not a sum of). The last row is the score.

        Raises:
            NotFittedError: `fit` was not called.
            DataError: the customer or the item is not known.
        """
        known = self._fitted()
        row = known.rows_of(as_ids("customer", [customer]))
        if row[0] < 0:
            raise DataError(
                f"the customer {customer!r} is not known",
                next_step="Ask for one with orders before the cut; others get what is popular.",
            )
        column = known_columns(known, [item])
        kind = Kind.DISCOVERY if exclude_bought else Kind.ANY
        parts, score = self._explained(row, column, kind)
        return explained(known, int(row[0]), int(column[0]), parts, score)

    @abstractmethod
    def _fit(self, known: Interactions) -> None:
        """Learn."""

    @abstractmethod
    def _scores(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), items) scores of known customers; -inf where there is nothing to say.

        A new array of floats: the caller writes into it.
        """

    def _renew(self, known: Interactions) -> None:
        """Take over other histories on the same items; by default all is learned anew."""
        self._fit(known)

    @abstractmethod
    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(n,) a few words on why the customer of each row is offered its item; both (n,)."""

    def _parts(self, rows: np.ndarray, items: np.ndarray) -> pd.DataFrame:  # noqa: ARG002
        """Part and contribution of one customer's score of one item."""
        return pd.DataFrame(
            {c.PART: pd.Series(dtype=object), c.CONTRIBUTION: pd.Series(dtype=float)}
        )

    def _explained(
        self,
        rows: np.ndarray,
        items: np.ndarray,
        kind: Kind,  # noqa: ARG002
    ) -> tuple[pd.DataFrame, float]:
        """Parts of one customer's score of one item in lists of a kind, and the score."""
        return self._parts(rows, items), float(self._scores(rows)[0, items[0]])

    def _similarities(self, items: np.ndarray) -> np.ndarray:
        """(len(items), items) likeness, -inf for the item itself and where there is none.

        By default the cosine between the sets of customers who bought them.
        """
        return alike_by_buyers(self.interactions_, items)

    def _best(
        self, rows: np.ndarray, k: int, offer: Offer, kind: Kind
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n, k) positions and scores of the best that can be offered; -1 where there are fewer.

        Models that score few items of a customer override this: it makes dense arrays.
        """
        return best_of_rows(offer.restrict(self._scores(rows), kind), k)

    def _part(self, rows: np.ndarray, start: int, offer: Offer, slots: Slots) -> Chosen:
        """The filled slots of a batch of customers, rows of -1 being unknown ones."""
        lists = lists_of_batch(self._best, self._fill_in, rows, offer, slots)
        row, place = np.nonzero(lists.position != NOTHING)
        item, own = lists.position[row, place], lists.own[row, place]
        reason = np.empty(len(row), dtype=object)
        reason[own] = self._reasons(rows[row[own]], item[own])
        reason[~own] = self._fill_in.reasons(rows[row[~own]], item[~own])
        repeat = offer.bought_before(row, item)
        return Chosen(row + start, item, place + 1, lists.score[row, place], repeat, reason)

    def _fitted(self) -> Interactions:
        if not hasattr(self, "interactions_"):
            raise NotFittedError(self, "interactions")
        return self.interactions_


def _checked(interactions: object) -> Interactions:
    if not isinstance(interactions, Interactions):
        raise DataError(
            f"a {type(interactions).__name__} is not interactions",
            next_step="Pass Interactions.from_tables(tables) or Interactions.from_frame(frame).",
        )
    if not len(interactions.events):
        raise DataError(
            "there is no event before the cut",
            table="interactions",
            next_step="Choose a later cut.",
        )
    return interactions
