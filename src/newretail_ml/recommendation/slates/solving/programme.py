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

    They have as many items as those to start from; where those are better than what is found in
    time, they stay, and the bound is infinite.

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
    if not len(model.row):
        return start.chosen, np.zeros(len(values))
    for one in limits:
        model.add(one)
    n_binary = len(model.row)
    answer = milp(
        -model.worth,
        constraints=model.constraints(),
        integrality=np.ones(len(model.worth)),
        bounds=Bounds(np.zeros(len(model.worth)), model.upper),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if answer.status != 0:
        return None
    chosen = np.zeros(values.shape, dtype=bool)
    on = np.flatnonzero(answer.x[:n_binary] > 0.5)
    chosen[model.row[on], model.column[on]] = True
    return chosen, np.bincount(model.row[on], model.worth[on], len(values))


class _Model:
    """Variables: candidate in slate at rank; one class of ranks where attention is even.

    What rules want shown may be lacking, at a price above all that a slate can be worth.
    """

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
        self.upper = np.ones(len(self.worth))
        known = np.where(values > -np.inf, np.abs(values), 0.0)
        self._price = 1.0 + 2.0 * float(known.sum(axis=1).max())

    def add(self, limits: Limits) -> None:
        """A rule that counts."""
        n, m = self.values.shape
        group = limits.group[self.row, self.column].astype(np.int64)
        inside = group < m
        cell = np.where(inside, self.row * m + group, -1)
        at_most = np.minimum(limits.at_most[:, :m], m).astype(float)
        self._group(cell, np.zeros(n * m), at_most.ravel())
        if limits.at_least.any():
            wanted = limits.at_least[:, :m].ravel().astype(float)
            self._add_wanted(np.where((cell >= 0) & (wanted[cell] > 0), cell, -1), wanted)
        if limits.distinct.any():
            self._add_distinct(cell, limits.distinct.astype(float))

    def _add_wanted(self, cell: np.ndarray, wanted: np.ndarray) -> None:
        """Sums of variables by cell, -1 for none, of at least what is wanted or lacking."""
        inside = np.flatnonzero(cell >= 0)
        cells, place = np.unique(cell[inside], return_inverse=True)
        lacking = self._new(len(cells), -self._price, np.inf)
        first = np.concatenate([place, np.arange(len(cells))])
        second = np.concatenate([inside, lacking])
        self._append(first, second, np.ones(len(first)), wanted[cells], np.full(len(cells), np.inf))

    def _add_distinct(self, cell: np.ndarray, wanted: np.ndarray) -> None:
        """A switch for each group that is on only if it is shown, and enough switches on."""
        n, m = self.values.shape
        inside = np.flatnonzero(cell >= 0)
        groups, place = np.unique(cell[inside], return_inverse=True)
        switch = self._new(len(groups), 0.0, 1.0)
        first = np.concatenate([place, np.arange(len(groups))])
        second = np.concatenate([inside, switch])
        entry = np.concatenate([np.ones(len(inside)), -np.ones(len(groups))])
        self._append(first, second, entry, np.zeros(len(groups)), np.full(len(groups), np.inf))
        lacking = self._new(n, -self._price, np.inf)
        first = np.concatenate([groups // m, np.arange(n)])
        second = np.concatenate([switch, lacking])
        self._append(first, second, np.ones(len(first)), wanted, np.full(n, np.inf))

    def _new(self, count: int, worth: float, most: float) -> np.ndarray:
        """Positions of more variables."""
        first = len(self.worth)
        self.worth = np.append(self.worth, np.full(count, worth))
        self.upper = np.append(self.upper, np.full(count, most))
        return np.arange(first, first + count)

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


def lacking(limits: Limits, chosen: np.ndarray) -> np.ndarray:
    """(n,) whether slates lack something that a rule wants shown."""
    n, m = chosen.shape
    row, column = np.nonzero(chosen)
    group = limits.group[row, column].astype(np.int64)
    used = np.bincount(row * (m + 1) + group, minlength=n * (m + 1)).reshape(n, m + 1)
    few = (used < limits.at_least)[:, :m].any(axis=1)
    return np.asarray(few | ((used[:, :m] > 0).sum(axis=1) < limits.distinct))
