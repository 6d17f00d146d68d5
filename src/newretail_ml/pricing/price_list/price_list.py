"""The answer of the planner: prices, what they gain, and what each rule costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list import names as w
from newretail_ml.pricing.price_list.outcome import Outcome
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGE_GAP = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class PriceList:
    """Prices under rules, what they gain against the current ones, and what each rule costs.

    Attributes:
        prices: one row a product: its keys, current_price, price, change (share), units,
            revenue, profit (expected in a period of the response), units_gain, revenue_gain,
            profit_gain, profit_gain_lower and profit_gain_upper (90% interval over the
            response's draws), identified, beyond_data (the price was never seen in the data),
            binding_rule (keeps the product from a better point, all other prices as in the
            list), rule_cost (what that point would add to the objective) and why.
        totals: units, revenue and profit of the whole list: now, new, gain, gain_share, lower
            and upper (90% interval of the gain).
        value: of the objective, money of changes paid.
        bound: no list that keeps the rules is worth more; infinite where nothing is proved.
        how: the method, in words.
        notes: reasons to doubt the claimed gain, and rules that kept prices break; empty where
            there is none.
    """

    prices: pd.DataFrame
    totals: pd.DataFrame
    value: float
    bound: float
    how: str
    notes: tuple[str, ...]
    _task: Task
    _ruling: Ruling
    _found: Found
    _outcome: Outcome
    _progress: bool

    @property
    def gap(self) -> float:
        """Share of the bound that the list may lack; NaN where nothing is proved."""
        return self._found.gap

    @property
    def fragile(self) -> bool:
        """Whether there are reasons to doubt the claimed gain; see `notes`."""
        return bool(self.notes)

    @property
    def profit(self) -> float:
        """Expected profit of the list in a period."""
        return float(self._outcome.new[2].sum())

    @property
    def current_profit(self) -> float:
        """Expected profit at current prices."""
        return float(self._outcome.now[2].sum())

    def explain(self) -> pd.DataFrame:
        """The cost of each rule: what the best list gains when that rule alone is dropped.

        Each row is a list solved anew. A rule that costs nothing may still cost something once
        another is dropped.

        Returns:
            rule, cost (of the objective, money of changes paid), profit (of the list without
            it), prices_moved (that differ from this list), products_bound (whose best move it
            alone forbids) and gap (of the list without it). Dearest rules first.
        """
        from tqdm import tqdm

        titles = self._ruling.titles
        bar = tqdm(titles, desc="rules", delay=3, leave=False, disable=not self._progress)
        rows = [self._row_of(title) for title in bar]
        columns = [w.RULE, w.COST, w.PROFIT, w.PRICES_MOVED, w.PRODUCTS_BOUND, w.GAP]
        made = pd.DataFrame(rows, columns=columns)
        return made.sort_values(w.COST, ascending=False, kind="stable", ignore_index=True)

    def without(self, rule: str) -> pd.DataFrame:
        """Keys, price and price_without of the best list when one rule is dropped.

        Raises:
            DataError: there is no such rule.
        """
        dropped = self._dropped(rule)
        keys = self.prices[list(self._task.board.keys)]
        prices = self._task.board.at(dropped.chosen)
        return keys.assign(**{c.PRICE: self.prices[c.PRICE], w.PRICE_WITHOUT: prices})

    def waterfall(self) -> pd.DataFrame:
        """From current profit to the best without rules, and down rule by rule as these are added.

        Returns:
            step, profit, difference (to the step before) and gap (of that step's list).
        """
        from newretail_ml.pricing.price_list.steps import waterfall

        return waterfall(self._task, self._ruling, progress=self._progress)

    @cached_property
    def _without(self) -> dict[str, Found]:
        return {}

    def _dropped(self, rule: str) -> Found:
        from newretail_ml.pricing.price_list.solving.solve import best_list

        if rule not in self._ruling.said:
            raise DataError(
                f"there is no rule '{rule}'",
                next_step=f"The rules are: {'; '.join(self._ruling.titles)}.",
            )
        if rule not in self._without:
            fewer = self._ruling.without(rule)
            found = best_list(self._task, fewer, start=self._found.chosen)
            same = self._found.chosen
            here = Found(same, self._with_charges(fewer), np.inf, self._found.how)
            better = found is not None and found.value >= here.value
            self._without[rule] = found if found is not None and better else here
        return self._without[rule]

    def _with_charges(self, ruling: Ruling) -> float:
        chosen = self._found.chosen
        return self._task.worth.value(chosen) - ruling.paid(chosen)

    def _row_of(self, rule: str) -> tuple[object, ...]:
        found = self._dropped(rule)
        prices = self._task.board.at(found.chosen)
        units = self._task.response.units(prices)
        profit = float((units * (prices - self._task.board.cost)).sum())
        moved = int((found.chosen != self._found.chosen).sum())
        bound = int((self.prices[w.BINDING_RULE] == rule).sum())
        return rule, found.value - self.value, profit, moved, bound, found.gap

    def __repr__(self) -> str:
        changed = int((self.prices[w.CHANGE] != 0).sum())
        profit = self.totals.set_index(w.MEASURE).loc[w.PROFIT]
        proof = "nothing proved" if np.isnan(self.gap) else f"gap {self.gap:.2%}"
        doubt = f", {len(self.notes)} notes of doubt" if self.notes else ""
        return (
            f"PriceList({changed:,} of {len(self.prices):,} prices changed, profit "
            f"{profit[w.NEW]:,.2f} ({profit[w.GAIN]:+,.2f}, 90% interval "
            f"{profit[w.LOWER]:+,.2f} to {profit[w.UPPER]:+,.2f}), {proof}{doubt})"
        )


def totals_of(outcome: Outcome) -> pd.DataFrame:
    """Units, revenue and profit of the whole list."""
    now, new = outcome.now.sum(axis=1), outcome.new.sum(axis=1)
    share = np.divide(new - now, np.abs(now), out=np.full(3, np.nan), where=now != 0)
    return pd.DataFrame(
        {
            w.MEASURE: [c.UNITS, c.REVENUE, w.PROFIT],
            w.NOW: now,
            w.NEW: new,
            w.GAIN: new - now,
            w.GAIN_SHARE: share,
            w.LOWER: outcome.total_lower,
            w.UPPER: outcome.total_upper,
        }
    )


def notes_of(task: Task, ruling: Ruling, found: Found, outcome: Outcome) -> tuple[str, ...]:
    """Reasons to doubt the claimed gain, and rules that kept prices break, in words."""
    board, chosen = task.board, found.chosen
    rows = np.arange(len(chosen))
    changed = board.changed[rows, chosen]
    notes = [
        f"{some.sum():,} prices that are kept because their response is not identified break "
        f"'{title}'"
        for title, some in ruling.spared.items()
    ]
    if not changed.any():
        return tuple(notes)
    unseen = int((changed & ~task.response.evidence.seen(board.at(chosen))).sum())
    if unseen:
        notes.append(
            f"{unseen:,} of {changed.sum():,} new prices were never seen in the data: their gain "
            "rests on the curve's form"
        )
    notes += _about_ends(ruling, chosen, changed)
    notes += _about_interval(outcome)
    notes += _about_gap(found, outcome)
    return tuple(notes)


def _about_gap(found: Found, outcome: Outcome) -> Sequence[str]:
    """Whether what is not proved is large beside the gain."""
    gain = float(outcome.new[2].sum() - outcome.now[2].sum())
    missing = found.bound - found.value
    if not np.isfinite(missing) or missing <= _LARGE_GAP * abs(gain):
        return []
    return [f"another list may be worth {missing:,.4g} more: allow more time to look for it"]


def _about_ends(ruling: Ruling, chosen: np.ndarray, changed: np.ndarray) -> Sequence[str]:
    """Whether most changed prices stop only where the points do."""
    allowed = ruling.allowed
    first = allowed.argmax(axis=1)
    last = allowed.shape[1] - 1 - allowed[:, ::-1].argmax(axis=1)
    free = changed & (first < last)
    at_end = free & ((chosen == first) | (chosen == last))
    if at_end.sum() * 2 <= free.sum() or free.sum() < 2:
        return []
    return [
        f"{at_end.sum():,} of {free.sum():,} changed prices stand at the lowest or highest point "
        "that is allowed: the response itself holds few of them, so its errors decide"
    ]


def _about_interval(outcome: Outcome) -> Sequence[str]:
    gain = float(outcome.new[2].sum() - outcome.now[2].sum())
    lower, upper = float(outcome.total_lower[2]), float(outcome.total_upper[2])
    tiny = 1e-9 * max(1.0, abs(gain))
    if lower < -tiny:
        return [f"the profit may fall: its 90% interval is {lower:+,.4g} to {upper:+,.4g}"]
    if upper - lower > 2 * abs(gain) + tiny:
        return [f"the gain is little known: its 90% interval is {lower:+,.4g} to {upper:+,.4g}"]
    return []
