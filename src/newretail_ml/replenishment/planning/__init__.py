"""The planner: from a forecast, stock, terms of supply and rules to orders, and why."""

from newretail_ml.replenishment.planning.order_plan import OrderPlan
from newretail_ml.replenishment.planning.plan import plan_orders
from newretail_ml.replenishment.planning.supply import OrderRules, State, Supply

__all__ = ["OrderPlan", "OrderRules", "State", "Supply", "plan_orders"]
