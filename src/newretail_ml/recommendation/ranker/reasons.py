"""Why a customer is offered an item, in words."""

from __future__ import annotations

import numpy as np

from newretail_ml import columns as c
from newretail_ml.features.affinity import Pairs
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.ranker.candidates import Stage

_NEW_DAYS = 28.0
_RISING = 1.5


class Reasons:
    """Words for pairs of customers and items.

    Args:
        known: what is known.
        stage: candidates and features at the cut.
    """

    def __init__(self, known: Interactions, stage: Stage) -> None:
        self.stage = stage
        self.names = known.items[c.ITEM].to_numpy(object)
        group = stage.evidence.popular
        self.places = np.array([f"popular {name}".strip() for name in group.names], dtype=object)

    def of(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(n,) the reason for each pair."""
        pairs = self.stage.affinity.pairs(rows, items)
        said = self.places[self.stage.evidence.popular.of(rows)].copy()
        said[pairs.good("rising") > _RISING] = "sells more and more"
        self._because(rows, items, said)
        fresh = (pairs.good("age") <= _NEW_DAYS) & (pairs.label_share(c.CATEGORY) > 0)
        said[fresh] = "new in a category that you buy"
        before = np.flatnonzero(pairs.own("times") > 0)
        said[before] = _habits(pairs.known.pairs(rows[before], items[before]))
        return said

    def _because(self, rows: np.ndarray, items: np.ndarray, said: np.ndarray) -> None:
        """Name the two items of the customer that most others bought the item with."""
        evidence = self.stage.evidence
        who, place = np.unique(rows, return_inverse=True)
        own = evidence.by_orders[who, : evidence.width]
        for number in np.flatnonzero(items < evidence.width):
            part = slice(own.indptr[place[number]], own.indptr[place[number] + 1])
            weight = own.data[part] * evidence.customers[own.indices[part], items[number]]
            best = np.argsort(-weight, kind="stable")[:2]
            best = best[weight[best] > 0]
            if len(best):
                said[number] = f"because of {' and '.join(self.names[own.indices[part][best]])}"


def _habits(pairs: Pairs) -> np.ndarray:
    """How often, at which distance and how long ago."""
    times, gap = pairs.own("times"), pairs.own("gap")
    last = pairs.own("since_last")
    said = np.empty(len(times), dtype=object)
    for place, (n, days, ago) in enumerate(zip(times, gap, last, strict=True)):
        often = "bought once" if n == 1 else f"bought {n:.0f} times, every {_days(days)}"
        said[place] = f"{often}, last {_days(ago)} ago"
    return said


def _days(number: float) -> str:
    return f"{number:.0f} day{'' if round(float(number)) == 1 else 's'}"
