"""The answer of the planner: slates, what they sell, and what each rule costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.recommendation.slates.measuring import Measured, measured
from newretail_ml.recommendation.slates.ruling import Ruling
from newretail_ml.recommendation.slates.solving.placing import Answer
from newretail_ml.recommendation.slates.whys import STOCK
from newretail_ml.recommendation.slates.worth import Task

Solve = Callable[[Task, Ruling], Answer]


@dataclass(frozen=True, eq=False, repr=False)
class SlatePlan:
    """Slates under rules, what they are expected to sell, and what each rule costs.

    Chances are those of customers who bought: showing an item to someone may move more or less.

    Attributes:
        slates: one row a slot, by customer as given and rank: customer_id, item_id, rank, score
            and other columns of the lists, chance (of purchase at that rank), expected_sales (a
            little less where stock may run out), expected_margin (money) and why (the rule for
            which the item is shown; empty where it would be without any).
        stock: the shared stock with shown (slates), expected_demand and expected_sales; None
            where none is shared.
        shortfalls: rule, slates and missing: where candidates do not suffice.
        purchases: expected units sold; NaN for plans by score.
        margin: expected money; NaN where margins are not known.
        value: of the objective.
        bound: no slates that keep the rules are worth more.
        how: the method, in words.
    """

    slates: pd.DataFrame
    stock: pd.DataFrame | None
    shortfalls: pd.DataFrame
    purchases: float
    margin: float
    value: float
    bound: float
    how: str
    _task: Task
    _ruling: Ruling
    _answer: Answer
    _solve: Solve
    _progress: bool

    @property
    def gap(self) -> float:
        """Share of the bound that the slates may lack."""
        return max(self.bound - self.value, 0.0) / max(abs(self.bound), 1e-12)

    def explain(self) -> pd.DataFrame:
        """The cost of each rule: what slates made anew without that rule alone would bring.

        Returns:
            rule, cost (of the objective), purchases (units lost by the rule), margin (money lost
            by it; below zero where the rule earns), slates_moved (that would differ) and gap (of
            the slates without it). Shared stock is a rule as well: its cost is what more stock
            would bring. Dearest rules first.
        """
        from tqdm import tqdm

        titles = [*self._ruling.said, *([] if self._task.stock is None else [STOCK])]
        bar = tqdm(titles, desc="rules", delay=3, leave=False, disable=not self._progress)
        rows = [self._row_of(title) for title in bar]
        columns = ["rule", "cost", "purchases", "margin", "slates_moved", "gap"]
        made = pd.DataFrame(rows, columns=columns)
        return made.sort_values("cost", ascending=False, kind="stable", ignore_index=True)

    def unaware(self) -> Measured:
        """What slates would sell that keep the rules and do not know that stock is shared."""
        answer = self._solve(self._task.alone(), self._ruling)
        return measured(self._task, answer.slate)

    def _row_of(self, title: str) -> tuple[object, ...]:
        if title == STOCK and title not in self._ruling.said:
            task, ruling = self._task.endless(), self._ruling
        else:
            task = self._task
            ruling = self._ruling.without(title, task.candidates.there)
        answer = self._solve(task, ruling)
        value = task.value(task.goods(ruling), answer.slate)
        slate = answer.slate
        if value < self.value:
            # What was found with the rule is still allowed without it.
            value, slate = self.value, self._answer.slate
        found = measured(task, slate)
        moved = (np.sort(slate, axis=1) != np.sort(self._answer.slate, axis=1)).any(axis=1).sum()
        gap = max(answer.bound - value, 0.0) / max(abs(answer.bound), 1e-12)
        return (
            title,
            value - self.value,
            found.purchases - self.purchases,
            found.margin - self.margin,
            int(moved),
            gap,
        )

    def __repr__(self) -> str:
        customers = self.slates[c.CUSTOMER].nunique()
        parts = [f"{customers:,} slate{'s' * (customers != 1)} of up to {self._task.k}"]
        if np.isfinite(self.purchases):
            parts.append(f"{self.purchases:,.1f} purchases expected")
        if np.isfinite(self.margin):
            parts.append(f"margin {self.margin:,.2f}")
        parts.append(f"gap {self.gap:.2%}")
        if self.stock is not None:
            short = self.stock[c.EXPECTED_DEMAND] > self.stock[c.UNITS]
            parts.append(f"{int(short.sum()):,} of {len(self.stock):,} stocks sold out")
        if len(self.shortfalls):
            parts.append(f"{len(self.shortfalls)} kinds of shortfall")
        return f"SlatePlan({', '.join(parts)})"
