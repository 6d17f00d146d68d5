"""What service costs: a family of policies replayed on the same demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.checks import check_numbers
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay.engine import Policy, policy_name
from newretail_ml.replenishment.replay.run import replay

LEVEL = "level"
POLICY = "policy"


def service_cost_curve(
    make_policy: Callable[[float], Policy],
    levels: Sequence[float] | np.ndarray,
    demand: Panel | np.ndarray,
    terms: pd.DataFrame,
    *,
    progress: bool = True,
    **options: Any,
) -> pd.DataFrame:
    """What each level of a family of policies serves and costs, all on the same demand.

    The exchange curve of a chain: a policy that lies below it serves as well for less. Unlike
    `tune` it chooses nothing, so it may be drawn for the periods that a policy is judged on.

    Source: Silver, Pyke and Thomas (2017), Inventory and Production Management in Supply Chains,
    4th edition, chapter 6 (exchange curves of safety stock), by replay in place of formulas.

    Args:
        make_policy: makes the policy of a level, such as
            ``lambda level: moving_average_policy(13, service_level=level)``.
        levels: what to try, such as service levels or factors on a stock level.
        demand: panel, or array (series, periods) or (series, paths, periods), as for `replay`.
        terms: as for `replay`.
        progress: show a progress bar if it takes longer than a few seconds.
        options: further arguments of `replay`: start, due, backorders, issuing, capacity,
            warm_up.

    Returns:
        One row a level, ascending: level, policy (its name), and the figures of `Replay.kpis`:
        fill_rate, cost, holding and so on, of all series together.

    Raises:
        DataError: there are no levels, one is no number, or what `replay` or the policy raises.

    >>> from newretail_ml.replenishment.replay import base_stock_policy
    >>> terms = pd.DataFrame({"item_id": ["tea"], "on_hand": [4], "lead_time": [1],
    ...                       "review_period": [1], "holding_cost": [1], "shortage_cost": [9]})
    >>> demand = np.array([[3, 2, 5, 1, 3, 4]])
    >>> curve = service_cost_curve(base_stock_policy, [4, 6, 8, 10], demand, terms)
    >>> curve[["level", "fill_rate", "cost"]].round(2).values.tolist()
    [[4.0, 0.67, 55.0], [6.0, 0.89, 23.0], [8.0, 1.0, 12.0], [10.0, 1.0, 22.0]]
    """
    values = np.unique(check_numbers("levels", list(levels), at_least=None))
    still: dict[str, Any] = {"baseline": None, "keep": False, "progress": False}
    rows = []
    for level in _shown(values, progress):
        policy = make_policy(float(level))
        figures = replay(policy, demand, terms, **still, **options).kpis()
        rows.append({LEVEL: float(level), POLICY: policy_name(policy), **figures})
    return pd.DataFrame(rows)


def _shown(values: np.ndarray, progress: bool) -> Any:
    from tqdm import tqdm

    return tqdm(values, desc="service-cost curve", delay=3, leave=False, disable=not progress)
