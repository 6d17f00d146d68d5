"""The power approximation: (s, S) levels by hand, from two moments of demand."""

from __future__ import annotations

import math

from newretail_ml.checks import check_number
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.demand import NormalDemand
from newretail_ml.replenishment.ss_policy import SSPolicy


def power_approximation(
    mean: float,
    sd: float,
    fixed_cost: float,
    holding_cost: float,
    shortage_cost: float,
    lead_time: float = 0,
    *,
    small_order_rule: bool = False,
) -> SSPolicy:
    """The revised power approximation: (s, S) from two moments, without a cost.

    Source: Ehrhardt and Mosier (1984), A revision of the power approximation for computing (s, S)
    policies; Snyder and Shen (2019), example 4.8.

    Args:
        mean: of one period's demand, above zero.
        sd: of one period's demand, above zero.
        fixed_cost: of an order, above zero.
        holding_cost: of a unit left at the end of a period, above zero.
        shortage_cost: of a unit short at the end of a period, above zero.
        lead_time: periods.
        small_order_rule: where S - s is below 1.5 means, keep both levels at or below the best
            base stock for normal demand. Ehrhardt and Mosier do, Snyder and Shen do not.

    >>> policy = power_approximation(50, 8, fixed_cost=2.5, holding_cost=0.18, shortage_cost=0.7)
    >>> round(policy.reorder_point, 2), round(policy.order_up_to, 2)
    (40.19, 74.29)
    """
    for name, value in [
        ("mean", mean),
        ("sd", sd),
        ("fixed_cost", fixed_cost),
        ("holding_cost", holding_cost),
        ("shortage_cost", shortage_cost),
    ]:
        check_number(name, value, above=0.0)
    check_number("lead_time", lead_time)
    mean_protected, sd_protected = mean * (lead_time + 1), sd * math.sqrt(lead_time + 1)
    quantity = 1.30 * mean**0.494 * (fixed_cost / holding_cost) ** 0.506
    quantity *= (1 + (sd_protected / mean) ** 2) ** 0.116
    z = math.sqrt(quantity * holding_cost / (sd_protected * shortage_cost))
    s = 0.973 * mean_protected + sd_protected * (0.183 / z + 1.063 - 2.192 * z)
    up_to = s + quantity
    if small_order_rule and quantity < 1.5 * mean:
        most = base_stock(NormalDemand(mean, sd), shortage_cost, holding_cost, lead_time).level
        s, up_to = min(s, most), min(up_to, most)
    return SSPolicy(s, up_to)
