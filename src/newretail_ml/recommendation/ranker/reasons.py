"""Why a customer is offered an item, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from newretail_ml import columns as c
from newretail_ml.features.affinity import Pairs
from newretail_ml.recommendation.ranker.candidates import Stage
from newretail_ml.wording import counted

_NEW_DAYS = 28.0
_RISING = 1.5
_ENTRIES = 2_000_000


class Reasons:
    """Words for pairs of customers and items.

    Args:
        names: (items,) names of the items.
        stage: candidates and features at the cut.
        learned: whether there were past weeks to learn from.
    """

    def __init__(self, names: np.ndarray, stage: Stage, learned: bool) -> None:
        self.stage = stage
        self.names = names
        groups = stage.evidence.group_names
        self.popular = np.array([f"popular {name}".strip() for name in groups], dtype=object)
        self.rising = np.array([f"rising {name}".strip() for name in groups], dtype=object)
        self.ending = "" if learned else " (history is short)"

    def of(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(n,) the reason for each pair: habits, else news, else what it goes with, else sales."""
        pairs = self.stage.affinity.pairs(rows, items)
        group = self.stage.evidence.group[rows]
        rising = pairs.good("rising") > _RISING
        said = np.where(rising, self.rising[group], self.popular[group])
        because = self._because(rows, items)
        said = np.where(because == "", said, because)
        age = pairs.good("age")
        fresh = (age >= 0) & (age <= _NEW_DAYS) & (pairs.label_share(c.CATEGORY) > 0)
        said[fresh] = "new in a category that you buy"
        before = np.flatnonzero(pairs.own("times") > 0)
        said[before] = _habits(self.stage.affinity.pairs(rows[before], items[before]))
        return np.asarray(said + self.ending, dtype=object)

    def _because(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(n,) the two items of each customer that others bought the item with most, or ""."""
        models, habits = self.stage.models, self.stage.evidence.by_orders
        said = np.full(len(rows), "", dtype=object)
        count = np.diff(habits.indptr)[rows]
        there = np.flatnonzero((models.place[items] >= 0) & (count > 0))
        for part in _parts(there, count[there]):
            start = np.cumsum(count[part]) - count[part]
            pair = np.repeat(np.arange(len(part)), count[part])
            entry = np.arange(len(pair)) - start[pair] + habits.indptr[rows[part]][pair]
            own = habits.indices[entry]
            weight = habits.data[entry] * models.customers[own, models.place[items[part]][pair]]
            first, second = _two_best(weight, start, pair)
            name = self.names[models.columns[own]]
            good = weight[first] > 0
            words = "because of " + name[first]
            more = " and " + name[second]
            both = np.where((weight[second] > 0) & (second != first), words + more, words)
            said[part[good]] = both[good]
        return said


def _parts(pairs: np.ndarray, count: np.ndarray) -> Iterator[np.ndarray]:
    """The pairs in parts with not too many entries each."""
    number = np.cumsum(count) // _ENTRIES
    cuts = np.flatnonzero(np.diff(number)) + 1
    return (part for part in np.split(pairs, cuts) if len(part))


def _two_best(
    weight: np.ndarray, start: np.ndarray, pair: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Entries of the best and the second best weight of each pair; the best alone counts twice."""
    by = np.lexsort((-weight, pair))
    alone = np.diff(np.append(start, len(pair))) == 1
    return by[start], by[np.where(alone, start, np.minimum(start + 1, len(by) - 1))]


def _habits(pairs: Pairs) -> np.ndarray:
    """How often, at which distance and how long ago."""
    numbers = np.stack([pairs.own("times"), pairs.own("gap"), pairs.own("since_last")], axis=1)
    numbers = np.where(np.isfinite(numbers), np.rint(numbers), -1).astype(np.int64)
    unique, place = np.unique(numbers, axis=0, return_inverse=True)
    words = np.empty(len(unique), dtype=object)
    for entry, (times, gap, last) in enumerate(unique.tolist()):
        every, ago = counted(gap, "day"), counted(last, "day")
        often = "bought once" if times == 1 else f"bought {times} times, every {every}"
        words[entry] = f"{often}, last {ago} ago"
    return np.asarray(words[place.ravel()])
