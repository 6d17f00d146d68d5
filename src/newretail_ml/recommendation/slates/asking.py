"""What a recommender was asked for, as far as its lists show it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.slates.candidates import Candidates

_NEARLY_ALL = 0.95
_SOME = 500


@dataclass(frozen=True)
class Asked:
    """Arguments of `recommend`.

    Attributes:
        k: items of the longest list.
        exclude_bought: nothing in the lists was bought before.
        mix: slots of each kind, where lists have a fixed number of them.
    """

    k: int
    exclude_bought: bool = False
    mix: dict[str, int] | None = None

    @classmethod
    def of(cls, lists: Candidates, model: Recommender) -> Asked:
        """What was asked for, by up to 500 customers whose history is known.

        A kind that runs out is filled by the other one: a list may have fewer repeats than was
        asked for where it has all that the customer bought. Where lists that nothing was asked
        of have as many repeats, nothing was.
        """
        known, k = model.interactions_, int(lists.line.shape[1])
        row = known.rows_of(lists.customers[c.CUSTOMER].astype(str))
        some = np.flatnonzero(row >= 0)[:_SOME]
        if not len(some):
            return cls(k)
        repeats = _repeats(lists, known)[some]
        plain = Candidates.of(model.recommend(lists.customers[c.CUSTOMER].iloc[some], k))
        if _repeats(plain, known).sum() == repeats.sum():
            return cls(k)
        if not repeats.any():
            return cls(k, exclude_bought=True)
        most = int(np.percentile(repeats, 100 * _NEARLY_ALL, method="lower"))
        bought = np.diff(known.counts.indptr)[row[some]]
        fixed = (repeats == np.minimum(most, bought)).mean() >= _NEARLY_ALL
        if fixed and most > 0:
            return cls(k, mix={"repeat": most, "discovery": k - most})
        return cls(k)


def _repeats(lists: Candidates, known: Interactions) -> np.ndarray:
    """(n,) items of each list that the customer bought before."""
    row = known.rows_of(lists.lines[c.CUSTOMER].astype(str))
    column = known.columns_of(lists.lines[c.ITEM].astype(str))
    return np.asarray(lists.of_lines(known.bought(row, column), False).sum(axis=1))
