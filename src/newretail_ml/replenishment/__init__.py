"""From a forecast and the stock at hand to orders; and the exact answers of the textbooks.

`plan_orders` decides for a whole chain under rules, `replay` plays any policy against demand and
judges it in money, `ForecastPolicy` joins a demand model and the planner. `omnichannel` promises,
protects and ships one stock to all channels; `quick_response` splits a season's order in two. The
other functions are one textbook problem each, exact.
"""

from newretail_ml.replenishment.allocation import allocate
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.eoq import (
    eoq,
    eoq_all_units_discount,
    eoq_incremental_discount,
    eoq_with_backorders,
)
from newretail_ml.replenishment.finite_horizon import SeasonCosts, season_plan
from newretail_ml.replenishment.guaranteed_service import Stage, guaranteed_service
from newretail_ml.replenishment.joint_replenishment import (
    joint_replenishment,
    joint_replenishment_heuristic,
)
from newretail_ml.replenishment.lost_sales import (
    LostSales,
    lost_sales_base_stock,
    lost_sales_capped_base_stock,
    lost_sales_cost,
    lost_sales_optimum,
)
from newretail_ml.replenishment.lot_sizing import wagner_whitin
from newretail_ml.replenishment.newsvendor import (
    critical_ratio,
    newsvendor,
    newsvendor_cost,
    newsvendor_profit,
)
from newretail_ml.replenishment.omnichannel import (
    available_to_promise,
    protection_levels,
    ship_from_store,
    source_orders,
)
from newretail_ml.replenishment.order_up_to import order_up_to
from newretail_ml.replenishment.perishable import Perishable
from newretail_ml.replenishment.perishable_policy import (
    perishable_base_stock,
    perishable_base_stock_at,
    perishable_optimum,
)
from newretail_ml.replenishment.planning import (
    OrderPlan,
    OrderRules,
    State,
    Supply,
    plan_orders,
)
from newretail_ml.replenishment.quick_response import (
    QuickResponseCosts,
    exact_quick_response,
    quick_response,
    quick_response_by_item,
)
from newretail_ml.replenishment.replay import (
    ForecastPolicy,
    Replay,
    base_stock_policy,
    moving_average_policy,
    reorder_policy,
    replay,
    service_cost_curve,
    tune,
)
from newretail_ml.replenishment.rq_policy import RQCosts, best_rq, rq_cost
from newretail_ml.replenishment.serial_system import serial_heuristic, serial_system
from newretail_ml.replenishment.service_level import (
    reorder_point_for_fill_rate,
    service_of,
    stock_for_cycle_service,
    stock_for_fill_rate,
)
from newretail_ml.replenishment.ss_policy import best_ss, ss_cost
from newretail_ml.replenishment.ss_power import power_approximation
from newretail_ml.replenishment.state import state_from_tables
from newretail_ml.replenishment.supply_risk import (
    additive_yield,
    demand_over_random_lead_time,
    exact_demand_over_random_lead_time,
    proportional_yield,
    risk_pooling,
)
from newretail_ml.replenishment.transshipment import rebalance, transship
from newretail_ml.replenishment.warehouses import place_warehouses

__all__ = [
    "ForecastPolicy",
    "LostSales",
    "OrderPlan",
    "OrderRules",
    "Perishable",
    "QuickResponseCosts",
    "RQCosts",
    "Replay",
    "SeasonCosts",
    "Stage",
    "State",
    "Supply",
    "additive_yield",
    "allocate",
    "available_to_promise",
    "base_stock",
    "base_stock_policy",
    "best_rq",
    "best_ss",
    "critical_ratio",
    "demand_over_random_lead_time",
    "eoq",
    "eoq_all_units_discount",
    "eoq_incremental_discount",
    "eoq_with_backorders",
    "exact_demand_over_random_lead_time",
    "exact_quick_response",
    "guaranteed_service",
    "joint_replenishment",
    "joint_replenishment_heuristic",
    "lost_sales_base_stock",
    "lost_sales_capped_base_stock",
    "lost_sales_cost",
    "lost_sales_optimum",
    "moving_average_policy",
    "newsvendor",
    "newsvendor_cost",
    "newsvendor_profit",
    "order_up_to",
    "perishable_base_stock",
    "perishable_base_stock_at",
    "perishable_optimum",
    "place_warehouses",
    "plan_orders",
    "power_approximation",
    "proportional_yield",
    "protection_levels",
    "quick_response",
    "quick_response_by_item",
    "rebalance",
    "reorder_point_for_fill_rate",
    "reorder_policy",
    "replay",
    "risk_pooling",
    "rq_cost",
    "season_plan",
    "serial_heuristic",
    "serial_system",
    "service_cost_curve",
    "service_of",
    "ship_from_store",
    "source_orders",
    "ss_cost",
    "state_from_tables",
    "stock_for_cycle_service",
    "stock_for_fill_rate",
    "transship",
    "tune",
    "wagner_whitin",
]
