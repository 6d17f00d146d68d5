"""Limits over many items as rows of a linear programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.promotions.problem import Problem


@dataclass(frozen=True, eq=False)
class Limits:
    """Rows: items on promotion in a period, all or of a category; and margin given up.

    Attributes:
        member: (rows, items) whether a row counts an item.
        period: (rows,) its period; -1 for the budget, which is the last row.
        most: (rows,) the limit.
    """

    member: np.ndarray
    period: np.ndarray
    most: np.ndarray

    @classmethod
    def of(cls, problem: Problem) -> Limits:
        """The limits of a problem."""
        items, periods, _ = problem.shape
        groups: list[tuple[np.ndarray, int]] = []
        if problem.rules.per_period is not None:
            groups.append((np.ones(items, bool), problem.rules.per_period))
        for category, slots in (problem.rules.slots or {}).items():
            groups.append((problem.category == str(category), slots))
        member = [group for group, _ in groups for _ in range(periods)]
        period = [place for _ in groups for place in range(periods)]
        most: list[float] = [limit for _, limit in groups for _ in range(periods)]
        if problem.rules.budget is not None:
            member, period = [*member, np.ones(items, bool)], [*period, -1]
            most = [*most, problem.rules.budget]
        return cls(
            np.array(member, bool).reshape(-1, items), np.array(period, int), np.array(most, float)
        )

    def __len__(self) -> int:
        return len(self.most)

    def use(self, levels: np.ndarray, spent: np.ndarray) -> np.ndarray:
        """(items, rows) how much of each limit the calendar of each item takes."""
        promoted = (levels > 0).astype(float)
        counted = promoted[:, np.maximum(self.period, 0)] * self.member.T
        return np.where(self.period >= 0, counted, spent.sum(axis=1)[:, None] * self.member.T)

    def kept(self, levels: np.ndarray, spent: np.ndarray) -> bool:
        """Whether a calendar keeps them all."""
        return bool((self.use(levels, spent).sum(axis=0) <= self.most * (1 + 1e-9) + 1e-9).all())

    def penalties(self, prices: np.ndarray, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
        """What a calendar pays for limits at prices, (rows,).

        Returns:
            (items, periods, levels) that does not dip, and the same shape that dips with units.
        """
        plain = np.zeros(problem.shape)
        counting = self.period >= 0
        for row in np.flatnonzero(counting & (prices > 0)):
            plain[self.member[row], self.period[row], 1:] += prices[row]
        money = float(prices[~counting].sum())
        dipping = money * problem.alone * problem.invested[:, None] if money else np.zeros(1)
        return plain, np.broadcast_to(dipping, problem.shape)
