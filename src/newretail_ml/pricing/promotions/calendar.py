"""The answer of the promotion planner: who, when, how deep, and what each limit costs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

DEPTH = "depth"
EXPECTED_UNITS = "expected_units"
UNITS_WITHOUT = "units_without"
EXPECTED_PROFIT = "expected_profit"
PROFIT_WITHOUT = "profit_without"
INVESTED = "invested"
PROMOTIONS = "promotions"
GAIN = "gain"
WHY = "why"


@dataclass(frozen=True, eq=False, repr=False)
class PromotionCalendar:
    """Promotions of all items, and what they are expected to bring.

    Attributes:
        promotions: one row a promotion: keys, date, depth, price, expected_units, units_without
            (without any promotion), expected_profit, profit_without, invested (margin given up).
            The dips that follow, and what other items lose, stand with the periods and items
            they happen to.
        items: one row an item: keys, promotions, expected_units, units_without, expected_profit,
            profit_without, gain, why.
        periods: one row an item and period: keys, date, depth, price, expected_units,
            expected_profit.
        limits: one row a limit: limit, what it says, and its cost (profit that a calendar
            without it would earn more, and may be off by the gap of both).
        expected_profit, profit_without: of all.
        gain_interval: ends of the 90% interval of the gain, by doubt about the response alone.
        bound: no calendar under the limits earns more.
        exact: whether the method proves the calendar best up to the gap; False for a heuristic.
        how: the calendar was found.
    """

    promotions: pd.DataFrame
    items: pd.DataFrame
    periods: pd.DataFrame
    limits: pd.DataFrame
    expected_profit: float
    profit_without: float
    gain_interval: tuple[float, float]
    bound: float
    exact: bool
    how: str

    @property
    def gain(self) -> float:
        """Expected profit above that without promotions."""
        return self.expected_profit - self.profit_without

    @property
    def gap(self) -> float:
        """How much more could be earned at most, as a share of the bound."""
        return max(self.bound - self.expected_profit, 0.0) / max(abs(self.bound), 1e-300)

    def __repr__(self) -> str:
        return (
            f"PromotionCalendar({len(self.promotions):,} promotions of {len(self.items):,} items, "
            f"expected profit {self.expected_profit:,.2f}, {self.gain:+,.2f} on none, "
            f"gap {self.gap:.2%}, {self.how})"
        )
