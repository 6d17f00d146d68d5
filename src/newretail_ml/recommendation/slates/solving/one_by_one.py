"""The best slate of each customer, and what no slate of that customer can exceed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.recommendation.slates.ruling import Limits
from newretail_ml.recommendation.slates.solving.families import families
from newretail_ml.recommendation.slates.solving.greedy import filled, ordered
from newretail_ml.recommendation.slates.solving.programme import Start, improved, lacking

# Programmes with ranks take ten times as long.
_MOST_PROGRAMMES = 20_000
_MOST_WITH_RANKS = 2_000
_SECONDS = 20.0
_BATCH = 25_000


@dataclass(frozen=True, eq=False)
class Solver:
    """Finds slates under rules that count.

    Attributes:
        limits: what the rules that count say.
        families: sets of them for each of which filling from the best down is exact.
        attention: (k,) attention to each rank, falling from 1.
    """

    limits: tuple[Limits, ...]
    families: tuple[tuple[Limits, ...], ...]
    attention: np.ndarray

    @classmethod
    def of(cls, limits: list[Limits], attention: np.ndarray) -> Solver:
        """A solver for rules."""
        sets = families(limits)
        flat = tuple(one for some in sets for one in some)
        return cls(flat, tuple(tuple(some) for some in sets), attention)

    @property
    def k(self) -> int:
        """Slots."""
        return len(self.attention)

    @property
    def exact(self) -> bool:
        """Whether filling from the best down is exact."""
        return len(self.families) <= 1

    def of_rows(self, rows: np.ndarray | slice) -> Solver:
        """The solver of some customers' slates."""
        sets = tuple(tuple(one.of_rows(rows) for one in some) for some in self.families)
        return Solver(tuple(one for some in sets for one in some), sets, self.attention)

    def slates(
        self,
        values: np.ndarray,
        forced: np.ndarray | None = None,
        deadline: np.ndarray | None = None,
    ) -> np.ndarray:
        """(n, k) columns by rank, by filling from the best down; -1 where a slot is empty.

        Args:
            values: (n, m) worth of each candidate, -inf where it may not be shown.
            forced: (n, m) candidates that must be in.
            deadline: (n, m) last rank of each candidate, from 1.
        """
        made = np.empty((len(values), self.k), np.int32)
        for start in range(0, len(values), _BATCH):
            part = slice(start, start + _BATCH)
            some = [one.of_rows(part) for one in self.limits]
            must = None if forced is None else forced[part]
            chosen = filled(values[part], self.k, some, must)
            late = None if deadline is None else deadline[part]
            made[part] = ordered(chosen, values[part], self.k, late)
        return made

    def worth(self, values: np.ndarray, slate: np.ndarray) -> np.ndarray:
        """(n,) worth of slates."""
        taken = np.take_along_axis(values, np.maximum(slate, 0).astype(np.int64), axis=1)
        return np.asarray(np.where(slate >= 0, taken, 0.0) @ self.attention)

    def bound(
        self, values: np.ndarray, slate: np.ndarray, forced: np.ndarray | None = None
    ) -> np.ndarray:
        """(n,) what no slate with the forced candidates can exceed, whatever their ranks.

        A relaxation has room for more than rules allow together: it need not fill that with what
        is worth less than nothing.
        """
        if self.exact and forced is None:
            return self.worth(values, slate)
        must = np.zeros(values.shape, dtype=bool) if forced is None else forced
        values = np.where(must | (values == -np.inf), values, np.maximum(values, 0.0))
        least = np.full(len(values), np.inf)
        for some in self.families or ((),):
            only = Solver(some, (some,), self.attention)
            least = np.minimum(least, self.worth(values, only.slates(values, forced)))
        return least

    def thorough(
        self,
        values: np.ndarray,
        slate: np.ndarray,
        bound: np.ndarray,
        forced: np.ndarray,
        deadline: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Slates and bounds with those not yet proved best given to integer programmes."""
        if self.exact:
            return slate, bound
        worth = self.worth(values, slate)
        chosen = as_chosen(slate, values.shape[1])
        unsure = bound > worth + 1e-9 * np.maximum(np.abs(worth), 1e-9)
        for one in self.limits:
            unsure |= lacking(one, chosen)
        even = bool((self.attention == 1.0).all())
        rows = np.flatnonzero(unsure)[: _MOST_PROGRAMMES if even else _MOST_WITH_RANKS]
        if not len(rows):
            return slate, bound
        some = self.of_rows(rows)
        start = Start(chosen[rows], forced[rows], deadline[rows])
        found, proved = improved(values[rows], self.attention, some.limits, start, _SECONDS)
        slate, bound = slate.copy(), bound.copy()
        slate[rows] = ordered(found, values[rows], self.k, deadline[rows])
        bound[rows] = np.minimum(bound[rows], proved)
        return slate, bound


def as_chosen(slate: np.ndarray, m: int) -> np.ndarray:
    """(n, m) which candidates slates have."""
    chosen = np.zeros((len(slate), m), dtype=bool)
    row, place = np.nonzero(slate >= 0)
    chosen[row, slate[row, place]] = True
    return chosen
