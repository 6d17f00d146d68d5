"""Slates by a small integer programme, where rules overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.recommendation.slates.ruling import Limits

_SLATES = 200


@dataclass(frozen=True, eq=False)
class Start:
    """Slates that keep the rules as far as possible, to be improved on.

    Attributes:
        chosen: (n, m) which candidates are in.
        forced: (n, m) candidates that must stay in.
        deadline: (n, m) last rank of each candidate, from 1.
    """

    chosen: np.ndarray
    forced: np.ndarray
    deadline: np.ndarray

    def of_rows(self, rows: np.ndarray) -> Start:
        """Some slates."""
        return Start(self.chosen[rows], self.forced[rows], self.deadline[rows])


def improved(
    values: np.ndarray,
    attention: np.ndarray,
    limits: Sequence[Limits],
    start: Start,
    seconds: float,
) -> tuple[np.ndarray, np.ndarray]:
    """(n, m) the best slates, and (n,) bounds on their worth; HiGHS solves 200 at a time.

    They have as many items, and as much of what the rules want shown, as those to start from.

    Args:
        values: (n, m) worth of each candidate, -inf where it may not be shown.
        attention: (k,) attention to each rank, falling.
        limits: what the rules that count say.
        start: slates to start from.
        seconds: for each call.
    """
    chosen, bound = start.chosen.copy(), np.full(len(values), np.inf)
    for first in range(0, len(values), _SLATES):
        rows = np.arange(first, min(first + _SLATES, len(values)))
        some = [one.of_rows(rows) for one in limits]
        found = _solved(values[rows], attention, some, start.of_rows(rows), seconds)
        if found is not None:
            chosen[rows], bound[rows] = found
    return chosen, bound


def _solved(
    values: np.ndarray,
    attention: np.ndarray,
    limits: Sequence[Limits],
    start: Start,
    seconds: float,
) -> tuple[np.ndarray, np.ndarray] | None:
    from scipy.optimize import Bounds, milp

    model = _Model(values, attention, start)
    for one in limits:
        model.add(one)
    answer = milp(
        -model.worth,
        constraints=model.constraints(),
        integrality=np.ones(len(model.worth)),
        bounds=Bounds(model.lower, np.ones(len(model.worth))),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if answer.x is None:
        return None
    chosen = np.zeros(values.shape, dtype=bool)
    on = np.flatnonzero(answer.x[: len(model.row)] > 0.5)
    chosen[model.row[on], model.column[on]] = True
    worth = np.bincount(model.row[on], model.worth[on], len(values))
    # What is not proved of the whole call may be missing in any of its slates.
    open_part = max(-answer.mip_dual_bound - worth.sum(), 0.0)
    return chosen, worth + open_part


class _Model:
    """Variables: candidate in slate at rank; one class of ranks where attention is even."""

    def __init__(self, values: np.ndarray, attention: np.ndarray, start: Start) -> None:
        self.values, self.start = values, start
        k = len(attention)
        even = bool((attention == attention[0]).all())
        ranks = np.array([k]) if even else np.arange(1, k + 1)
        row, column = np.nonzero(values > -np.inf)
        n_ranks = len(ranks)
        row, column = np.repeat(row, n_ranks), np.repeat(column, n_ranks)
        rank = np.tile(np.arange(n_ranks), len(row) // n_ranks)
        # Items stand by falling worth, so that none is behind its place among all candidates.
        last = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1)[row, column] + 1
        late = np.where(start.forced[row, column], start.deadline[row, column], k)
        kept = even | (ranks[rank] <= np.minimum(np.where(start.forced.any(), k, last), late))
        self.row, self.column, self.rank = row[kept], column[kept], rank[kept]
        self.worth = attention[self.rank] * values[self.row, self.column]
        self._first: list[np.ndarray] = []
        self._second: list[np.ndarray] = []
        self._entry: list[np.ndarray] = []
        self._low: list[np.ndarray] = []
        self._high: list[np.ndarray] = []
        self._rows = 0
        n, m = values.shape
        size = start.chosen.sum(axis=1)
        cell = self.row * m + self.column
        forced = start.forced & start.chosen
        self._group(cell, forced.ravel().astype(float), np.ones(n * m))
        slot = self.row * n_ranks + self.rank
        per_rank = size[:, None] if even else (np.arange(k) < size[:, None])
        at_most = np.full(n * n_ranks, float(k if even else 1))
        self._group(slot, np.ravel(per_rank).astype(float), at_most)
        self.lower = np.zeros(len(self.worth))

    def add(self, limits: Limits) -> None:
        """A rule that counts."""
        m = self.values.shape[1]
        group = limits.group[self.row, self.column].astype(np.int64)
        inside = group < m
        cell = np.where(inside, self.row * m + group, -1)
        used = _used(limits, self.start.chosen)
        at_least = np.minimum(limits.at_least[:, :m], used).astype(float)
        at_most = np.minimum(limits.at_most[:, :m], m).astype(float)
        self._group(cell, at_least.ravel(), at_most.ravel())
        if limits.distinct.any():
            self._add_distinct(cell, np.minimum(limits.distinct, (used > 0).sum(axis=1)))

    def _add_distinct(self, cell: np.ndarray, needed: np.ndarray) -> None:
        """A switch for each group that is on only if it is shown, and enough switches on."""
        n, m = self.values.shape
        groups = np.unique(cell[cell >= 0])
        switch = len(self.worth) + np.arange(len(groups))
        self.worth = np.append(self.worth, np.zeros(len(groups)))
        self.lower = np.append(self.lower, np.zeros(len(groups)))
        inside = np.flatnonzero(cell >= 0)
        place = np.searchsorted(groups, cell[inside])
        first = np.concatenate([place, np.arange(len(groups))])
        second = np.concatenate([inside, switch])
        entry = np.concatenate([np.ones(len(inside)), -np.ones(len(groups))])
        self._append(first, second, entry, np.zeros(len(groups)), np.full(len(groups), np.inf))
        low = needed.astype(float)
        self._append(groups // m, switch, np.ones(len(groups)), low, np.full(n, np.inf))

    def constraints(self) -> object:
        """All rows as one sparse constraint."""
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_matrix

        place = (np.concatenate(self._first), np.concatenate(self._second))
        shape = (self._rows, len(self.worth))
        matrix = csr_matrix((np.concatenate(self._entry), place), shape=shape)
        low, high = np.concatenate(self._low), np.concatenate(self._high)
        return LinearConstraint(matrix, low, high)

    def _group(self, cell: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Sums of variables by cell, -1 for none, each between its bounds."""
        inside = np.flatnonzero(cell >= 0)
        cells, place = np.unique(cell[inside], return_inverse=True)
        self._append(place, inside, np.ones(len(inside)), low[cells], high[cells])

    def _append(
        self,
        first: np.ndarray,
        second: np.ndarray,
        entry: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
    ) -> None:
        self._first.append(first + self._rows)
        self._second.append(second)
        self._entry.append(entry)
        self._low.append(low)
        self._high.append(high)
        self._rows += len(low)


def _used(limits: Limits, chosen: np.ndarray) -> np.ndarray:
    """(n, m) how many of each group are in the slates."""
    n, m = chosen.shape
    row, column = np.nonzero(chosen)
    group = limits.group[row, column].astype(np.int64)
    inside = group < m
    cell = row[inside] * m + group[inside]
    return np.bincount(cell, minlength=n * m).reshape(n, m)
