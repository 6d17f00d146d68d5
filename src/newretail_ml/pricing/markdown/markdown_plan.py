"""The answer of the markdown planner: this period's prices, and the plan behind them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from newretail_ml import columns as c

CHANGE = "change"
EXPECTED_UNITS = "expected_units"
EXPECTED_REVENUE = "expected_revenue"
EXPECTED_SALVAGE = "expected_salvage"
EXPECTED_LEFT = "expected_left"
EXPECTED_WASTE = "expected_waste"
EXPECTED_PROFIT = "expected_profit"
FIXED_PRICE = "fixed_price"
FIXED_PROFIT = "fixed_price_profit"
UNCHANGED_PROFIT = "unchanged_profit"
GAIN_ON_FIXED = "gain_on_fixed"
GAIN_ON_UNCHANGED = "gain_on_unchanged"
GAIN_ERROR = "gain_error"
BOUND = "bound"
SEEN = "seen"
WHY = "why"
MEAN_PRICE = "mean_price"
EXPECTED_STOCK = "expected_stock"
MONEY = (
    EXPECTED_UNITS,
    EXPECTED_LEFT,
    EXPECTED_WASTE,
    EXPECTED_REVENUE,
    EXPECTED_SALVAGE,
    EXPECTED_PROFIT,
    FIXED_PRICE,
    FIXED_PROFIT,
    UNCHANGED_PROFIT,
    GAIN_ON_FIXED,
    GAIN_ON_UNCHANGED,
    GAIN_ERROR,
    BOUND,
)


@dataclass(frozen=True, eq=False, repr=False)
class MarkdownPlan:
    """Prices of this period, and what is planned after it.

    All expectations are means over paths that the policy was not learned from: it is learned
    from either half of the paths and judged on the other one.

    Attributes:
        prices: one row a line of the state: keys, on_hand, periods_left, current_price, price
            (to charge now), change (share of today's price), expected_units, expected_left,
            expected_waste, expected_revenue, expected_salvage, expected_profit (revenue and
            salvage, less holding and the cost of the stock), fixed_price (the best single
            price), fixed_price_profit, unchanged_profit (if today's price stays), gain_on_fixed,
            gain_on_unchanged, gain_error (standard error of the latter), bound (no plan earns
            more on average: that of one who knows each path), seen (whether all prices of the
            plan lie within what the data has seen), why. Expectations are empty where there is
            no forecast, no stock or no time.
        path: one row a line and period: keys, date, price (the most frequent one), mean_price,
            expected_stock (at the start), expected_units.
    """

    prices: pd.DataFrame
    path: pd.DataFrame

    @property
    def expected_profit(self) -> float:
        """Of all lines."""
        return float(self.prices[EXPECTED_PROFIT].sum())

    @property
    def bound(self) -> float:
        """No plan earns more on average."""
        return float(self.prices[BOUND].sum())

    @property
    def gap(self) -> float:
        """Share of the bound that is not reached; much of it nobody can, who has no foresight."""
        return max(self.bound - self.expected_profit, 0.0) / max(abs(self.bound), 1e-300)

    def __repr__(self) -> str:
        changed = int((self.prices[c.PRICE] != self.prices[c.CURRENT_PRICE]).sum())
        return (
            f"MarkdownPlan({len(self.prices):,} lines, {changed:,} prices change now, expected "
            f"profit {self.expected_profit:,.2f}: {self.prices[GAIN_ON_UNCHANGED].sum():+,.2f} on "
            f"no change, {self.prices[GAIN_ON_FIXED].sum():+,.2f} on the best fixed prices, "
            f"{self.gap:.1%} below perfect foresight)"
        )
