"""Slates of many customers at once, filled from the best candidate down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml.recommendation.slates.ruling import Limits


def filled(
    values: np.ndarray, k: int, limits: Sequence[Limits], forced: np.ndarray | None = None
) -> np.ndarray:
    """(n, m) which candidates each slate takes, from the most valuable down.

    A candidate is taken if every group has room for it and what must still be shown fits into
    the slots that are left. The sets that one rule allows, by groups that do not overlap, are
    the independent sets of a matroid, so that this is the best slate (Rado 1957; Edmonds 1971,
    Mathematical Programming 1), whatever the attention paid to ranks. Under several rules it is
    a heuristic.

    Args:
        values: (n, m) worth of each candidate, -inf where it may not be shown.
        k: slots.
        limits: what the rules that count say.
        forced: (n, m) candidates that are taken first.

    >>> import numpy as np
    >>> filled(np.array([[3.0, 1.0, 2.0]]), 2, [])
    array([[ True, False,  True]])
    """
    first = values if forced is None else np.where(forced & (values > -np.inf), np.inf, values)
    if not limits:
        return _best(first, k)
    order = np.argsort(-first, axis=1, kind="stable")
    chosen = np.zeros(values.shape, dtype=bool)
    _fill(values, order, chosen, k, limits, reserve=True)
    short = np.flatnonzero((chosen.sum(axis=1) < k) & ((values > -np.inf) & ~chosen).any(axis=1))
    if len(short) and any(one.needs for one in limits):
        # What two rules want may not fit into one slate: the slots kept for it are then free.
        part = chosen[short]
        some = [one.of_rows(short) for one in limits]
        _fill(values[short], order[short], part, k, some, reserve=False)
        chosen[short] = part
    return chosen


def _best(values: np.ndarray, k: int) -> np.ndarray:
    """The k most valuable, ties to the first."""
    chosen = np.zeros(values.shape, dtype=bool)
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen & (values > -np.inf)


def _fill(
    values: np.ndarray,
    order: np.ndarray,
    chosen: np.ndarray,
    k: int,
    limits: Sequence[Limits],
    *,
    reserve: bool,
) -> None:
    """Take candidates in their order, in place."""
    row = np.arange(len(values))
    counters = [_Counter(one, chosen) for one in limits]
    size = chosen.sum(axis=1)
    for column in order.T:
        good = (values[row, column] > -np.inf) & (size < k) & ~chosen[row, column]
        for counter in counters:
            good &= counter.accepts(row, column, k - size - 1 if reserve else None)
        rows = np.flatnonzero(good)
        chosen[rows, column[rows]] = True
        size[rows] += 1
        for counter in counters:
            counter.take(rows, column[rows])
        if (size >= k).all():
            return


class _Counter:
    """How much of a rule's groups is in the slates so far."""

    def __init__(self, limits: Limits, chosen: np.ndarray) -> None:
        self.limits = limits
        self.used = np.zeros(limits.at_most.shape, np.int16)
        self.missing = limits.at_least.sum(axis=1, dtype=np.int16)
        self.distinct = limits.distinct.copy()
        self.needs = limits.needs
        for column in np.flatnonzero(chosen.any(axis=0)):
            rows = np.flatnonzero(chosen[:, column])
            self.take(rows, np.full(len(rows), column))

    def accepts(self, row: np.ndarray, column: np.ndarray, left: np.ndarray | None) -> np.ndarray:
        """Whether there is room for a candidate, `left` slots being free behind it."""
        group = self.limits.group[row, column]
        used = self.used[row, group]
        good = used < self.limits.at_most[row, group]
        if left is None or not self.needs:
            return np.asarray(good)
        good &= self.missing - (used < self.limits.at_least[row, group]) <= left
        new = (used == 0) & (group < self.limits.group.shape[1])
        return np.asarray(good & (self.distinct - new <= np.maximum(left, 0)))

    def take(self, rows: np.ndarray, column: np.ndarray) -> None:
        group = self.limits.group[rows, column]
        used = self.used[rows, group]
        if self.needs:
            self.missing[rows] -= used < self.limits.at_least[rows, group]
            self.distinct[rows] -= (used == 0) & (group < self.limits.group.shape[1])
        # Candidates that belong to no group share the last place, which must not count.
        self.used[rows, group] = used + (group < self.limits.group.shape[1])


def ordered(
    chosen: np.ndarray, values: np.ndarray, k: int, deadline: np.ndarray | None = None
) -> np.ndarray:
    """(n, k) columns of the slates by rank, most valuable first, -1 where a slot is empty.

    Args:
        chosen: (n, m) which candidates are in.
        values: (n, m) worth of each.
        k: slots.
        deadline: (n, m) the last rank of each, from 1; None where none matters. Ranks are given
            from the last one up, each to the least valuable that may wait so long, which is best
            for attention that falls with the rank (Lawler 1973, Management Science 19).
    """
    worth = np.where(chosen, values, -np.inf)
    slate = np.argsort(-worth, axis=1, kind="stable")[:, :k]
    slate = np.pad(slate, ((0, 0), (0, k - slate.shape[1])))
    size = chosen.sum(axis=1)
    slate = np.where(np.arange(k) < size[:, None], slate, -1)
    if deadline is None:
        return slate
    row = np.arange(len(slate))[:, None]
    last = np.where(slate >= 0, deadline[row, slate], k)
    late = np.flatnonzero((last < np.arange(1, k + 1)).any(axis=1))
    if len(late):
        slate[late] = _in_time(slate[late], last[late])
    return slate


def _in_time(slate: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The slates, given by falling worth, with every item at its last rank or before."""
    n, k = slate.shape
    row = np.arange(n)
    made = np.full((n, k), -1)
    left = slate >= 0
    for rank in range(k, 0, -1):
        full = left.sum(axis=1) >= rank
        may = left & (last >= rank)
        # The least valuable that may wait stands last; where none may, the rules conflict.
        place = k - 1 - np.argmax(may[:, ::-1], axis=1)
        rows = row[full & may.any(axis=1)]
        made[rows, rank - 1] = slate[rows, place[rows]]
        left[rows, place[rows]] = False
    return made
