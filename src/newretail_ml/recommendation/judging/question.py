"""What lists are asked at a cut, and how they answered: truth and lists side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging import accuracy, variety
from newretail_ml.recommendation.judging import names as w
from newretail_ml.recommendation.judging.reading import read_lists
from newretail_ml.recommendation.judging.values import Values, prices_at_cut


@dataclass(frozen=True, eq=False)
class Question:
    """What was bought after a cut, by customers who are to be judged.

    Attributes:
        view: next or discovery.
        customers: ids of those with truth, sorted.
        items: ids, those of the history first.
        key: (pairs,) sorted numbers of the true pairs: row times width plus position.
        units: (pairs,) units bought.
        true_items: (customers,) different items bought.
        history: what was known; None where it is not.
        values: price and margin of a unit of each item.
        notes: what the reader should know.
    """

    view: str
    customers: pd.Index
    items: pd.Index
    key: np.ndarray
    units: np.ndarray
    true_items: np.ndarray
    history: Interactions | None
    values: Values
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        view: str,
        truth: pd.DataFrame,
        history: Interactions | None,
        prices: pd.DataFrame | None = None,
        notes: tuple[str, ...] = (),
    ) -> Question:
        """From pairs that were bought, each once: customer_id, item_id, units."""
        if truth.empty:
            raise DataError(
                f"there is nothing true to judge by ({view})",
                table="truth",
                next_step="Choose another cut or a longer horizon.",
            )
        customers = pd.Index(truth[c.CUSTOMER].unique()).sort_values()
        items = pd.Index(truth[c.ITEM].unique()).sort_values()
        if history is not None:
            items = pd.Index(history.items[c.ITEM])
        row, item = customers.get_indexer(truth[c.CUSTOMER]), items.get_indexer(truth[c.ITEM])
        key = row * np.int64(len(items) + 1) + item
        order = np.argsort(key)
        return cls(
            view=view,
            customers=customers,
            items=items,
            key=key[order],
            units=truth[c.UNITS].to_numpy(float)[order],
            true_items=np.bincount(row),
            history=history,
            values=Values.of(prices_at_cut(history) if prices is None else prices, items),
            notes=notes,
        )

    def judge(self, lists: pd.DataFrame, k: int, name: str) -> tuple[pd.DataFrame, float]:
        """Measures of each judged customer, and the share of the catalogue that was shown.

        A customer without a list has no hit. Lists of others, and ranks below k, do not count.
        """
        item = self._grid(read_lists(lists, k, table=name), k)
        hit, units = self._hits(item)
        measures: Mapping[str, np.ndarray] = (
            {
                c.CUSTOMER: self.customers.to_numpy(),
                w.TRUE_ITEMS: self.true_items,
                c.SHOWN: (item >= 0).sum(axis=1),
                w.NDCG: accuracy.ndcg(hit, self.true_items),
                w.RECALL: accuracy.recall(hit, self.true_items),
                w.PRECISION: accuracy.precision(hit),
                w.AVERAGE_PRECISION: accuracy.average_precision(hit, self.true_items),
                w.HIT_RATE: accuracy.hit_rate(hit),
                w.RECIPROCAL_RANK: accuracy.reciprocal_rank(hit),
            }
            | self.values.of_slots(item, hit, units)
            | self._variety(item)
        )
        return pd.DataFrame(measures), self._coverage(item)

    def _grid(self, lists: pd.DataFrame, k: int) -> np.ndarray:
        """(customers, k) positions of the items shown, -1 in an empty slot.

        Items that neither history nor truth knows share the position after the last.
        """
        row = self.customers.get_indexer(lists[c.CUSTOMER])
        position = self.items.get_indexer(lists[c.ITEM])
        position[position < 0] = len(self.items)
        grid = np.full((len(self.customers), k), -1)
        asked = row >= 0
        grid[row[asked], lists[c.RANK].to_numpy()[asked] - 1] = position[asked]
        return grid

    def _hits(self, item: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(customers, k) whether each slot was bought, and how many units."""
        row = np.arange(len(item))[:, None]
        key = row * np.int64(len(self.items) + 1) + np.where(item < 0, len(self.items), item)
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        hit = self.key[place] == key
        return hit, np.where(hit, self.units[place], 0.0)

    def _variety(self, item: np.ndarray) -> dict[str, np.ndarray]:
        known = self.history
        if known is None:
            return {}
        rows = known.rows_of(self.customers)
        place = np.where(item < known.n_items, item, -1)
        bought = known.bought(np.repeat(rows, item.shape[1]), place.ravel()).reshape(item.shape)
        buyers = np.bincount(known.counts.indices, minlength=known.n_items + 1)
        return {
            w.REPEAT_SHARE: variety.mean_of_slots(bought.astype(float), item >= 0),
            w.NOVELTY: variety.novelty(item, buyers, known.n_customers),
            w.DIVERSITY: self._diversity(item, known),
        }

    def _diversity(self, item: np.ndarray, known: Interactions) -> np.ndarray:
        if c.CATEGORY in known.items:
            label = np.append(pd.factorize(known.items[c.CATEGORY])[0], -1)
            return variety.different_labels(item, label)
        counts = known.counts.copy()
        counts.resize((known.n_customers, known.n_items + 1))
        return variety.different_buyers(item, counts)

    def _coverage(self, item: np.ndarray) -> float:
        if self.history is None:
            return float("nan")
        shown = np.unique(item[(item >= 0) & (item < len(self.items))])
        return len(shown) / len(self.items)
