"""Who needs it again, and when: purchase cycles of customers and items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.baskets.cycles import Cycles, item_cycles, visit_cycles
from newretail_ml.recommendation.baskets.learning import Learned, fit_chain, fit_items
from newretail_ml.recommendation.baskets.renewal import Renewal
from newretail_ml.recommendation.lists.ids import customer_ids
from newretail_ml.recommendation.pairs import Pairs

_MOST_DAYS = 36_500.0


class DueDate(Recommender):
    """What the customer will need again soon, by the own rhythm and that of the item.

    The score is the probability that the customer buys the item within the horizon, given the
    gaps between the purchases so far and the days since the last one, and that neither the
    customer has stopped to come nor the item was given up (see `Renewal`). What few purchases
    leave open is taken from the item, the customer's pace and the chain (empirical Bayes). Days
    on which the item was out of stock at the customer's location do not count. It only offers
    what was bought before.

    Args:
        horizon_days: days from the cut within which a purchase counts.

    Attributes:
        visits_: the distribution of the visits of customers.
        learned_: that of cycles, by item.
        active_: (customers,) chance that each one still comes.

    >>> orders = pd.DataFrame({"customer_id": "ann", "item_id": ["tea"] * 4 + ["jam"],
    ...                        "time": ["2026-04-03", "2026-04-10", "2026-04-17", "2026-04-24",
    ...                                 "2026-04-24"]})
    >>> model = DueDate(horizon_days=7).fit(Interactions.from_frame(orders))
    >>> model.due(["ann"])[["item_id", "last"]]
      item_id       last
    0     tea 2026-04-24
    1     jam 2026-04-24
    """

    visits_: Renewal
    learned_: Learned
    active_: np.ndarray

    def __init__(self, horizon_days: float = 28) -> None:
        self.horizon_days = horizon_days

    def due(self, customers: Sequence[str] | pd.Series | pd.Index | None = None) -> pd.DataFrame:
        """When customers need again what they bought, the likeliest first.

        Args:
            customers: ids; None: all that are known. Those who never bought have no rows.

        Returns:
            By customer as they were given and probability: customer_id, item_id, last (day of the
            last purchase), expected_gap (days in stock between purchases), due_date (in the past
            where it is overdue), probability (of a purchase within the horizon).

        Raises:
            NotFittedError: `fit` was not called.
            DataError: the customers cannot be used.
        """
        known = self._fitted()
        ids = customer_ids(customers, known)
        rows = known.rows_of(ids)
        place, entry = self._entries(rows)
        by = np.lexsort((self._pairs.item[entry], -self._chance[entry], place))
        place, entry = place[by], entry[by]
        left = np.minimum(self._gap - self._cycles.silent, _MOST_DAYS)[entry]
        day = np.timedelta64(86_400, "s")
        last = known.cut - np.ceil(self._pairs.last[entry] * 86_400).astype("timedelta64[s]")
        due = known.cut + np.rint(left).astype(np.int64) * day
        return pd.DataFrame(
            {
                c.CUSTOMER: ids.take(place),
                c.ITEM: known.items[c.ITEM].to_numpy(object)[self._pairs.item[entry]].astype(str),
                c.LAST: pd.to_datetime(last).normalize(),
                c.EXPECTED_GAP: np.minimum(self._gap[entry], _MOST_DAYS),
                c.DUE_DATE: pd.to_datetime(due).normalize(),
                c.PROBABILITY: self._chance[entry],
            }
        )

    def _fit(self, known: Interactions) -> None:
        check_number("horizon_days", self.horizon_days, above=0.0)
        visits = visit_cycles(known)
        self.visits_ = fit_chain(visits, np.ones(len(visits.item)))
        active = _active(self.visits_, visits, known.n_customers)
        cycles = item_cycles(known, Pairs.of(known))
        shape = (known.n_customers, known.n_items)
        self.learned_ = fit_items(cycles, active[cycles.customer], shape)
        self._renew(known)

    def _renew(self, known: Interactions) -> None:
        self._pairs = Pairs.of(known)
        self._cycles: Cycles = item_cycles(known, self._pairs)
        self.active_ = _active(self.visits_, visit_cycles(known), known.n_customers)
        active = self.active_[self._cycles.customer]
        pace = self.learned_.customer_pace(self._cycles, active, known.n_customers)
        renewal = self.learned_.of(self._cycles, pace)
        self._gap = renewal.gap(self._cycles)
        self._chance = renewal.soon(self._cycles, active, float(self.horizon_days))

    def _entries(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Place among the rows and entry of each pair of known customers."""
        known = np.flatnonzero(rows >= 0)
        start = np.searchsorted(self._pairs.customer, rows[known])
        count = np.searchsorted(self._pairs.customer, rows[known], side="right") - start
        place = np.repeat(known, count)
        entry = np.arange(len(place)) + np.repeat(start - np.cumsum(count) + count, count)
        return place, entry

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        scores = np.full((len(rows), self._pairs.shape[1]), -np.inf)
        place, entry = self._entries(rows)
        scores[place, self._pairs.item[entry]] = self._chance[entry]
        return scores

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        entry = self._pairs.find(rows, items)
        habits = self._pairs.habits(entry)
        ahead = f"within {self.horizon_days:g} days"
        said = zip(habits, self._chance[entry], strict=True)
        return np.array([f"{habit}: {chance:.0%} likely {ahead}" for habit, chance in said], object)


def _active(visits: Renewal, cycles: Cycles, n_customers: int) -> np.ndarray:
    """(customers,) chance that each one still comes, 0 for those who never came."""
    active = np.zeros(n_customers)
    active[cycles.customer] = visits.states(cycles, np.ones(len(cycles.item)))[0]
    return active
