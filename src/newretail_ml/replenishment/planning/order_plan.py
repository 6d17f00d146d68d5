"""The answer of the planner: orders, and why."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from newretail_ml import columns as c

ARRIVAL = "arrival"
EXPECTED_DEMAND = "expected_demand"
EXPECTED_STOCK = "expected_stock"
PACKS = "packs"
ORDER_VALUE = "order_value"
FILL_RATE = "expected_fill_rate"
EXPECTED_PROFIT = "expected_profit"
BINDING_RULE = "binding_rule"
RULE_COST = "rule_cost"
WHY = "why"
COLUMNS = (
    c.SUPPLIER,
    ARRIVAL,
    c.ON_HAND,
    c.ON_ORDER,
    EXPECTED_DEMAND,
    EXPECTED_STOCK,
    PACKS,
    c.PACK_SIZE,
    c.UNITS,
    ORDER_VALUE,
    FILL_RATE,
    EXPECTED_PROFIT,
    BINDING_RULE,
    RULE_COST,
    WHY,
)
EXPLAINED = ("rule", "limit", "used", "binding", "shadow_price", "cost")


@dataclass(frozen=True, eq=False, repr=False)
class OrderPlan:
    """Orders of today for all lines.

    Attributes:
        orders: one row a series of the state or the forecast: its keys, supplier_id, arrival
            (date), on_hand, on_order, expected_demand (over lead time and review period),
            expected_stock (at arrival, without the order), packs, pack_size, units, order_value
            (at unit_cost), expected_fill_rate (from this arrival to the next), expected_profit
            (relative to no order of the line), binding_rule, rule_cost (expected profit lost
            against the order without that rule) and why. Expectations are empty where no order
            may be placed at all.
        expected_profit: of all orders, relative to none.
        bound: no plan that obeys the rules can earn more (with lines of more than 256 packs in
            lots of several).
        rules: see `explain`.
    """

    orders: pd.DataFrame
    expected_profit: float
    bound: float
    rules: pd.DataFrame

    @property
    def gap(self) -> float:
        """Share of the bound that the plan may lack."""
        lacking = max(self.bound - self.expected_profit, 0.0)
        return lacking / abs(self.bound) if lacking > 0 and self.bound else 0.0

    def explain(self) -> pd.DataFrame:
        """One row a rule over many lines: rule, limit, used, binding, shadow_price, cost.

        The shadow price is what one more unit of a limit would earn: of a budget, the expected
        profit of one more unit of money. The cost of a supplier's minimum is the profit that the
        lines it raised lose at the prices of the other rules; a new plan without it gains that
        much at most. The cost of trucks is what is paid for them.
        """
        return self.rules.copy()

    def __repr__(self) -> str:
        ordered = self.orders[c.UNITS] > 0
        return (
            f"OrderPlan({int(ordered.sum()):,} of {len(self.orders):,} lines ordered, "
            f"{self.orders[c.UNITS].sum():,.0f} units, "
            f"value {self.orders[ORDER_VALUE].sum():,.2f}, "
            f"expected profit {self.expected_profit:,.2f}, gap {self.gap:.2%})"
        )
